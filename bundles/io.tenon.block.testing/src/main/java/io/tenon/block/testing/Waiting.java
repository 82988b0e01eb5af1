package io.tenon.block.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** Waits for what comes by itself, with a deadline. */
public final class Waiting {
  /** Longer than anything takes on a busy machine; a hang fails and does not stand. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  /** For what moves much data. */
  public static final Duration LONG_PATIENCE = Duration.ofMinutes(3);

  private static final long LOOK_MS = 5;

  private Waiting() {}

  /**
   * @param what must be so in the end
   */
  public static void until(String what, Callable<Boolean> condition) {
    until(what, condition, () -> "");
  }

  /**
   * @param state for people, when it did not come to that
   */
  public static void until(String what, Callable<Boolean> condition, Supplier<String> state) {
    until(what, PATIENCE, condition, state);
  }

  public static void until(
      String what, Duration patience, Callable<Boolean> condition, Supplier<String> state) {
    long deadlineNs = System.nanoTime() + patience.toNanos();
    try {
      while (!condition.call()) {
        if (System.nanoTime() - deadlineNs > 0) {
          throw new AssertionError(
              "not within " + patience.toSeconds() + " s: " + what + "; " + state.get());
        }
        Thread.sleep(LOOK_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting for: " + what, e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("while waiting for: " + what, e);
    }
  }
}
