package io.tenon.nexus.internal;

import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RebuildSimulationTest {
  private static final int SEEDS = 200;

  static LongStream seeds() {
    return Seeds.of(SEEDS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void childrenComeAndGoAndHostsSeeOneGoodDisk(long seed) {
    runTwice(seed, RebuildScenario.ONE_GOOD_CHILD);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatAChildForgetsRightAfterACheckpointIsInItsLog(long seed) {
    runTwice(seed, RebuildScenario.FORGETFUL);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatHostsAreToldIsTrueEvenWhenSourcesFail(long seed) {
    runTwice(seed, RebuildScenario.ALL_MAY_FAIL);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void afterACrashOfTheNodeOneChildOnRecordIsEnough(long seed) {
    runTwice(seed, RebuildScenario.NODE_CRASHES);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void nobodyIsReadWhoIsNotOnRecordAsComplete(long seed) {
    runTwice(seed, RebuildScenario.RECORD_FAILS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aShutdownEndsRebuildsToo(long seed) {
    runTwice(seed, RebuildScenario.SHUT_DOWN);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whenItsBundleIsReplacedAgainAndAgainHostsSeeOneGoodDisk(long seed) {
    runTwice(seed, RebuildScenario.HANDED_OVER);
  }

  private static void runTwice(long seed, RebuildScenario scenario) {
    var _ =
        Seeds.runTwice(
            seed,
            one -> new RebuildRun(one, scenario, new RebuildParts(one)).run(scenario.operations()));
  }

  @AfterAll
  static void count() {
    Tally.close(RebuildSimulationTest.class, 1_200_000, 75_000);
  }
}
