package io.tenon.simulation.itest;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tenon.simulation.Mutant;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.itest.VolumeRun.Scenario;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation is only worth its seeds when it finds bugs: each of these, planted one at a time. */
class PlantedNodeBugsTest {
  private static final int MOST_SEEDS = 400;
  private static final String TARGET = "io.tenon.transport.nvmetcp.internal.target.";
  private static final String INITIATOR = "io.tenon.transport.nvmetcp.internal.initiator.";

  /** A broken piece of a node. */
  record Bug(String name, Scenario scenario, Mutant mutant) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Bug bug(String name, String type, String method, Mutant.Change change) {
    return new Bug(name, Scenario.LOCAL_HOST, new Mutant("io.tenon.", type, method, change));
  }

  static List<Bug> bugs() {
    return List.of(
        new Bug(
            "the nexus is not told that the way to a child broke",
            Scenario.LOST_HOST,
            new Mutant(
                "io.tenon.",
                INITIATOR + "RemoteController",
                "lost",
                Mutant.call("interrupted", 0))),
        bug(
            "what was under way when a connection broke is told as done",
            INITIATOR + "Lane",
            "lost",
            Mutant.call("note", 0)),
        bug(
            "the initiator waits for answers for ever",
            INITIATOR + "HostQueue",
            "scheduleCheck",
            Mutant.call("schedule", 0)),
        bug(
            "the initiator does not go on when there is room again",
            INITIATOR + "HostQueue",
            "writable",
            Mutant.call("flush", 0)),
        bug(
            "the target does not go on when there is room again",
            TARGET + "TargetConnection",
            "writable",
            Mutant.call("flush", 0)),
        bug(
            "the target keeps the buffers of commands",
            TARGET + "TargetConnection",
            "sent",
            Mutant.call("give", 0)),
        bug(
            "the model is not told that a connection has ended",
            TARGET + "TargetConnection",
            "close",
            Mutant.call("tellModel", 0)),
        bug(
            "a child's failure is ignored",
            "io.tenon.nexus.internal.Lane",
            "childFailed",
            Mutant.call("detach", 0)));
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
            .loadClass(PlantedNodeBugsTest.class.getName())
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
            one ->
                new VolumeRun(one, Scenario.valueOf(scenario))
                    .run(VolumeSimulationTest.OPERATIONS));
  }
}
