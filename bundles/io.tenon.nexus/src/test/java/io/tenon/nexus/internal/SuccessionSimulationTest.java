package io.tenon.nexus.internal;

import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One nexus after the other, with the record between them; and bugs in what is said and believed, each of which must be found. */
class SuccessionSimulationTest {
  private static final int MOST_SEEDS = 3_000;
  private static final String HERE = SuccessionSimulationTest.class.getPackageName() + ".";

  static LongStream seeds() {
    return Seeds.of(150);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatHostsHaveReadStaysWhateverNexusIsNext(long seed) {
    var _ = Seeds.runTwice(seed, one -> new SuccessionRun(one).run());
  }

  private static PlantedBug bug(String name, String type, String method, Mutant.Change change) {
    return new PlantedBug(name, "all", new Mutant(HERE, HERE + type, method, change));
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug(
            "all healthy children are believed after any end",
            "Trust",
            "trusted",
            Mutant.call("cleanShutdown", 1)),
        bug(
            "whoever is there is believed, healthy on record or not",
            "Trust",
            "decide",
            Mutant.call("contains", 1)),
        bug(
            "nobody is rebuilt of whom the record says that he must be",
            "Trust",
            "of",
            Mutant.call("containsKey", 0)),
        bug(
            "a child that is lost while the nexus stops is forgotten",
            "Membership",
            "retire",
            Mutant.call("lostWhileStopping", 0)),
        bug("the last flush is left out", "LastFlush", "begin", Mutant.call("supports", 0)),
        bug(
            "a child that was just recorded as complete stays so when the nexus ends before it is",
            "Membership",
            "allIsFlushed",
            Mutant.call("note", 0)),
        bug(
            "the last flush has always succeeded",
            "LastFlush",
            "answered",
            Mutant.call("isSuccess", 1)));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(SuccessionSimulationTest.class, MOST_SEEDS);
  }

  static void runHere(long seed, String scenario) {
    long _ = Seeds.run(seed, one -> new SuccessionRun(one).run());
  }
}
