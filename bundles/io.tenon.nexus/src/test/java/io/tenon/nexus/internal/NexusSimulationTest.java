package io.tenon.nexus.internal;

import io.tenon.nexus.internal.SimRun.Scenario;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NexusSimulationTest {
  private static final int OPERATIONS = 300;
  private static final int SEEDS = 250;

  static LongStream seeds() {
    return Seeds.of(SEEDS);
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
    var _ =
        Seeds.runTwice(
            seed,
            one ->
                new SimRun(one, scenario, new NexusParts(), SimRun.Neighbours.GOOD)
                    .run(OPERATIONS));
  }

  @AfterAll
  static void count() {
    Tally.close(NexusSimulationTest.class, 450_000, 20_000);
  }
}
