package io.tenon.nexus.internal;

import io.tenon.block.Foreground;
import java.util.Arrays;
import java.util.List;

/**
 * The hosts of a nexus: durations of their I/Os on all lanes ({@link LatencyMeter}). They feel copies when the slowest hundredth of those that met
 * one takes more than 1.2 times as long as that of the others, and for all that chance does to few of them. That is less than the 1.5 times
 * that hosts may feel of a rebuild as a whole: that copies have become too many is known only when enough I/Os have met them. Home reactor only.
 */
final class LaneLatencies implements Foreground {
  private static final double MOST_TIMES_SLOWER = 1.2;

  /** The part of all I/Os whose latency counts. */
  private static final double SLOWEST = 0.01;

  /** So many have to be slower than what counts, or one that is slow by chance would decide; of few I/Os more than a hundredth then. */
  private static final double FEWEST_BEYOND = 5;

  private static final long FEWEST = 50;

  /** Few prove less: of 50 they have to be 1.6 times as slow, of 10,000 1.23 times. */
  private static final double DOUBT = 3;

  private final List<Lane> lanes;
  private final long[] alone = new long[LatencyMeter.STEPS];
  private final long[] together = new long[LatencyMeter.STEPS];
  private final int[][] lastAlone;
  private final int[][] lastTogether;

  LaneLatencies(List<Lane> lanes) {
    this.lanes = lanes;
    lastAlone = new int[lanes.size()][LatencyMeter.STEPS];
    lastTogether = new int[lanes.size()][LatencyMeter.STEPS];
  }

  @Override
  public void watch(boolean now) {
    for (Lane lane : lanes) lane.meter().turn(now);
    if (!now) return;
    // What was counted before is nobody's.
    long _ = collect();
    Arrays.fill(alone, 0);
    Arrays.fill(together, 0);
  }

  @Override
  public void copying(boolean now) {
    for (Lane lane : lanes) lane.meter().copying(now);
  }

  @Override
  public long collect() {
    long before = sum(alone) + sum(together);
    for (int lane = 0; lane < lanes.size(); lane++) {
      var meter = lanes.get(lane).meter();
      LatencyMeter.collect(meter.alone(), lastAlone[lane], alone);
      LatencyMeter.collect(meter.together(), lastTogether[lane], together);
    }
    return sum(alone) + sum(together) - before;
  }

  @Override
  public boolean isEnough() {
    return sum(together) >= FEWEST && sum(alone) >= FEWEST;
  }

  @Override
  public boolean isSlower() {
    double fewer = Math.min(sum(together), sum(alone));
    double beyond = Math.max(SLOWEST, FEWEST_BEYOND / fewer);
    double mostTimes = MOST_TIMES_SLOWER + DOUBT / Math.sqrt(fewer);
    return slowestUs(together, beyond) > mostTimes * slowestUs(alone, beyond);
  }

  @Override
  public void fade() {
    fade(alone);
    fade(together);
  }

  @Override
  public void forgetCopies() {
    Arrays.fill(together, 0);
  }

  /**
   * What all but some do not exceed, as if those of a step were spread over it evenly: whole steps would let 1.4 times pass for 1.2.
   *
   * @param part of all that exceeds it
   */
  static double slowestUs(long[] pile, double part) {
    double beyond = sum(pile) * part;
    int step = LatencyMeter.STEPS - 1;
    while (step > 0 && beyond >= pile[step]) beyond -= pile[step--];
    double fraction = pile[step] == 0 ? 1 : 1 - beyond / pile[step];
    double from = LatencyMeter.fromUs(step);
    return from + fraction * (LatencyMeter.fromUs(step + 1) - from);
  }

  private static long sum(long[] pile) {
    long sum = 0;
    for (long count : pile) sum += count;
    return sum;
  }

  private static void fade(long[] pile) {
    for (int step = 0; step < pile.length; step++) pile[step] >>= 1;
  }
}
