package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tenon.error.TenonException;
import io.tenon.simulation.BugList;
import io.tenon.simulation.Mutant;
import io.tenon.simulation.Seeds;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nexuses that take their children from frozen ones; and bugs in how they do, each of which must be found. */
class FencingSimulationTest {
  private static final int MOST_SEEDS = 3_000;
  private static final String HERE = FencingSimulationTest.class.getPackageName() + ".";

  static LongStream seeds() {
    return Seeds.of(100);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void nobodyShowsAnythingOldWhoeverHasTheChildren(long seed) {
    var _ = Seeds.runTwice(seed, FencingSimulationTest::run);
  }

  private static long run(long seed) {
    try {
      return new FencingRun(seed).run();
    } catch (TenonException e) {
      throw new AssertionError(e);
    }
  }

  record Bug(String name, Mutant mutant) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Bug bug(String name, String type, String method, Mutant.Change change) {
    return new Bug(name, new Mutant(HERE, HERE + type, method, change));
  }

  static List<Bug> bugs() {
    return List.of(
        bug(
            "nobody waits for whoever had the children",
            "ChildReservations",
            "take",
            Mutant.call("outwait", 0)),
        bug(
            "another's registration means nothing",
            "Predecessor",
            "mayServe",
            Mutant.call("anyMatch", 0)),
        bug(
            "a child that has forgotten everything was nobody's",
            "Predecessor",
            "mayServe",
            Mutant.call("hasForgotten", 0)),
        bug("reads need no proof", "Lane", "mayRead", Mutant.call("holds", 1)));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(Bug bug) throws ReflectiveOperationException {
    long beganNs = System.nanoTime();
    for (long seed = 1; seed <= MOST_SEEDS; seed++) {
      var run =
          bug.mutant()
              .loadClass(FencingSimulationTest.class.getName())
              .getDeclaredMethod("runHere", long.class);
      run.setAccessible(true);
      try {
        run.invoke(null, seed);
      } catch (InvocationTargetException e) {
        if (!(e.getCause() instanceof AssertionError found)) throw e;
        assertTrue(found.getMessage().endsWith("replay with -Dseed=" + seed), found.toString());
        assertTrue(found.getMessage().contains("was acknowledged"), found.toString());
        BugList.found(FencingSimulationTest.class, bug.name(), seed, beganNs);
        return;
      }
    }
    fail("not found in " + MOST_SEEDS + " seeds: " + bug);
  }

  static void runHere(long seed) {
    long _ = Seeds.run(seed, FencingSimulationTest::run);
  }
}
