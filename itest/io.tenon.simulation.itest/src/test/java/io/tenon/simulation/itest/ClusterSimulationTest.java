package io.tenon.simulation.itest;

import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole clusters, with all that goes wrong in one. */
class ClusterSimulationTest {
  static final int OPERATIONS = 300;
  private static final int SEEDS = 200;

  static LongStream seeds() {
    return Seeds.fresh(ClusterSimulationTest.class, SEEDS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void nothingAcknowledgedIsLostAndEverythingBecomesOnline(long seed) {
    long _ = Seeds.runSomeTwice(seed, 5, one -> new ClusterRun(one).run(OPERATIONS).hash());
  }

  @AfterAll
  static void count() {
    Tally.close(ClusterSimulationTest.class, 0, 0);
  }
}
