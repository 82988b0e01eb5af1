package io.tenon.simulation.itest;

import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import io.tenon.simulation.itest.PoolRun.Scenario;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pools over several lives of their node: every seed twice, with the same trace. */
class PoolSimulationTest {
  static final int OPERATIONS = 30;
  private static final int SEEDS = 60;

  static LongStream seeds() {
    return Seeds.of(PoolSimulationTest.class, SEEDS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void hostsOfReplicasNoticeNothingWhenTheServiceIsReplaced(long seed) {
    runTwice(seed, Scenario.HANDOVER);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void nothingThatWasAcknowledgedIsLostWithThePower(long seed) {
    runTwice(seed, Scenario.POWER);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aPoolComesBackWithItsDisk(long seed) {
    runTwice(seed, Scenario.DISK);
  }

  private static void runTwice(long seed, Scenario scenario) {
    long _ = Seeds.runTwice(seed, one -> new PoolRun(one, scenario).run(OPERATIONS));
  }

  @AfterAll
  static void count() {
    Tally.close(PoolSimulationTest.class, 4_000_000, 1_000);
  }
}
