package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Inspection;
import io.tenon.blobstore.Remedy;
import io.tenon.blobstore.RepairOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Damaged disks of the original: a check ends with findings or a named error and never writes; a repair keeps its word; and it can be
 * taken back. Replay with {@code -Dseed=...}.
 */
class RepairFuzzTest {
  private static final int IMAGES_PER_SAMPLE = Integer.getInteger("images", 60);
  private static final int DATA_SAMPLED = 6;

  private int checked;
  private int repaired;
  private int gaveUp;
  private int crashed;

  static List<Samples.Disk> disks() {
    return Samples.all();
  }

  @ParameterizedTest
  @MethodSource("disks")
  void aRepairOfADamagedDiskDoesWhatWasAnnouncedAndNoMore(Samples.Disk sample) {
    var intact = sample.open();
    long first = Long.getLong("seed", 1);
    long count = Long.getLong("seed") == null ? IMAGES_PER_SAMPLE : 1;
    for (long seed = first; seed < first + count; seed++) {
      String what = "%s -Dseed=%d".formatted(sample, seed);
      var random = new SplittableRandom(seed);
      var disk = intact.copy();
      FuzzedDisksTest.damage(disk, random);
      Assertions.assertTimeoutPreemptively(
          Duration.ofSeconds(60), () -> run(disk, random, what), what);
    }
    if (count == 1) return;
    assertTrue(checked > IMAGES_PER_SAMPLE / 2, "checked: " + checked);
    assertTrue(repaired > IMAGES_PER_SAMPLE / 8, "repaired: " + repaired);
    assertTrue(gaveUp > IMAGES_PER_SAMPLE / 16, "gave up: " + gaveUp);
    assertTrue(crashed > 40, "crashed: " + crashed);
  }

  private void run(MemoryDisk disk, SplittableRandom random, String what) throws Exception {
    Inspection found;
    try {
      found = DiskCheck.of(new OnlyRead(disk), Samples.TYPE).result();
    } catch (BlobstoreException e) {
      assertFalse(e.getMessage().isBlank(), what);
      return;
    }
    checked++;
    for (Finding finding : found.findings()) sentences(finding, what);
    var now = repair(disk, RepairOrder.losingNothing(), random, what).orElse(disk);
    var givenUp = new TreeSet<BlobId>();
    var known = DiskCheck.of(now, Samples.TYPE).findings();
    for (Finding finding : known) {
      if (finding.remedy(BlobId::toString) instanceof Remedy.GiveUp give) givenUp.add(give.blob());
    }
    if (givenUp.isEmpty()) return;
    gaveUp++;
    var order = RepairOrder.losingNothing().givingUp(givenUp);
    var last = repair(now, order, random, what + ", giving up");
    if (last.isEmpty()) return;
    for (Finding left : DiskCheck.of(last.get(), Samples.TYPE).findings()) {
      // What was given up is dealt with; what hung on it may now be given up in turn.
      if (left.remedy(BlobId::toString) instanceof Remedy.GiveUp give) {
        assertFalse(known.contains(left), () -> what + ": " + left + give.blob());
      }
    }
  }

  private static void sentences(Finding finding, String what) {
    for (String sentence :
        List.of(
            finding.what(BlobId::toString),
            finding.meaning(BlobId::toString),
            finding.remedy(BlobId::toString).how())) {
      assertTrue(sentence.endsWith("."), () -> what + ": " + sentence);
    }
  }

