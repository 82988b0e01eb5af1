package io.tenon.simulation.itest;

import io.tenon.metadata.embedded.internal.JournalRun;
import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import java.lang.classfile.instruction.BranchInstruction;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A checksum that is not compared must be found missing: each of these, planted one at a time. */
class PlantedDamageBugsTest {
  private static final int MOST_SEEDS = 1_000;
  private static final String BLOBSTORE = "io.tenon.blobstore.internal.layout.";
  private static final String EMBEDDED = "io.tenon.metadata.embedded.internal.";

  private enum Scenario {
    POOL_FLIPPED,
    POOL_MISDIRECTED,
    JOURNAL_FLIPPED,
    JOURNAL_MISDIRECTED
  }

  private static PlantedBug bug(
      String name, Scenario scenario, String type, String method, Mutant.Change change) {
    return new PlantedBug(name, scenario.name(), new Mutant("io.tenon.", type, method, change));
  }

  /** Two numbers are never found to differ. */
  private static Mutant.Change neverDiffer() {
    return (code, element) -> {
      if (!(element instanceof BranchInstruction one)) return false;
      switch (one.opcode()) {
        case IF_ICMPNE -> code.pop2();
        case IFNE -> code.pop();
        default -> {
          return false;
        }
      }
      return true;
    };
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug(
            "the checksum of a blob's pages is not compared",
            Scenario.POOL_FLIPPED,
            BLOBSTORE + "BlobDecoder",
            "checkFrame",
            Mutant.call("isSealed", 1)),
        bug(
            "the checksum of a list of clusters is not compared",
            Scenario.POOL_FLIPPED,
            BLOBSTORE + "ExtentPage",
            "parse",
            Mutant.call("isSealed", 1)),
        bug(
            "after an unclean end nobody looks for broken roots",
            Scenario.POOL_FLIPPED,
            "io.tenon.blobstore.internal.StoreLoader",
            "scan",
            Mutant.call("isBrokenRoot", 0)),
        bug(
            "after an unclean end nobody looks for roots in wrong places",
            Scenario.POOL_MISDIRECTED,
            "io.tenon.blobstore.internal.StoreLoader",
            "scan",
            Mutant.call("isMisplacedRoot", 0)),
        bug(
            "the checksum of a journal's frame is not compared",
            Scenario.JOURNAL_FLIPPED,
            EMBEDDED + "Frames",
            "at",
            neverDiffer()),
        bug(
            "one flipped bit of a journal's last frame is taken for a torn write",
            Scenario.JOURNAL_FLIPPED,
            EMBEDDED + "Journal",
            "refuseOneBitOff",
            Mutant.call("isOneBitOff", 0)),
        bug(
            "a frame of a journal may follow any earlier one",
            Scenario.JOURNAL_MISDIRECTED,
            EMBEDDED + "Frames",
            "next",
            neverDiffer()));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws ReflectiveOperationException {
    bug.mustBeFoundBy(PlantedDamageBugsTest.class, MOST_SEEDS);
  }

  static void runHere(long seed, String scenario) {
    long _ = Seeds.run(seed, one -> run(one, Scenario.valueOf(scenario)));
  }

  private static long run(long seed, Scenario scenario) {
    return switch (scenario) {
      case POOL_FLIPPED -> DamageSimulationTest.run(seed, PoolDamageRun.Damage.FLIPPED);
      case POOL_MISDIRECTED -> DamageSimulationTest.run(seed, PoolDamageRun.Damage.MISDIRECTED);
      case JOURNAL_FLIPPED -> DamageSimulationTest.run(seed, JournalRun.Damage.FLIPPED);
      case JOURNAL_MISDIRECTED -> DamageSimulationTest.run(seed, JournalRun.Damage.MISDIRECTED);
    };
  }
}
