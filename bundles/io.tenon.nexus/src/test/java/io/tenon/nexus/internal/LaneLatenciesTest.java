package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LaneLatenciesTest {
  @Test
  void slowestHundredthIsFoundWithinAStep() {
    var random = new SplittableRandom(1);
    for (int slowestUs : new int[] {100, 110, 120, 130, 140, 150, 160, 170, 1000, 100_000}) {
      var pile = new long[LatencyMeter.STEPS];
      for (int i = 0; i < 100_000; i++) {
        double us = slowestUs * -Math.log(1 - random.nextDouble()) / Math.log(100);
        pile[LatencyMeter.step((long) (us * 1024))]++;
      }
      assertEquals(slowestUs, LaneLatencies.slowestUs(pile, 0.01), slowestUs * 0.05);
    }
  }

  @Test
  void aPileOfOneAndAnEmptyOneHaveASlowestToo() {
    var pile = new long[LatencyMeter.STEPS];
    assertEquals(2, LaneLatencies.slowestUs(pile, 0.01));
    pile[LatencyMeter.step(500 * 1024)] = 1;
    assertEquals(510, LaneLatencies.slowestUs(pile, 0.01), 5);
  }

  @Test
  void aPlaceBeginsWhereItsShortestDurationDoes() {
    for (int step = 0; step < LatencyMeter.STEPS; step++) {
      assertEquals(step, LatencyMeter.step(LatencyMeter.fromUs(step) * 1024));
    }
  }
}
