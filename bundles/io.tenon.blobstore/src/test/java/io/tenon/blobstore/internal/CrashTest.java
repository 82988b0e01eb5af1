package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.RepairOrder;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Power fails at every moment of every operation. What is left loads; all that was acknowledged is there; the operation under way has
 * happened or not; nothing leaks. Replay with {@code -Dseed=...}.
 */
class CrashTest {
  private static final long CLUSTER = 64 << 10;
  private static final int CLUSTERS = 64;
  private static final String TYPE = "TEST";

  private int images;
  private int imagesOfRepairs;

  @Test
  void aCrashLeavesTheStateBeforeOrAfterTheOperation() throws Exception {
    long first = Long.getLong("seed", 1);
    for (long seed = first; images < 4_000; seed++) run(seed, 60, CLUSTER, 512);
    assertTrue(images >= 2_000, images + " images");
    assertTrue(imagesOfRepairs >= 100, imagesOfRepairs + " images of repairs");
  }

  /** Without a gap there is no journal; with sectors of a whole page none is needed. */
  @Test
  void aStoreWithoutRoomForAJournalIsSafeWherePagesAreWrittenWhole() throws Exception {
    long first = Long.getLong("seed", 1);
    for (long seed = first; images < 1_500; seed++) run(seed, 60, 4096, 4096);
  }

  @Test
  @Tag("slow")
  void aHundredThousandCrashes() throws Exception {
    for (long seed = 1_000; images < 100_000; seed++) run(seed, 200, CLUSTER, 512);
  }

  /** One seed with a journal, for those who look for a bug that they have planted. */
  static void run(long seed) throws Exception {
    new CrashTest().run(seed, 60, CLUSTER, 512);
  }

  private void run(long seed, int steps, long clusterBytes, int blockBytes) throws Exception {
    var random = new SplittableRandom(seed);
    var disk = new MemoryDisk(CLUSTERS * CLUSTER, blockBytes);
    disk.discardZeroes = random.nextBoolean();
    var model = new Model((int) (clusterBytes / 4096));
    var operations = new RandomOperations(random.split(), model.pagesPerCluster);
    Format.run(disk, clusterBytes, clusterBytes == CLUSTER ? 100 : 10, TYPE).unload();
    boolean tears = blockBytes == RecordingDisk.SECTOR_BYTES;
    for (int step = 0; step < steps; step++) {
      var recording = RecordingDisk.on(disk);
      var before = model.copy();
      var store = OpenStore.load(recording, TYPE);
      operations.step(store, model);
      operations.allowHalf(before);
      if (random.nextInt(4) == 0) store.unload();
      var after = model;
      String what = "-Dseed=%d step %d, %s".formatted(seed, step, operations.last());
      if (random.nextInt(6) == 0) {
        recording.crashes(
            random,
            3,
            tears,
            (crashed, how) -> {
              images++;
              check(crashed, before, after, what + ", " + how, random, tears);
            });
      }
      disk = recording.copy();
    }
  }

  private void check(
      MemoryDisk crashed,
      Model before,
      Model after,
      String what,
      SplittableRandom random,
      boolean tears)
      throws Exception {
    var untouched = crashed.copy();
    LoadedStore read;
    try {
      read = StoreLoader.load(crashed, TYPE);
    } catch (BlobstoreException e) {
      throw new AssertionError(what, e);
    }
    isOneOf(read, crashed, before, after, what, random);
    if (tears) looksLikeACrash(crashed.copy(), what);
    var recording = RecordingDisk.on(untouched);
    OpenStore.load(recording, TYPE);
    if (random.nextInt(8) == 0) {
      recording.crashes(
          random,
          1,
          tears,
          (again, how) -> {
            imagesOfRepairs++;
            isOneOf(
                StoreLoader.load(again, TYPE),
                again,
                before,
                after,
                what + ", and again in repair: " + how,
                random);
          });
    }
    var repaired = recording.copy();
    OpenStore.load(repaired, TYPE).unload();
    ModelTest.checkMasks(repaired, TYPE);
    isOneOf(StoreLoader.load(repaired, TYPE), repaired, before, after, what + ", repaired", random);
  }

  /** Nobody has to tell it from damage: a repair goes ahead, and is asked to give up nothing. */
  private static void looksLikeACrash(MemoryDisk crashed, String what) throws Exception {
    for (var finding : DiskCheck.of(crashed, TYPE).findings()) {
      assertNotEquals(Finding.Severity.DAMAGE, finding.severity(), () -> what + ": " + finding);
    }
    DiskRepair.run(crashed, TYPE, RepairOrder.losingNothing(), _ -> {});
    assertEquals(List.of(), DiskCheck.of(crashed, TYPE).findings(), what);
  }

  private static void isOneOf(
      LoadedStore store,
      MemoryDisk disk,
      Model before,
      Model after,
      String what,
      SplittableRandom random) {
    assertEquals(List.of(), store.findings, what);
    assertEquals("", store.noAllocation, what);
    Optional<String> notAfter = after.difference(store, disk, random);
    if (notAfter.isEmpty()) return;
    Optional<String> notBefore = before.difference(store, disk, random);
    if (notBefore.isEmpty()) return;
    throw new AssertionError(
        "%s: neither the state before (%s) nor after (%s)"
            .formatted(what, notBefore.get(), notAfter.get()));
  }
}
