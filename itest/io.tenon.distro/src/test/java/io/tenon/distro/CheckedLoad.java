package io.tenon.distro;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Writes and reads back, block after block, several at a time, until it is told to stop; the first thing that goes wrong ends it. In the
 * end every block is read once more.
 */
final class CheckedLoad {
  private static final int IO_BYTES = 4096;

  /** I/Os at a time at the most. */
  static final int DEPTH = 16;

  private static final int PLACES_PER_LEG = 128;
  private static final long PATIENCE_SECONDS = 120;

  private final Reactor reactor;
  private final int blocks;
  private final IoChannel channel;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile boolean stopping;
  private volatile long completions;
  private int legsRunning = DEPTH;

  // The reactor's.
  private final List<Leg> resting = new ArrayList<>();
  private int awake = DEPTH;
  private long lastNs;
  private volatile long longestPauseNs;

  private CheckedLoad(Reactor reactor, DeviceSlot device) {
    this.reactor = reactor;
    blocks = IO_BYTES / device.geometry().blockBytes();
    channel = device.channel(reactor);
    lastNs = System.nanoTime();
    for (int i = 0; i < DEPTH; i++) new Leg(i).next();
  }

  static CheckedLoad start(Reactor reactor, DeviceSlot device) throws Exception {
    var started = new CompletableFuture<CheckedLoad>();
    reactor.execute(() -> started.complete(new CheckedLoad(reactor, device)));
    return started.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * From now on.
   *
   * @param atATime 0 to {@link #DEPTH} I/Os; at 0 a host that is silent
   */
  void level(int atATime) {
    reactor.execute(
        () -> {
          awake = atATime;
          wake();
        });
  }

  private void wake() {
    lastNs = System.nanoTime();
    var legs = List.copyOf(resting);
    resting.clear();
    legs.forEach(Leg::next);
  }

  /** Waits until so many more I/Os were done: they go on. */
  void goesOn(int more) throws Exception {
    long wanted = completions + more;
    Eventually.until(
        () -> {
          if (ended.isDone()) ended.get();
          return completions >= wanted;
        },
        () -> "no I/O goes on");
  }

  long longestPauseMs() {
    return TimeUnit.NANOSECONDS.toMillis(longestPauseNs);
  }

  /** Fails when something went wrong at any time. */
  void stop() throws Exception {
    stopping = true;
    reactor.execute(this::wake);
    ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private final class Leg extends IoRequest {
    private final int number;
    private final MemorySegment memory = Arena.ofAuto().allocate(IO_BYTES, IO_BYTES);
    private final long[] versions = new long[PLACES_PER_LEG];
    private int turn;
    private int place;
    private boolean reading;
    private int left = PLACES_PER_LEG;

    Leg(int number) {
      this.number = number;
    }

    void next() {
      if (number >= awake && !stopping && !ended.isDone()) {
        resting.add(this);
        return;
      }
      boolean last = stopping && !ended.isDone();
      if (ended.isDone() || (last && left == 0)) {
        if (--legsRunning == 0) end();
        return;
      }
      if (last) left--;
      place = last ? left : turn++ / 2 % PLACES_PER_LEG;
      reading = last || turn % 2 == 0;
      long lba = ((long) number * PLACES_PER_LEG + place) * blocks;
      if (reading) {
        prepareRead(lba, blocks, memory.address(), IO_BYTES);
      } else {
        fill(versions[place] + 1);
        prepareWrite(lba, blocks, memory.address(), IO_BYTES);
      }
      channel.submit(this);
    }

    private long stamp(long version) {
      return version == 0 ? 0 : (version << 32) + number * (long) PLACES_PER_LEG + place;
    }

    private void fill(long version) {
      for (int at = 0; at < IO_BYTES; at += 8) {
        Memory.putLong(memory.address() + at, stamp(version));
      }
    }

    @Override
    protected void completed(IoStatus status) {
      long now = System.nanoTime();
      longestPauseNs = Math.max(longestPauseNs, now - lastNs);
      lastNs = now;
      if (!status.isSuccess()) {
        ended.completeExceptionally(new AssertionError(this + " ended with " + status));
      } else if (reading) {
        check();
      } else {
        versions[place]++;
      }
      count();
      // Not from within a completion, for it may come before submit returns.
      reactor.execute(this::next);
    }

    private void check() {
      for (int at = 0; at < IO_BYTES; at += 8) {
        long found = Memory.getLong(memory.address() + at);
        if (found == stamp(versions[place])) continue;
        ended.completeExceptionally(
            new AssertionError(
                "%s place %d holds %x instead of version %d"
                    .formatted(this, place, found, versions[place])));
        return;
      }
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the reactor's alone to write
  private void count() {
    completions++;
  }

  private void end() {
    channel.close();
    ended.complete(null);
  }
}
