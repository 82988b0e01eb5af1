package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** Waits for a condition, with a deadline. */
final class Waiting {
  /** Longer than anything takes on a busy machine; a hang fails and does not stand. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** For what moves much data. */
  static final Duration LONG_PATIENCE = Duration.ofMinutes(2);

  private static final long LOOK_MS = 10;

  private Waiting() {}

  /**
   * @param state for people, when it did not come to that
   */
  static void until(String what, Callable<Boolean> condition, Supplier<String> state)
      throws Exception {
    until(what, PATIENCE, condition, state);
  }

  static void until(
      String what, Duration patience, Callable<Boolean> condition, Supplier<String> state)
      throws Exception {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() - deadline > 0) {
        fail("not within " + patience.toSeconds() + " s: " + what + "; " + state.get());
      }
      Thread.sleep(LOOK_MS);
    }
  }
}
