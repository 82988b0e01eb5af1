package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.tenon.blobstore.internal.StoreSimulation.Scenario;
import io.tenon.simulation.Mutant;
import io.tenon.simulation.PlantedBug;
import io.tenon.simulation.Seeds;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Model, crashes and simulation are only worth their seeds when they find bugs: each of these, planted one at a time. */
class PlantedBugsTest {
  private static final int MOST_SEEDS = 100;
  private static final String PACKAGES = "io.tenon.blobstore.";

  /** Who looks for it. */
  enum Search {
    MODEL,
    CRASHES,
    SNAPSHOTS,
    CHURN,
    LATE_READERS,
    POWER
  }

  private static PlantedBug bug(
      String name, Search search, String type, String method, Mutant.Change change) {
    String where = PACKAGES + "internal." + type;
    return new PlantedBug(name, search.name(), new Mutant(PACKAGES, where, method, change));
  }

  /** Only the first call of this name in the method is left out. */
  private static Mutant.Change firstCall(String name) {
    var every = Mutant.call(name, 0);
    var seen = new int[1];
    return (code, element) -> {
      boolean it = element instanceof InvokeInstruction call && call.name().equalsString(name);
      return it && seen[0]++ == 0 && every.apply(code, element);
    };
  }

  static List<PlantedBug> bugs() {
    return List.of(
        bug(
            "clusters are taken back while I/O to them is under way",
            Search.CHURN,
            "Release",
            "commit",
            Mutant.call("passOver", 0)),
        bug(
            "a snapshot's clusters go while its child's readers use them",
            Search.LATE_READERS,
            "Deletion",
            "mergeInto",
            Mutant.call("passOver", 0)),
        bug(
            "nobody waits for what is under way in the former view",
            Search.CHURN,
            "Pause",
            "passOver",
            Mutant.call("passOver", 0)),
        bug(
            "a channel counts new I/O as the former generation's",
            Search.CHURN,
            "BlobChannel",
            "enter",
            Mutant.field("generation", 0)),
        bug(
            "a snapshot is made while its origin is written",
            Search.SNAPSHOTS,
            "Pause",
            "of",
            Mutant.call("pause", 0)),
        bug(
            "a write begins in a pause",
            Search.SNAPSHOTS,
            "BlobChannel",
            "take",
            Mutant.field("paused", 0)),
        bug(
            "what a pause has parked is forgotten",
            Search.SNAPSHOTS,
            "BlobChannel",
            "resume",
            Mutant.call("start", 0)),
        bug(
            "a new cluster shows what was in it",
            Search.CHURN,
            "Allocation",
            "fill",
            Mutant.call("zero", 0)),
        bug(
            "a new cluster has not what the ancestor has",
            Search.SNAPSHOTS,
            "Allocation",
            "fill",
            Mutant.call("copy", 0)),
        bug(
            "a cluster is given back though the parent's data shows then",
            Search.SNAPSHOTS,
            "Release",
            "add",
            Mutant.call("findBelow", 0)),
        bug(
            "clusters are free before the map is without them",
            Search.CRASHES,
            "Release",
            "commit",
            Mutant.call("commit", 0)),
        bug(
            "a list of clusters goes, and the root names it still",
            Search.CRASHES,
            "Release",
            "write",
            Mutant.call("persist", 0)),
        bug(
            "the map names a cluster before it is durable",
            Search.CRASHES,
            "MetadataWriter",
            "commit",
            firstCall("flush")),
        bug(
            "pages are overwritten that the journal does not have",
            Search.CRASHES,
            "MetadataWriter",
            "commit",
            Mutant.call("record", 0)),
        bug(
            "the journal is not in force after a crash",
            Search.CRASHES,
            "StoreHead",
            "recordUnder",
            Mutant.call("isMarked", 0)),
        bug(
            "a journal record is carried out whatever has happened since",
            Search.CRASHES,
            "StoreHead",
            "recordUnder",
            Mutant.call("hasBegun", 1)),
        bug(
            "a store that is changed says that it is clean",
            Search.CRASHES,
            "MetadataWriter",
            "commit",
            Mutant.call("markDirty", 0)),
        bug(
            "the root of a deleted blob stays",
            Search.MODEL,
            "Transaction",
            "erase",
            Mutant.call("eraseRoot", 0)),
        bug(
            "masks are not written at the clean end",
            Search.MODEL,
            "OpenStore",
            "writeMasks",
            Mutant.call("put", 0)),
        bug(
            "what a smaller parent hid shows when the parent goes",
            Search.MODEL,
            "Deletion",
            "mergeInto",
            Mutant.call("copyHidden", 0)),
        bug(
            "a cluster is given out twice",
            Search.MODEL,
            "Space",
            "takeCluster",
            Mutant.call("set", 0)));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(PlantedBug bug) {
    assertDoesNotThrow(() -> bug.mustBeFoundBy(PlantedBugsTest.class, MOST_SEEDS));
  }

  static void runHere(long seed, String search) {
    long _ = Seeds.run(seed, one -> search(one, Search.valueOf(search)));
  }

  private static long search(long seed, Search how) {
    try {
      switch (how) {
        case MODEL -> ModelTest.run(seed, 2_000);
        case CRASHES -> CrashTest.run(seed);
        case SNAPSHOTS -> SimulationTest.run(seed, Scenario.MIXED, 60);
        case CHURN -> SimulationTest.run(seed, Scenario.CHURN, 60);
        case LATE_READERS -> SimulationTest.run(seed, Scenario.LATE_READERS, 150);
        case POWER -> SimulationTest.failPower(seed);
      }
    } catch (Exception e) {
      throw new AssertionError(e.toString(), e);
    }
    return 0;
  }
}
