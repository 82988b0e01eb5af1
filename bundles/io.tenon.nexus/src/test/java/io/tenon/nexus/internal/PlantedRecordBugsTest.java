package io.tenon.nexus.internal;

import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.SimStore.Faults;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bugs in the record of who holds all data, planted one at a time: the simulation must find each. */
class PlantedRecordBugsTest {
  private static final int MOST_SEEDS = 300;
  private static final String HERE = PlantedRecordBugsTest.class.getPackageName() + ".";

  private static PlantedBug bug(String name, String method, Mutant.Change change) {
    return bug(name, Weather.ALL, method, change);
  }

  private static PlantedBug bug(String name, Weather weather, String method, Mutant.Change change) {
    return new PlantedBug(
        name, weather.name(), new Mutant(HERE, HERE + "StoredRecord", method, change));
  }

  /** What goes wrong at the store. */
  private enum Weather {
    ALL,
    /** Nothing else than that calls are carried out twice. */
    TWICE,
    /** Nothing. */
    CALM
  }

  private static final PlantedBug BLIND =
      bug("a record is written whatever is there by now", Weather.TWICE, "write", expectNothing());

  /** The version that was read last is dropped: {@code put(key, value, expected, within)} without the third. */
  private static Mutant.Change expectNothing() {
    return (code, element) -> {
      if (!(element instanceof InvokeInstruction call)) return false;
      var type = call.typeSymbol();
      if (!call.name().equalsString("put") || type.parameterCount() != 4) return false;
      code.swap().pop();
      var without = type.dropParameterTypes(2, 3);
      code.invokeinterface(call.owner().asSymbol(), "put", without);
      return true;
    };
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug("two changes of a record are written at once", "add", Mutant.field("writing", 0)),
        bug(
            "a change of a record undoes the one before it",
            "done",
            (code, element) -> {
              if (!(element instanceof FieldInstruction field)) return false;
              if (field.opcode() != Opcode.PUTFIELD || !field.name().equalsString("info")) {
                return false;
              }
              code.pop2();
              return true;
            }),
        BLIND);
  }

  /** So it is calls that are carried out twice which find it. */
  @Test
  void whatDuplicatesFindIsNotFoundWithoutThem() throws ReflectiveOperationException {
    var run =
        BLIND
            .mutant()
            .loadClass(PlantedRecordBugsTest.class.getName())
            .getDeclaredMethod("runHere", long.class, String.class);
    run.setAccessible(true);
    for (long seed = 1; seed <= 100; seed++) run.invoke(null, seed, Weather.CALM.name());
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(PlantedRecordBugsTest.class, MOST_SEEDS);
  }

  static void runHere(long seed, String scenario) {
    var weather = Weather.valueOf(scenario);
    long _ =
        Seeds.run(
            seed,
            one -> {
              var test = StoredRecordTest.seeded(one);
              return switch (weather) {
                case ALL -> test.simulate();
                case TWICE -> test.simulate(new Faults(0, 0, 4_000_000_000L, 0, 0, 0, 0.4));
                case CALM -> test.simulate(Faults.NONE);
              };
            });
  }
}
