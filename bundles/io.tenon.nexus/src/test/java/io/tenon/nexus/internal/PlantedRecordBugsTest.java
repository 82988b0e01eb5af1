package io.tenon.nexus.internal;

import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bugs in the record of who holds all data, planted one at a time: the simulation must find each. */
class PlantedRecordBugsTest {
  private static final int MOST_SEEDS = 300;
  private static final String HERE = PlantedRecordBugsTest.class.getPackageName() + ".";

  private static PlantedBug bug(String name, String method, Mutant.Change change) {
    return new PlantedBug(name, "", new Mutant(HERE, HERE + "StoredRecord", method, change));
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
            }));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(PlantedRecordBugsTest.class, MOST_SEEDS);
  }

  static void runHere(long seed, String scenario) {
    long _ = Seeds.run(seed, one -> StoredRecordTest.seeded(one).simulate());
  }
}
