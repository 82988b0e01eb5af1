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
            Mutant.call("disconnect", 0)));
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
