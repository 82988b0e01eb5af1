package io.tenon.pool.internal;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Tries something again and again, at longer and longer intervals, until it works or nobody wants it any more. */
final class Retrying {
  private static final long FIRST_NS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long LONGEST_NS = TimeUnit.SECONDS.toNanos(5);

  private final PoolParts parts;
  private final BooleanSupplier attempt;
  private long pauseNs = FIRST_NS;

  private Retrying(PoolParts parts, BooleanSupplier attempt) {
    this.parts = parts;
    this.attempt = attempt;
  }

  /**
   * Begins at once, and not on this thread.
   *
   * @param attempt may block; true when there is nothing left to try
   */
  static void start(PoolParts parts, BooleanSupplier attempt) {
    var retrying = new Retrying(parts, attempt);
    parts.blocking().execute(retrying::run);
  }

  private void run() {
    if (attempt.getAsBoolean()) return;
    long pause = pauseNs;
    pauseNs = Math.min(2 * pauseNs, LONGEST_NS);
    parts
        .reactor()
        .execute(
            () -> {
              var _ = parts.reactor().schedule(pause, () -> parts.blocking().execute(this::run));
            });
  }
}
