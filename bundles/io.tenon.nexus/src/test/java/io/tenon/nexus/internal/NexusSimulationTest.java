package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.nexus.internal.SimRun.Scenario;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NexusSimulationTest {
  private static final int OPERATIONS = 300;
  private static final int SEEDS = 250;

  /** {@code -Dseed=N} replays one, {@code -Dseeds=N} runs more. */
  static LongStream seeds() {
    String one = System.getProperty("seed");
    if (one != null) return LongStream.of(Long.parseLong(one));
    return LongStream.rangeClosed(1, Integer.getInteger("seeds", SEEDS));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void hostsSeeOneGoodDiskWhateverHappensToAllChildrenButOne(long seed) {
    runTwice(seed, Scenario.ONE_GOOD_CHILD);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatHostsAreToldIsTrueEvenWhenAllChildrenFail(long seed) {
    runTwice(seed, Scenario.ALL_MAY_FAIL);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void itStopsAndAcknowledgesNothingThatIsNotOnRecord(long seed) {
    runTwice(seed, Scenario.RECORD_FAILS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void itStopsWhenAnotherHostHasTakenAChild(long seed) {
    runTwice(seed, Scenario.FENCED);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aShutdownEndsAllThatIsUnderWay(long seed) {
    runTwice(seed, Scenario.SHUT_DOWN);
  }

  private static void runTwice(long seed, Scenario scenario) {
    long first = run(seed, scenario);
    assertEquals(first, run(seed, scenario), "seed " + seed + " went two ways");
  }

  private static long run(long seed, Scenario scenario) {
    return new SimRun(seed, scenario, new NexusParts(), SimRun.Neighbours.GOOD).run(OPERATIONS);
  }
}
