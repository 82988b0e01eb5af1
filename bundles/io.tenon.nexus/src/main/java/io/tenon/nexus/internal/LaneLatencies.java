package io.tenon.nexus.internal;

import io.tenon.block.Foreground;
import java.util.Arrays;
import java.util.List;

/**
 * The hosts of a nexus: durations of their I/Os on all lanes ({@link LatencyMeter}). They feel copies when the slowest hundredth of those that met
 * one takes more than 1.4 times as long as that of the others. Home reactor only.
 */
final class LaneLatencies implements Foreground {
  /** Steps of {@link LatencyMeter}: 2^(2/4) = 1.4. */
  private static final int MOST_STEPS_SLOWER = 2;

  private static final long FEWEST = 50;

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
    return slowest(together) - slowest(alone) > MOST_STEPS_SLOWER;
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

  /** The step that 99 of 100 do not exceed. */
  private static int slowest(long[] pile) {
    long left = sum(pile) / 100;
    int step = LatencyMeter.STEPS - 1;
    while (step > 0 && (left -= pile[step]) >= 0) step--;
    return step;
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
