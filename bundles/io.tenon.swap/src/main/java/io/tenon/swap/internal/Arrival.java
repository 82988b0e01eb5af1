package io.tenon.swap.internal;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Waits until nothing is lacking any more. Components change their state without telling, so it looks now and then as well. */
final class Arrival implements Runnable {
  private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(5);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Something has changed. */
  @Override
  public void run() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * @return what is lacking still when the time is up
   */
  Optional<String> await(Supplier<Optional<String>> lacking, long endNs)
      throws InterruptedException {
    while (true) {
      var lacks = lacking.get();
      long leftNs = endNs - System.nanoTime();
      if (lacks.isEmpty() || leftNs <= 0) return lacks;
      lock.lock();
      try {
        // The longer it takes, the less does it matter when exactly it is noticed.
        var _ = changed.awaitNanos(Math.min(leftNs, LOOK_NS));
      } finally {
        lock.unlock();
      }
    }
  }
}
