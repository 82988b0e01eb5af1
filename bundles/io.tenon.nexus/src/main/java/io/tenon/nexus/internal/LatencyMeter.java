package io.tenon.nexus.internal;

import io.tenon.reactor.Reactor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How long hosts' I/Os take on one lane while a rebuild runs, in two piles: those that met a copy, and those that did not. Written by
 * its lane; the home reactor reads it, and may miss the latest few.
 *
 * <p>A pile counts by duration: four steps to each doubling, from a microsecond to more than an hour.
 */
final class LatencyMeter {
  static final int STEPS = 128;
  private static final int MICROSECOND_SHIFT = 10;
  private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(int[].class);

  private final int[] alone = new int[STEPS];
  private final int[] together = new int[STEPS];

  // Set by the home reactor; a lane that sees it late counts a few too many or too few.

  private volatile boolean on;
  private volatile boolean copying;

  void turn(boolean nowOn) {
    on = nowOn;
  }

  /** Copies begin, or the last one has ended. */
  void copying(boolean now) {
    copying = now;
  }

  /**
   * An I/O begins.
   *
   * @return to be given to {@link #ends}
   */
  long begins(Reactor reactor) {
    if (!on) return 0;
    long now = Math.max(1, reactor.nowNs());
    return copying ? -now : now;
  }

  void ends(long begun, Reactor reactor) {
    if (begun == 0) return;
    int[] pile = begun < 0 || copying ? together : alone;
    int step = step(reactor.nowNs() - Math.abs(begun));
    COUNT.setOpaque(pile, step, (int) COUNT.getOpaque(pile, step) + 1);
  }

  /** Adds to {@code sums} what has been counted since {@code last}, and puts that there. */
  static void collect(int[] pile, int[] last, long[] sums) {
    for (int step = 0; step < STEPS; step++) {
      int count = (int) COUNT.getOpaque(pile, step);
      sums[step] += count - last[step];
      last[step] = count;
    }
  }

  int[] alone() {
    return alone;
  }

  int[] together() {
    return together;
  }

  /** Place of a duration in a pile. */
  static int step(long ns) {
    long us = Math.max(1, ns >> MICROSECOND_SHIFT);
    if (us < 4) return (int) us - 1;
    int doubling = 63 - Long.numberOfLeadingZeros(us);
    int quarter = (int) (us >> (doubling - 2)) & 3;
    return Math.min(STEPS - 1, 3 + 4 * (doubling - 2) + quarter);
  }

  /** The shortest duration of a place. */
  static long fromUs(int step) {
    if (step < 3) return step + 1L;
    return (4L + (step - 3) % 4) << ((step - 3) / 4);
  }
}
