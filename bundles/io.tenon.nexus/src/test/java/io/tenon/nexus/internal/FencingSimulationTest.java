package io.tenon.nexus.internal;

import io.tenon.error.TenonException;
import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.Tally;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
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

  @AfterAll
  static void count() {
    Tally.close(
        FencingSimulationTest.class,
        5_000,
        0,
        Map.of("children brought back", 20, "children out", 20));
  }

  private static long run(long seed) {
    try {
      return new FencingRun(seed).run();
    } catch (TenonException e) {
      throw new AssertionError(e);
    }
  }

  private static PlantedBug bug(String name, String type, String method, Mutant.Change change) {
    return new PlantedBug(name, "all", new Mutant(HERE, HERE + type, method, change));
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug(
            "nobody waits for whoever had the children",
            "ChildReservations",
            "take",
            Mutant.call("outwait", 0)),
        bug(
            "a child that has forgotten everything was nobody's",
            "Predecessor",
            "mayServe",
            Mutant.call("hasForgotten", 0)),
        bug("reads need no proof", "Lane", "mayRead", Mutant.call("holds", 1)));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(FencingSimulationTest.class, MOST_SEEDS);
  }

  /** Each bug lets somebody see something old; whatever else it may do is no proof that it is found. */
  static void runHere(long seed, String scenario) {
    try {
      long _ = Seeds.run(seed, FencingSimulationTest::run);
    } catch (AssertionError e) {
      if (!String.valueOf(e.getMessage()).contains("was acknowledged"))
        throw new IllegalStateException(e);
      throw e;
    }
  }
}
