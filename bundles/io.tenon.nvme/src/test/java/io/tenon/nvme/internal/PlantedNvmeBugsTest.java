package io.tenon.nvme.internal;

import io.tenon.nvme.internal.NvmeRun.Scenario;
import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation is only worth its seeds when it finds bugs: each of these, planted one at a time. */
class PlantedNvmeBugsTest {
  private static final int MOST_SEEDS = 200;

  private static PlantedBug bug(
      String name, Scenario scenario, String type, String method, Mutant.Change change) {
    String here = PlantedNvmeBugsTest.class.getPackageName() + ".";
    return new PlantedBug(name, scenario.name(), new Mutant(here, here + type, method, change));
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug(
            "a paused queue lets I/O through",
            Scenario.PAUSED,
            "IoQueue",
            "execute",
            Mutant.field("paused", 0)),
        bug(
            "what was parked is forgotten when the subsystem resumes",
            Scenario.PAUSED,
            "IoQueue",
            "resume",
            Mutant.call("execute", 0)),
        bug(
            "a queue says that it is drained while the device has I/O",
            Scenario.PAUSED,
            "IoQueue",
            "pause",
            Mutant.field("inFlight", 0)),
        bug(
            "the halves of a pair go to the device one by one",
            Scenario.FUSED,
            "IoQueue",
            "start",
            Mutant.call("isFused", 0)),
        bug(
            "a first half does not care what follows it",
            Scenario.HOSTS_COME_AND_GO,
            "IoQueue",
            "begin",
            Mutant.call("awaitsSecond", 0)),
        bug(
            "the memory of a pair is not given back",
            Scenario.FUSED,
            "FusedCommands",
            "completed",
            Mutant.call("give", 0)),
        bug(
            "a device's error is told as success",
            Scenario.DISK_FAILS,
            "IoQueue",
            "completed",
            Mutant.call("hostStatus", 0)),
        bug(
            "I/O queues outlive their admin queue",
            Scenario.HOSTS_COME_AND_GO,
            "Controller",
            "adminGone",
            Mutant.call("endIoQueues", 0)),
        bug(
            "a host that says nothing keeps its controller",
            Scenario.HOSTS_COME_AND_GO,
            "Controller",
            "checkKeepAlive",
            Mutant.call("disconnect", 0)),
        bug(
            "the device's channel is closed under open commands",
            Scenario.HOSTS_COME_AND_GO,
            "IoQueue",
            "closeIfIdle",
            Mutant.field("open", 0)),
        bug(
            "two controllers get one id",
            Scenario.HOSTS_COME_AND_GO,
            "ServedSubsystem",
            "takeControllerId",
            Mutant.call("get", 0)),
        bug(
            "a share has ended while its device is in use",
            Scenario.UNSHARED,
            "ServedSubsystem",
            "completeIfEmpty",
            Mutant.call("isEmpty", 1)),
        bug(
            "a host that lost its right stays",
            Scenario.ADMITTED,
            "ServedSubsystem",
            "hosts",
            Mutant.call("disconnect", 0)),
        fenced(
            "a preempt is answered while the device has writes of the preempted host",
            "IoQueue",
            "reservationChanged",
            Mutant.field("inFlight", 0)),
        fenced(
            "a preempt waits for as many writes as there are, whoever's turn they were",
            "Fences",
            "ended",
            Mutant.field("round", 0)),
        fenced(
            "queues are not told of a change",
            "IoQueue",
            "reservationChanged",
            Mutant.call("forbidden", 0)),
        fenced(
            "a queue does not look at reservations",
            "IoQueue",
            "execute",
            Mutant.field("forbidden", 0)),
        fenced(
            "a queue that comes later knows nothing of reservations",
            "IoQueue",
            "<init>",
            Mutant.call("forbidden", 0)),
        fenced(
            "every command counts as a read",
            "IoQueue",
            "startUnlessRefused",
            Mutant.call("group", 1)),
        fenced(
            "ranges are unmapped after the right was lost",
            "DatasetManagement",
            "next",
            Mutant.call("isForbidden", 0)),
        fenced(
            "a preempt leaves its victims registered",
            "reservation.ReservationRules",
            "take",
            Mutant.call("hasNext", 0)),
        fenced(
            "a key is right whatever it is",
            "reservation.ReservationRules",
            "isKey",
            Mutant.call("isPresent", 0)),
        fenced(
            "a holder is treated as any other",
            "reservation.ReservationRules",
            "forbidden",
            Mutant.call("isHolder", 0)),
        fenced(
            "a change is answered before it is kept",
            "NamespaceReservations",
            "make",
            Mutant.call("isPresent", 0)),
        fenced(
            "what was kept is not read when the share begins again",
            "NamespaceReservations",
            "<init>",
            Mutant.call("isPresent", 0)),
        fenced(
            "changes overtake each other",
            "NamespaceReservations",
            "change",
            Mutant.field("changing", 0)),
        fenced(
            "a reservation outlives its holder's registration",
            "reservation.ReservationState",
            "without",
            Mutant.call("equals", 0)));
  }

  private static PlantedBug fenced(String name, String type, String method, Mutant.Change change) {
    return bug(name, Scenario.FENCED, type, method, change);
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(PlantedNvmeBugsTest.class, MOST_SEEDS);
  }

  static void runHere(long seed, String scenario) {
    long _ =
        Seeds.run(
            seed,
            one -> new NvmeRun(one, Scenario.valueOf(scenario)).run(NvmeSimulationTest.OPERATIONS));
  }
}