  /** The disk as it is then; empty when it was refused or nothing was done. */
  private Optional<MemoryDisk> repair(
      MemoryDisk disk, RepairOrder order, SplittableRandom random, String what) throws Exception {
    var before = disk.copy();
    var promised = contents(before, before);
    var recording = RecordingDisk.on(disk);
    var copies = new ArrayList<byte[]>();
    var foundBefore = DiskCheck.of(before, Samples.TYPE).findings();
    try {
      DiskRepair.run(recording, Samples.TYPE, order, copies::add);
    } catch (BlobstoreException refused) {
      assertFalse(refused.getMessage().isBlank(), what);
      assertEquals(0, recording.writes(), () -> what + ": refused and written, " + refused);
      return Optional.empty();
    }
    if (recording.writes() == 0) return Optional.empty();
    repaired++;
    assertEquals(promised, within(promised.keySet(), contents(recording, before)), what);
    for (Finding left : DiskCheck.of(recording, Samples.TYPE).findings()) {
      var remedy = left.remedy(BlobId::toString);
      boolean isLeftWithReason =
          remedy instanceof Remedy.GiveUp
              || remedy instanceof Remedy.Elsewhere
              || remedy instanceof Remedy.WithIdentity;
      assertTrue(
          isLeftWithReason, () -> what + ": not repaired: " + left + "; before " + foundBefore);
    }
    // Loading finds nothing to do, and has what was promised.
    var loaded = recording.copy();
    OpenStore.load(loaded, Samples.TYPE);
    assertEquals(promised, within(promised.keySet(), contents(loaded, before)), what);
    if (random.nextInt(6) == 0) crashes(recording, order, promised, before, random, what);
    var undone = recording.copy();
    DiskRepair.undo(undone, copies.getFirst());
    assertSameMetadata(before, undone, what);
    return Optional.of(recording.copy());
  }

  private void crashes(
      RecordingDisk recording,
      RepairOrder order,
      Map<BlobId, List<Integer>> promised,
      MemoryDisk before,
      SplittableRandom random,
      String what)
      throws Exception {
    recording.crashes(
        random,
        1,
        true,
        (disk, how) -> {
          crashed++;
          String where = what + ", crash " + how;
          try {
            var now = contents(disk, before);
            assertEquals(promised, within(promised.keySet(), now), where);
            var still = new TreeSet<BlobId>();
            for (Finding finding : DiskCheck.of(disk, Samples.TYPE).findings()) {
              if (!(finding.remedy(BlobId::toString) instanceof Remedy.GiveUp give)) continue;
              // An erased root may be torn; that has to be agreed to, for it could be damage.
              boolean torn =
                  finding instanceof BlobFinding.RootBroken && !promised.containsKey(give.blob());
              if (torn || order.givenUp().contains(give.blob())) still.add(give.blob());
            }
            DiskRepair.run(disk, Samples.TYPE, order.givingUp(still), _ -> {});
            assertEquals(promised, within(promised.keySet(), contents(disk, before)), where);
          } catch (BlobstoreException e) {
            throw new AssertionError(where, e);
          }
        });
  }

  private static Map<BlobId, List<Integer>> within(
      Set<BlobId> keys, Map<BlobId, List<Integer>> all) {
    var some = new TreeMap<>(all);
    some.keySet().retainAll(keys);
    return some;
  }

  /**
   * What can be read of each blob that opens: for some of its clusters, a checksum of the first page.
   *
   * @param where the disk whose super block is used when this one has none that can be
   */
  private static Map<BlobId, List<Integer>> contents(MemoryDisk disk, MemoryDisk where)
      throws Exception {
    assertEquals(disk.sizeBytes(), where.sizeBytes());
    var check = DiskCheck.of(disk, Samples.TYPE);
    var contents = new TreeMap<BlobId, List<Integer>>();
    long pages = check.loaded().layout().pagesPerCluster();
    for (var blob : check.loaded().blobs.values()) {
      var clusters = new ArrayList<Integer>();
      clusters.add(blob.map().clusters());
      int step = Math.max(1, blob.map().clusters() / (DATA_SAMPLED * 20));
      for (int i = 0; i < blob.map().clusters(); i += step) {
        int cluster = blob.view().find(i);
        clusters.add(cluster == 0 ? 0 : Arrays.hashCode(disk.page(cluster * pages)));
      }
      contents.put(blob.id(), clusters);
    }
    return contents;
  }

  private static void assertSameMetadata(MemoryDisk a, MemoryDisk b, String what) throws Exception {
    long end = DiskCheck.of(a, Samples.TYPE).loaded().layout().dataStart();
    for (long page = 0; page < end; page++) {
      long at = page;
      assertTrue(Arrays.equals(a.page(page), b.page(page)), () -> what + ", undone: page " + at);
    }
  }

  /** A disk that refuses writes. */
  private static final class OnlyRead extends MemoryDisk {
    OnlyRead(MemoryDisk content) {
      super(content);
    }

    @Override
    void putPage(long diskPage, byte[] content) {
      throw new AssertionError("a check has written page " + diskPage);
    }
  }
}
