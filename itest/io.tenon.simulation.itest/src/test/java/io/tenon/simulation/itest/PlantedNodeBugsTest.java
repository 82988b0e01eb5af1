package io.tenon.simulation.itest;

import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.itest.VolumeRun.Scenario;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation is only worth its seeds when it finds bugs: each of these, planted one at a time. */
class PlantedNodeBugsTest {
  private static final int MOST_SEEDS = 400;
  private static final String TARGET = "io.tenon.transport.nvmetcp.internal.target.";
  private static final String INITIATOR = "io.tenon.transport.nvmetcp.internal.initiator.";

  private static PlantedBug bug(
      String name, Scenario scenario, String type, String method, Mutant.Change change) {
    return new PlantedBug(name, scenario.name(), new Mutant("io.tenon.", type, method, change));
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug(
            "the nexus is not told that the way to a child broke",
            Scenario.LOST_HOST,
            INITIATOR + "RemoteController",
            "lost",
            Mutant.call("interrupted", 0)),
        bug(
            "what was under way when a connection broke is told as done",
            Scenario.LOCAL_HOST,
            INITIATOR + "Lane",
            "lost",
            Mutant.call("note", 0)),
        bug(
            "the initiator waits for answers for ever",
            Scenario.LOCAL_HOST,
            INITIATOR + "HostQueue",
            "scheduleCheck",
            Mutant.call("schedule", 0)),
        bug(
            "the initiator does not go on when there is room again",
            Scenario.LOCAL_HOST,
            INITIATOR + "HostQueue",
            "writable",
            Mutant.call("flush", 0)),
        bug(
            "the target does not go on when there is room again",
            Scenario.LOCAL_HOST,
            TARGET + "TargetConnection",
            "writable",
            Mutant.call("flush", 0)),
        bug(
            "the target keeps the buffers of commands",
            Scenario.LOCAL_HOST,
            TARGET + "TargetConnection",
            "sent",
            Mutant.call("give", 0)),
        bug(
            "the model is not told that a connection has ended",
            Scenario.LOCAL_HOST,
            TARGET + "TargetConnection",
            "close",
            Mutant.call("tellModel", 0)),
        bug(
            "a child's failure is ignored",
            Scenario.LOCAL_HOST,
            "io.tenon.nexus.internal.Lane",
            "childFailed",
            Mutant.call("detach", 0)),
        bug(
            "the target does not compare header digests",
            Scenario.FLIPPED_BITS,
            TARGET + "PduReceiver",
            "checkSeal",
            Mutant.call("isSealed", 1)),
        bug(
            "the initiator does not compare header digests",
            Scenario.FLIPPED_HEADERS,
            INITIATOR + "HostReceiver",
            "takePdu",
            Mutant.call("isSealed", 1)),
        bug(
            "the target does not compare the digest of a capsule's data",
            Scenario.FLIPPED_BITS,
            TARGET + "PduReceiver",
            "takeCapsule",
            Mutant.call("isSealed", 1)),
        bug(
            "the initiator takes data whose digest is wrong",
            Scenario.FLIPPED_BITS,
            INITIATOR + "HostReceiver",
            "finish",
            Mutant.field("broken", 0)));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(PlantedNodeBugsTest.class, MOST_SEEDS);
  }

  static void runHere(long seed, String scenario) {
    long _ =
        Seeds.run(
            seed,
            one ->
                new VolumeRun(one, Scenario.valueOf(scenario))
                    .run(VolumeSimulationTest.OPERATIONS));
  }
}
