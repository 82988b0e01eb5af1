package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tenon.simulation.Mutant;
import io.tenon.simulation.Seeds;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.reflect.InvocationTargetException;
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
            (code, element) -> {
              if (!(element instanceof FieldInstruction field)) return false;
              if (field.opcode() != Opcode.PUTFIELD) return false;
              if (!field.name().equalsString("endsInOrder")) return false;
              code.pop2();
              return true;
            }),
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
  void isFound(Bug bug) throws ReflectiveOperationException {
    for (long seed = 1; seed <= MOST_SEEDS; seed++) {
      var run =
          bug.mutant()
              .loadClass(SuccessionSimulationTest.class.getName())
              .getDeclaredMethod("runHere", long.class);
      run.setAccessible(true);
      try {
        run.invoke(null, seed);
      } catch (InvocationTargetException e) {
        if (!(e.getCause() instanceof AssertionError found)) throw e;
        assertTrue(found.getMessage().endsWith("replay with -Dseed=" + seed), found.toString());
        return;
      }
    }
    fail("not found in " + MOST_SEEDS + " seeds: " + bug);
  }

  static void runHere(long seed) {
    long _ = Seeds.run(seed, one -> new SuccessionRun(one).run());
  }
}
