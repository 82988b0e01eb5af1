package io.tenon.bench.local;

import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** 4 KiB reads and writes by turns at random places, as fast as they go or at a steady rate; how long the slowest took. */
final class SwapLoad implements Load {
  private static final int BYTES = 4096;
  private static final long PATIENCE_S = 60;

  private final Reactor reactor;
  private final IoChannel channel;
  private final Geometry geometry;

  /** Between two I/Os of a leg, from begin to begin; 0 for as soon as one has ended. */
  private final long periodNs;

  private final SplittableRandom random = new SplittableRandom(1);
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private int running;
  private volatile boolean stopping;

  // The reactor's to write.
  private volatile long done;
  private long slowestNs;
  private volatile String failure = "";

  /**
   * @param aSecond I/Os, of all together; 0 for as many as go
   */
  SwapLoad(Reactor reactor, IoChannel channel, Geometry geometry, int depth, double aSecond) {
    this.reactor = reactor;
    this.channel = channel;
    this.geometry = geometry;
    this.periodNs = aSecond == 0 ? 0 : (long) (depth * 1e9 / aSecond);
    this.running = depth;
    reactor.execute(
        () -> {
          for (int i = 0; i < depth; i++) new Leg(i % 2 == 0).begin();
        });
  }

  private final class Leg extends IoRequest {
    private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, BYTES);
    private final Runnable begin = this::begin;
    private boolean writes;
    private long beganNs;

    /** When the next one is to begin. */
    private long dueNs = System.nanoTime();

    Leg(boolean writes) {
      this.writes = writes;
    }

    void begin() {
      if (stopping || !failure.isEmpty()) {
        if (--running == 0) ended.complete(null);
        return;
      }
      int blocks = BYTES / geometry.blockBytes();
      long lba = random.nextLong(geometry.blockCount() / blocks) * blocks;
      writes = !writes;
      beganNs = System.nanoTime();
      // A timer that is late is made up for; what a swap has held up is not.
      dueNs = Math.max(dueNs + periodNs, beganNs);
      if (writes) prepareWrite(lba, blocks, memory.address(), BYTES);
      else prepareRead(lba, blocks, memory.address(), BYTES);
      channel.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      long nowNs = System.nanoTime();
      long tookNs = nowNs - beganNs;
      if (!status.isSuccess()) failure = this + " ended with " + status;
      if (tookNs > slowestNs) slowestNs = tookNs;
      count();
      // Not from within a completion, for it may come before submit returns.
      if (nowNs - dueNs >= 0) reactor.execute(begin);
      else reactor.schedule(dueNs - nowNs, begin);
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the reactor's alone to write
  private void count() {
    done++;
  }

  @Override
  public long done() {
    return done;
  }

  @Override
  public long takeSlowestNs() throws Exception {
    // What is in flight now began before; so many ends later none of that is left.
    awaitMore(Math.max(running, 1) * 2L);
    var slowest = new CompletableFuture<Long>();
    reactor.execute(
        () -> {
          slowest.complete(slowestNs);
          slowestNs = 0;
        });
    return slowest.get(PATIENCE_S, TimeUnit.SECONDS);
  }

  private void awaitMore(long more) throws Exception {
    long goal = done + more;
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (done < goal) {
      if (!failure.isEmpty()) throw new AssertionError(failure);
      if (System.nanoTime() > deadlineNs) throw new TimeoutException("no I/O ends any more");
      TimeUnit.MICROSECONDS.sleep(200);
    }
  }

  @Override
  public void stop() throws Exception {
    stopping = true;
    ended.get(PATIENCE_S, TimeUnit.SECONDS);
    if (!failure.isEmpty()) throw new AssertionError(failure);
  }
}
