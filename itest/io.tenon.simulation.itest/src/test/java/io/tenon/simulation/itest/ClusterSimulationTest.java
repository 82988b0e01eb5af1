package io.tenon.simulation.itest;

import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import java.util.TreeMap;
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
    // Half of the usual or less, since seeds are fresh.
    var least = new TreeMap<String, Integer>();
    for (var kind : ClusterFaults.Kind.values()) least.put(kind.name(), 150);
    least.put("moves from a nexus that lives", 25);
    least.put("moves from a dead nexus", 60);
    least.put("taken by key", 10);
    least.put("taken from the holder", 50);
    least.put("FLIPPED_BITS", 70);
    least.put("bits flipped on the way", 30);
    least.put("rebuilds", 120);
    least.put("hosts behind the network", 80);
    least.put("connections begun twice", 40);
    Tally.close(ClusterSimulationTest.class, 100_000, 10_000, least);
  }
}
