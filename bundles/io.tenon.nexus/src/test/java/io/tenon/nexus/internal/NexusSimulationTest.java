package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NexusSimulationTest {
  private static final int OPERATIONS = 300;
  private static final int SEEDS = 300;

  /** {@code -Dseed=N} replays one, {@code -Dseeds=N} runs more. */
  static LongStream seeds() {
    String one = System.getProperty("seed");
    if (one != null) return LongStream.of(Long.parseLong(one));
    return LongStream.rangeClosed(1, Integer.getInteger("seeds", SEEDS));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void hostsSeeOneGoodDiskWhateverHappensToAllChildrenButOne(long seed) {
    long hash = new SimRun(seed, new NexusParts(), SimRun.Neighbours.GOOD).run(OPERATIONS);
    assertEquals(
        hash,
        new SimRun(seed, new NexusParts(), SimRun.Neighbours.GOOD).run(OPERATIONS),
        "seed " + seed + " went two ways");
  }
}
