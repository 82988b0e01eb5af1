package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tenon.nvme.internal.NvmeRun.Scenario;
import io.tenon.simulation.Mutant;
import io.tenon.simulation.Seeds;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation is only worth its seeds when it finds bugs: each of these, planted one at a time. */
class PlantedNvmeBugsTest {
  private static final int MOST_SEEDS = 200;

  /** A broken piece of the model, and where to look for it. */
  record Bug(String name, Scenario scenario, Mutant mutant) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Mutant mutant(String type, String method, Mutant.Change change) {
    String here = PlantedNvmeBugsTest.class.getPackageName() + ".";
    return new Mutant(here, here + type, method, change);
  }

  static List<Bug> bugs() {
    return List.of(
        new Bug(
            "a paused queue lets I/O through",
            Scenario.PAUSED,
            mutant("IoQueue", "execute", Mutant.field("paused", 0))),
        new Bug(
            "what was parked is forgotten when the subsystem resumes",
            Scenario.PAUSED,
            mutant("IoQueue", "resume", Mutant.call("execute", 0))),
        new Bug(
            "a queue says that it is drained while the device has I/O",
            Scenario.PAUSED,
            mutant("IoQueue", "pause", Mutant.field("inFlight", 0))),
        new Bug(
            "the halves of a pair go to the device one by one",
            Scenario.FUSED,
            mutant("IoQueue", "start", Mutant.call("isFused", 0))),
        new Bug(
            "a first half does not care what follows it",
            Scenario.HOSTS_COME_AND_GO,
            mutant("IoQueue", "begin", Mutant.call("awaitsSecond", 0))),
        new Bug(
            "the memory of a pair is not given back",
            Scenario.FUSED,
            mutant("FusedCommands", "completed", Mutant.call("give", 0))),
        new Bug(
            "a device's error is told as success",
            Scenario.DISK_FAILS,
            mutant("IoQueue", "completed", Mutant.call("hostStatus", 0))),
        new Bug(
            "I/O queues outlive their admin queue",
            Scenario.HOSTS_COME_AND_GO,
            mutant("Controller", "adminGone", Mutant.call("endIoQueues", 0))),
        new Bug(
            "a host that says nothing keeps its controller",
            Scenario.HOSTS_COME_AND_GO,
            mutant("Controller", "checkKeepAlive", Mutant.call("disconnect", 0))),
        new Bug(
            "the device's channel is closed under open commands",
            Scenario.HOSTS_COME_AND_GO,
            mutant("IoQueue", "closeIfIdle", Mutant.field("open", 0))),
        new Bug(
            "two controllers get one id",
            Scenario.HOSTS_COME_AND_GO,
            mutant("ServedSubsystem", "takeControllerId", Mutant.call("get", 0))),
        new Bug(
            "a share has ended while its device is in use",
            Scenario.UNSHARED,
            mutant("ServedSubsystem", "completeIfEmpty", Mutant.call("isEmpty", 1))),
        new Bug(
            "a host that lost its right stays",
            Scenario.ADMITTED,
            mutant("ServedSubsystem", "hosts", Mutant.call("disconnect", 0))));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(Bug bug) throws ReflectiveOperationException {
    for (long seed = 1; seed <= MOST_SEEDS; seed++) {
      var problem = run(bug, seed);
      if (problem == null) continue;
      assertTrue(problem.getMessage().endsWith("replay with -Dseed=" + seed), problem.toString());
      return;
    }
    fail("not found in " + MOST_SEEDS + " seeds: " + bug);
  }

  /** One seed of the mutant's own world; what it has found, or {@code null}. */
  private static Throwable run(Bug bug, long seed) throws ReflectiveOperationException {
    var run =
        bug.mutant()
            .loadClass(PlantedNvmeBugsTest.class.getName())
            .getDeclaredMethod("runHere", long.class, String.class);
    run.setAccessible(true);
    try {
      run.invoke(null, seed, bug.scenario().name());
      return null;
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof AssertionError found) return found;
      throw e;
    }
  }

  static void runHere(long seed, String scenario) {
    long _ =
        Seeds.run(
            seed,
            one -> new NvmeRun(one, Scenario.valueOf(scenario)).run(NvmeSimulationTest.OPERATIONS));
  }
}
