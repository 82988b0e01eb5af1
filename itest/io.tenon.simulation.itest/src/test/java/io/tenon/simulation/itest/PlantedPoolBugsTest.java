package io.tenon.simulation.itest;

import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.itest.PoolRun.Scenario;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation of pools is only worth its seeds when it finds bugs: each of these, planted one at a time. */
class PlantedPoolBugsTest {
  private static final int MOST_SEEDS = 60;
  private static final String POOL = "io.tenon.pool.internal.";
  private static final String BLOBSTORE = "io.tenon.blobstore.internal.";

  private static PlantedBug bug(
      String name, Scenario scenario, String type, String method, Mutant.Change change) {
    return new PlantedBug(name, scenario.name(), new Mutant("io.tenon.", type, method, change));
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug(
            "what a share is allowed is not written to the disk",
            Scenario.POWER,
            POOL + "ReplicaWork",
            "put",
            Mutant.call("xattrs", 0)),
        bug(
            "metadata is not made durable before it is acknowledged",
            Scenario.POWER,
            BLOBSTORE + "MetadataWriter",
            "commit",
            Mutant.call("flush", 0)),
        bug(
            "a new pool is not remembered",
            Scenario.POWER,
            POOL + "PoolService",
            "remembered",
            Mutant.call("remember", 0)),
        bug(
            "the pool does not ask for its disk",
            Scenario.DISK,
            POOL + "DiskFollower",
            "stay",
            Mutant.call("start", 0)),
        bug(
            "a store that failed a change goes on as it is",
            Scenario.DISK,
            POOL + "DiskFollower",
            "storeBroke",
            Mutant.call("execute", 0)),
        bug(
            "a store is loaded again while replicas use the one before",
            Scenario.DISK,
            POOL + "DiskFollower",
            "loadAgain",
            Mutant.call("vacateReplicas", 1)),
        bug(
            "what goes on with I/O is failed instead of left to the successor",
            Scenario.HANDOVER,
            POOL + "ServedPool",
            "leave",
            Mutant.call("replicasLeft", 0)));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(PlantedPoolBugsTest.class, MOST_SEEDS);
  }

  static void runHere(long seed, String scenario) {
    long _ =
        Seeds.run(
            seed,
            one -> new PoolRun(one, Scenario.valueOf(scenario)).run(PoolSimulationTest.OPERATIONS));
  }
}
