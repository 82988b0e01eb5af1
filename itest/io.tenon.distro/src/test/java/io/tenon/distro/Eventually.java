package io.tenon.distro;

import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for what comes by itself, with a deadline, and leaves the processors to those who bring it about. */
final class Eventually {
  static final long PATIENCE_SECONDS = 120;

  private static final long LOOK_AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(1);

  private Eventually() {}

  /**
   * @param otherwise what is wrong when it does not come to that
   */
  static void until(Callable<Boolean> condition, Supplier<String> otherwise) throws Exception {
    var _ = present(() -> condition.call() ? Optional.of(true) : Optional.empty(), otherwise);
  }

  /** What is looked for, once it is there. */
  static <T> T present(Callable<Optional<T>> look, Supplier<String> otherwise) throws Exception {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      var found = look.call();
      if (found.isPresent()) return found.get();
      if (System.nanoTime() - deadlineNs >= 0) throw new TimeoutException(otherwise.get());
      LockSupport.parkNanos(LOOK_AGAIN_NS);
    }
  }
}
