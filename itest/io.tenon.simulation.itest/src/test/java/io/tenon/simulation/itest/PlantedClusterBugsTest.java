package io.tenon.simulation.itest;

import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What only a cluster finds in which one nexus takes over from another that lives. */
class PlantedClusterBugsTest {
  private static final int MOST_SEEDS = 400;
  private static final String NEXUS = "io.tenon.nexus.internal.";

  private static PlantedBug bug(String name, String type, String method, Mutant.Change change) {
    return new PlantedBug(name, "CLUSTER", new Mutant("io.tenon.", type, method, change));
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug(
            "a nexus does not take its children's reservations",
            NEXUS + "ChildReservations",
            "take",
            Mutant.call("isEmpty", 1)),
        // Only where a control plane takes children by the key of the nexus before.
        bug(
            "a child that comes back is taken by a key that nobody has any more",
            "io.tenon.block.ReservationClaim",
            "takeFromKey",
            Mutant.call("isRegistered", 1)),
        // Only hosts behind the network show this one, for others a nexus is not shared.
        bug(
            "a nexus that is destroyed stays published",
            NEXUS + "ServedNexus",
            "end",
            Mutant.call("end", 0)),
        // Only connections that are begun twice show this one.
        bug(
            "a connection on which nothing is said is kept",
            "io.tenon.transport.nvmetcp.internal.target.TargetConnection",
            "checkConnected",
            Mutant.call("close", 0)));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(PlantedClusterBugsTest.class, MOST_SEEDS);
  }

  static void runHere(long seed, String scenario) {
    long _ =
        Seeds.run(seed, one -> new ClusterRun(one).run(ClusterSimulationTest.OPERATIONS).hash());
  }
}
