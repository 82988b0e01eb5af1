package io.tenon.bench.local;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Calls of a few threads, as fast as they are answered or at a steady rate. */
final class CallLoad implements Load {
  private static final long PATIENCE_S = 60;

  /** One call, until it is answered. */
  interface Call {
    void make() throws Exception;
  }

  private final int callers;
  private final long periodNs;
  private final ExecutorService threads;
  private final AtomicLong done = new AtomicLong();
  private final AtomicLong slowestNs = new AtomicLong();
  private final CompletableFuture<Void> failure = new CompletableFuture<>();
  private volatile boolean stopping;

  /**
   * @param aSecond calls, of all together; 0 for as many as are answered
   */
  CallLoad(Call call, int callers, double aSecond) {
    this.callers = callers;
    this.periodNs = aSecond == 0 ? 0 : (long) (callers * 1e9 / aSecond);
    this.threads = Executors.newFixedThreadPool(callers);
    for (int i = 0; i < callers; i++) threads.execute(() -> run(call));
  }

  private void run(Call call) {
    try {
      while (!stopping) {
        long startNs = System.nanoTime();
        call.make();
        long tookNs = System.nanoTime() - startNs;
        slowestNs.accumulateAndGet(tookNs, Math::max);
        done.incrementAndGet();
        if (tookNs < periodNs) LockSupport.parkNanos(periodNs - tookNs);
      }
    } catch (Exception e) {
      failure.completeExceptionally(e);
    }
  }

  @Override
  public long done() {
    return done.get();
  }

  @Override
  public long takeSlowestNs() throws Exception {
    long goal = done.get() + callers * 2L;
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (done.get() < goal) {
      failure.getNow(null);
      if (System.nanoTime() > deadlineNs)
        throw new TimeoutException("no call is answered any more");
      TimeUnit.MICROSECONDS.sleep(200);
    }
    return slowestNs.getAndSet(0);
  }

  @Override
  public void stop() throws Exception {
    stopping = true;
    threads.shutdown();
    if (!threads.awaitTermination(PATIENCE_S, TimeUnit.SECONDS)) {
      throw new TimeoutException("a call does not end");
    }
    failure.getNow(null);
  }
}
