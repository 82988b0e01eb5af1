package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.MaskFinding;
import io.tenon.blobstore.Remedy;
import io.tenon.blobstore.RepairOrder;
import io.tenon.blobstore.StoreFinding;
import io.tenon.blobstore.internal.layout.DamagedPages;
import io.tenon.blobstore.internal.layout.Page;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One disk for each thing that can be wrong: it is found, repaired as announced, and taken back. */
class DiskRepairTest {
  private static final String TYPE = "TEST";
  private static final int CLUSTER = 64 << 10;
  private static final int PAGES_PER_CLUSTER = CLUSTER / Page.BYTES;

  private MemoryDisk disk;
  private BlobId owner;
  private BlobId thick;
  private BlobId snapshot;
  private BlobId thin;
  private BlobId clone;
  private long mdStart;

  @BeforeEach
  void aStoreOfEverything() throws Exception {
    disk = new MemoryDisk(400L * CLUSTER, 512);
    var store = Format.run(disk, CLUSTER, 100, TYPE);
    owner = Creation.create(store, BlobSpec.thick(0).withXattrs(Map.of("name", bytes("own"))));
    store.superBlob(owner);
    thick = Creation.create(store, spec(BlobSpec.thick(6), "thick"));
    thin = Creation.create(store, spec(BlobSpec.thin(1100), "thin"));
    write(store, thin, 0, 3, 600, 1050);
    snapshot = Snapshots.create(store, thin, Map.of("name", bytes("snapshot")));
    write(store, thin, 3, 4);
    clone = Creation.cloneOf(store, snapshot, Map.of("name", bytes("clone")));
    write(store, clone, 0, 700);
    fill(store);
    store.unload();
    mdStart = store.layout().diskPage(0);
    assertEquals(List.of(), check());
  }

  private static BlobSpec spec(BlobSpec spec, String name) {
    return spec.withClearMethod(ClearMethod.NONE).withXattrs(Map.of("name", bytes(name)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  private static void write(OpenStore store, BlobId id, int... clusters) throws Exception {
    var step = new Allocation(store);
    for (int cluster : clusters) step.add(store.blob(id), cluster);
    step.commit();
  }

  /** Each cluster of data tells its number. */
  private void fill(OpenStore store) {
    for (var blob : store.blobs().values()) {
      blob.map()
          .forEach(
              (_, cluster) -> {
                var page = new byte[Page.BYTES];
                page[0] = (byte) cluster;
                page[1] = (byte) (cluster >> 8);
                disk.putPage((long) cluster * PAGES_PER_CLUSTER, page);
              });
    }
  }

  // What is done to the disk, and what is seen.

  private byte[] md(int mdPage) {
    return disk.page(mdStart + mdPage);
  }

  private void putMd(int mdPage, byte[] page) {
    disk.putPage(mdStart + mdPage, page);
  }

  private StoredBlob blob(BlobId id) throws Exception {
    var blob = StoreLoader.load(disk, TYPE).blobs.get(id);
    if (blob == null) throw new AssertionError("no " + id);
    return blob;
  }

  private List<Finding> check() throws Exception {
    return DiskCheck.of(disk, TYPE).findings();
  }

  private static List<?> kinds(List<Finding> findings) {
    return findings.stream().map(Object::getClass).toList();
  }

  /** What each blob holds, cluster by cluster: the number that was written there, 0 for zeroes. */
  private Map<BlobId, List<Integer>> contents() throws Exception {
    var contents = new TreeMap<BlobId, List<Integer>>();
    for (var blob : StoreLoader.load(disk, TYPE).blobs.values()) {
      var clusters = new ArrayList<Integer>();
      for (int i = 0; i < blob.map().clusters(); i++) {
        int cluster = blob.view().find(i);
        byte[] page = disk.page((long) cluster * PAGES_PER_CLUSTER);
        clusters.add(cluster == 0 ? 0 : (page[0] & 0xFF) | (page[1] & 0xFF) << 8);
      }
      contents.put(blob.id(), clusters);
    }
    return contents;
  }

  /** Repairs, and holds that nothing else has changed, that the result is in order, and that it can be taken back. */
  private List<Finding> repair(RepairOrder order) throws Exception {
    var before = disk.copy();
    var kept = new ArrayList<byte[]>();
    var report =
        DiskRepair.run(
            disk,
            TYPE,
            order,
            copies -> {
              assertEquals(differences(before, disk), new BitSet(), "changed before it was kept");
              kept.add(copies);
            });
    assertEquals(1, kept.size());
    var after = disk.copy();
    assertEquals(report.left(), check());
    OpenStore.load(disk, TYPE).unload();
    assertEquals(new BitSet(), differences(after, disk), "a load has nothing to do");
    DiskRepair.undo(disk, kept.getFirst());
    var different = differences(before, disk);
    // Copies of data may stay where nobody looks.
    different.clear(0, (int) (mdStart + 400));
    for (int page = different.nextSetBit(0); page >= 0; page = different.nextSetBit(page + 1)) {
      int cluster = page / PAGES_PER_CLUSTER;
      assertFalse(StoreLoader.load(before, TYPE).usedClusters.get(cluster), "cluster " + cluster);
    }
    assertEquals(new BitSet(), metadataDifferences(before, disk));
    disk = after;
    return report.left();
  }

  private BitSet metadataDifferences(MemoryDisk a, MemoryDisk b) {
    var different = differences(a, b);
    different.clear((int) (mdStart + 400), Integer.MAX_VALUE);
    return different;
  }

  private static BitSet differences(MemoryDisk a, MemoryDisk b) {
    var different = new BitSet();
    for (int page = 0; page < a.sizeBytes() / Page.BYTES; page++) {
      if (!java.util.Arrays.equals(a.page(page), b.page(page))) different.set(page);
    }
    return different;
  }

  private <F extends Finding> F only(Class<F> kind) throws Exception {
    var found = check();
    assertEquals(List.of(kind), kinds(found), found::toString);
    return kind.cast(found.getFirst());
  }

  private Remedy remedy(Finding finding) {
    return finding.remedy(BlobId::toString);
  }

  private void repairsWithoutLoss() throws Exception {
    repairsWithoutLoss(contents());
  }

  private void repairsWithoutLoss(Map<BlobId, List<Integer>> before) throws Exception {
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    assertEquals(before, contents());
  }

  // The store.

  @Test
  void anUncleanEnd() throws Exception {
    OpenStore.load(disk, TYPE).touch();
    var found = only(StoreFinding.NotClosed.class);
    assertTrue(remedy(found) instanceof Remedy.ByLoad);
    repairsWithoutLoss();
  }

  @Test
  void aChangeThatTheJournalHolds() throws Exception {
    var recording = RecordingDisk.on(disk);
    var store = OpenStore.load(recording, TYPE);
    Attributes.change(store, thick, Map.of("name", Optional.of(bytes("other"))));
    var interrupted = new ArrayList<MemoryDisk>();
    recording.crashes(
        new SplittableRandom(5),
        2,
        true,
        (crashed, _) -> {
          var found = DiskCheck.of(crashed, TYPE).findings();
          if (kinds(found).contains(StoreFinding.ChangeInterrupted.class)) interrupted.add(crashed);
        });
    assertTrue(!interrupted.isEmpty());
    for (MemoryDisk crashed : interrupted) {
      disk = crashed;
      repairsWithoutLoss();
    }
  }

  @Test
  void aSuperBlockWithAWrongChecksum() throws Exception {
    byte[] page = disk.page(0);
    page[4092] ^= 1;
    page[4093] ^= 1;
    disk.putPage(0, page);
    assertThrows(BlobstoreException.class, () -> StoreLoader.load(disk, TYPE));
    var found = check();
    assertEquals(
        List.of(StoreFinding.SuperBlockBroken.class, StoreFinding.NotClosed.class), kinds(found));
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    assertEquals(5, contents().size());
  }

  @Test
  void aSuperBlockThatIsGone() throws Exception {
    var before = contents();
    byte[] intact = disk.page(0);
    disk.putPage(0, new byte[Page.BYTES]);
    var found = check();
    assertEquals(
        List.of(StoreFinding.SuperBlockBroken.class, StoreFinding.NotClosed.class), kinds(found));
    var kept = disk.copy();
    DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {});
    assertEquals(before, contents());
    assertArrayEquals(intact, disk.page(0));
    assertEquals(List.of(), check());
    assertFalse(kept.page(0)[0] != 0);
  }

  @Test
  void aSuperBlockWhoseClusterSizeIsWrongIsNotBelieved() throws Exception {
    byte[] intact = disk.page(0);
    byte[] page = disk.page(0);
    // 64 KiB becomes 128 KiB, and the checksum stays.
    page[30] = 2;
    disk.putPage(0, page);
    DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {});
    assertArrayEquals(intact, disk.page(0));
  }

  @Test
  void aDeviceThatIsTooSmall() throws Exception {
    disk.resize(100L * CLUSTER);
    var found = check();
    assertTrue(found.getFirst() instanceof StoreFinding.LargerThanDevice, found::toString);
    assertTrue(remedy(found.getFirst()) instanceof Remedy.Elsewhere);
    OpenStore.load(new OverlayDisk(disk, 400L * CLUSTER, 512), TYPE);
    assertEquals(5, DiskCheck.of(disk, TYPE).result().blobs().size());
  }

  @Test
  void aDeviceWithOtherBlocks() throws Exception {
    var other = new OverlayDisk(disk, disk.sizeBytes(), 4096);
    var found = DiskCheck.of(other, TYPE);
    assertEquals(List.of(StoreFinding.OtherBlockSize.class), kinds(found.findings()));
    assertEquals(5, found.result().blobs().size());
    assertEquals(
        0, DiskRepair.run(other, TYPE, RepairOrder.losingNothing(), _ -> {}).changedPages());
  }

  @Test
  void pagesThatTheDeviceFailsToRead() throws Exception {
    var failing = new UnreadablePage(disk, mdStart + thick.rootPage());
    var found = DiskCheck.of(failing, TYPE).findings();
    assertEquals(
        List.of(StoreFinding.PagesUnreadable.class, BlobFinding.Unreadable.class), kinds(found));
    var order = RepairOrder.losingNothing().givingUp(Set.of(thick));
    var refusal =
        assertThrows(BlobstoreException.class, () -> DiskRepair.run(failing, TYPE, order, _ -> {}));
    assertEquals(Kind.READ_ONLY, refusal.kind());
  }

  /** A disk with one bad page. */
  private record UnreadablePage(StoreDisk disk, long bad) implements StoreDisk {
    @Override
    public long sizeBytes() {
      return disk.sizeBytes();
    }

    @Override
    public int blockBytes() {
      return disk.blockBytes();
    }

    @Override
    public byte[] read(long diskPage, int count) throws BlobstoreException {
      if (diskPage > bad || diskPage + count <= bad) return disk.read(diskPage, count);
      throw new BlobstoreException(Kind.IO, "The page cannot be read.", "", "");
    }

    @Override
    public void write(long diskPage, byte[] pages) {
      throw new AssertionError("written");
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
      throw new AssertionError("written");
    }

    @Override
    public void copy(long fromBytes, long toBytes, long lengthBytes) {
      throw new AssertionError("written");
    }

    @Override
    public void discard(long offsetBytes, long lengthBytes) {
      throw new AssertionError("written");
    }

    @Override
    public boolean discardZeroes() {
      return disk.discardZeroes();
    }

    @Override
    public void flush() {}
  }

  @Test
  void anOwnerThatIsGone() throws Exception {
    putMd(owner.rootPage(), new byte[Page.BYTES]);
    var found = check();
    assertEquals(
        List.of(StoreFinding.OwnerMissing.class, BlobFinding.Unreadable.class), kinds(found));
    assertTrue(remedy(found.getFirst()) instanceof Remedy.WithIdentity);
    var order =
        RepairOrder.losingNothing().givingUp(Set.of(owner)).owner(Map.of("name", bytes("again")));
    assertEquals(List.of(), repair(order));
    var store = StoreLoader.load(disk, TYPE);
    var now = store.layout().superBlock().superBlobId().orElseThrow();
    assertArrayEquals(bytes("again"), blob(now).image().xattrs().get("name"));
  }

  // Masks.

  private void editMask(long page, java.util.function.Consumer<BitSet> edit) {
    disk.putPage(page, DamagedPages.mask(disk.page(page), edit));
  }

  private long clusterMask() throws Exception {
    return StoreLoader.load(disk, TYPE).layout().superBlock().clusterMaskStart();
  }

  private long blobMask() throws Exception {
    return StoreLoader.load(disk, TYPE).layout().superBlock().blobidMaskStart();
  }

  @Test
  void clustersThatNobodyHas() throws Exception {
    editMask(clusterMask(), used -> used.set(300, 310));
    var found = only(MaskFinding.ClustersLost.class);
    assertEquals("300-309", found.clusters().getFirst().toString());
    repairsWithoutLoss();
  }

  @Test
  void clustersThatAreUsedAndNotMarked() throws Exception {
    int cluster = blob(thick).map().get(2);
    editMask(clusterMask(), used -> used.clear(cluster));
    assertEquals(thick, only(MaskFinding.ClustersNotMarked.class).blob());
    repairsWithoutLoss();
  }

  @Test
  void pagesWithWrongMarks() throws Exception {
    editMask(
        1,
        used -> {
          used.set(200);
          used.clear(thick.rootPage());
        });
    only(MaskFinding.PagesWrong.class);
    repairsWithoutLoss();
  }

  @Test
  void somethingBehindTheEndOfAMask() throws Exception {
    byte[] mask = disk.page(clusterMask());
    mask[4000] = 1;
    disk.putPage(clusterMask(), mask);
    only(MaskFinding.BehindTheBits.class);
    repairsWithoutLoss();
  }

  @Test
  void aMaskThatIsNone() throws Exception {
    disk.putPage(clusterMask(), new byte[Page.BYTES]);
    only(MaskFinding.Unusable.class);
    repairsWithoutLoss();
  }

  @Test
  void aBlobWhoseMarkIsLostComesBack() throws Exception {
    var before = contents();
    editMask(blobMask(), used -> used.clear(thick.rootPage()));
    var found = check();
    assertTrue(found.contains(new MaskFinding.BlobNotMarked(thick, true)), found::toString);
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    assertEquals(before, contents());
  }

  @Test
  void aDeletedBlobWhosePageWasNotErasedStaysAwayOnceItIsGivenUp() throws Exception {
    byte[] root = md(thick.rootPage());
    var store = OpenStore.load(disk, TYPE);
    Deletion.delete(store, thick);
    OpenStores.clear(store);
    // Its clusters and pages are somebody else's now.
    Creation.create(store, spec(BlobSpec.thick(6), "heir"));
    store.unload();
    putMd(77, DamagedPages.moved(root, 77));
    var ghost = BlobId.ofRootPage(77);
    assertEquals(List.of(new MaskFinding.BlobNotMarked(ghost, false)), check());
    var before = contents();
    editMask(clusterMask(), used -> used.set(300));
    // An unclean moment would bring it to life.
    var refusal =
        assertThrows(
            BlobstoreException.class,
            () -> DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {}));
    assertEquals(Kind.READ_ONLY, refusal.kind());
    assertEquals(List.of(), repair(RepairOrder.losingNothing().givingUp(Set.of(ghost))));
    assertEquals(before, contents());
  }

  // Blobs.

  private void damage(int mdPage) {
    byte[] page = md(mdPage);
    page[100] ^= 1;
    page[4000] ^= 0x10;
    putMd(mdPage, page);
  }

  private RepairOrder givingUp(BlobId... blobs) {
    return RepairOrder.losingNothing().givingUp(Set.of(blobs));
  }

  @Test
  void aBlobThatCannotBeRead() throws Exception {
    var before = contents();
    damage(thick.rootPage());
    var found = only(BlobFinding.Unreadable.class);
    assertEquals(thick, found.blob());
    assertEquals(
        "thick",
        new String(
            DiskCheck.of(disk, TYPE).result().unopened().getFirst().xattrs().get("name"),
            US_ASCII));
    // Nothing is done as long as nobody agrees.
    assertEquals(
        0, DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {}).changedPages());
    assertEquals(List.of(), repair(givingUp(thick)));
    before.remove(thick);
    assertEquals(before, contents());
  }

  @Test
  void aBlobThatCannotBeReadKeepsAllThatItMayHaveWhileSomethingElseIsRepaired() throws Exception {
    var clusters = new BitSet();
    blob(thick).map().forEach((_, cluster) -> clusters.set(cluster));
    damage(thick.rootPage());
    int marked = blob(thin).map().get(4);
    editMask(clusterMask(), used -> used.clear(marked));
    var left = repair(RepairOrder.losingNothing());
    assertEquals(List.of(BlobFinding.Unreadable.class), kinds(left));
    var store = StoreLoader.load(disk, TYPE);
    var free = (BitSet) clusters.clone();
    free.andNot(store.usedClusters);
    assertEquals(new BitSet(), free);
    assertTrue(store.unopened.containsKey(thick));
  }

  @Test
  void aBitThatWasFlippedAnywhereIsTurnedBack() throws Exception {
    var before = contents();
    var intact = disk.copy();
    for (int mdPage :
        List.of(thick.rootPage(), snapshot.rootPage(), blob(thin).image().extentPages()[0])) {
      for (int bit : List.of(0, 33, 64, 8 * 500 + 3, 8 * 4088, 8 * 4092 + 5)) {
        disk = intact.copy();
        byte[] page = md(mdPage);
        page[bit / 8] ^= (byte) (1 << bit % 8);
        putMd(mdPage, page);
        only(StoreFinding.BitsFlipped.class);
        repairsWithoutLoss(before);
        assertArrayEquals(intact.page(mdStart + mdPage), md(mdPage), "bit " + bit);
      }
    }
    disk = intact.copy();
    byte[] superBlock = disk.page(0);
    superBlock[29] ^= 4;
    disk.putPage(0, superBlock);
    DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {});
    assertArrayEquals(intact.page(0), disk.page(0));
  }

  @Test
  void aRootThatBreaksInAnUncleanStoreIsNotForgotten() throws Exception {
    OpenStore.load(disk, TYPE).touch();
    damage(thick.rootPage());
    assertEquals(
        List.of(StoreFinding.NotClosed.class, BlobFinding.RootBroken.class), kinds(check()));
    // Masks that do not know it would give its space away.
    var refusal =
        assertThrows(
            BlobstoreException.class,
            () -> DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {}));
    assertEquals(Kind.READ_ONLY, refusal.kind());
    assertEquals(List.of(), repair(givingUp(thick)));
    assertEquals(4, contents().size());
  }

  @Test
  void aMapWithAHole() throws Exception {
    var before = contents();
    damage(blob(snapshot).image().extentPages()[1]);
    var found = check();
    assertEquals(
        List.of(
            BlobFinding.MapHasHoles.class,
            BlobFinding.AncestorUnreadable.class,
            BlobFinding.AncestorUnreadable.class),
        kinds(found));
    assertEquals(
        "512-1023", ((BlobFinding.MapHasHoles) found.getFirst()).holes().getFirst().toString());
    assertEquals(List.of(), repair(givingUp(snapshot)));
    var after = contents();
    assertEquals(before.keySet(), after.keySet());
    for (var id : List.of(thin, snapshot, clone)) {
      for (int i = 0; i < 1100; i++) {
        int expected = i == 600 ? 0 : before.get(id).get(i);
        assertEquals(expected, after.get(id).get(i), id + " " + i);
      }
    }
  }

  @Test
  void aParentThatIsGone() throws Exception {
    var before = contents();
    int own = blob(thin).map().get(4);
    assertTrue(own > 0);
    putMd(snapshot.rootPage(), new byte[Page.BYTES]);
    OpenStore.load(disk, TYPE).touch();
    var found = check();
    assertEquals(
        List.of(
            StoreFinding.NotClosed.class,
            BlobFinding.ParentMissing.class,
            BlobFinding.ParentMissing.class),
        kinds(found));
    assertEquals(List.of(), repair(givingUp(thin, clone)));
    var after = contents();
    assertEquals(before.get(thin).get(3), after.get(thin).get(3));
    assertEquals(0, after.get(thin).get(600));
    assertEquals(before.get(clone).get(700), after.get(clone).get(700));
    assertEquals(before.get(thick), after.get(thick));
  }

  @Test
  void anUnreadableParentAndWhatHangsOnIt() throws Exception {
    var before = contents();
    damage(snapshot.rootPage());
    var refusal =
        assertThrows(
            BlobstoreException.class, () -> DiskRepair.run(disk, TYPE, givingUp(clone), _ -> {}));
    assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
    var left = repair(givingUp(snapshot, clone));
    assertEquals(List.of(BlobFinding.ParentMissing.class), kinds(left));
    assertEquals(List.of(), repair(givingUp(thin)));
    assertEquals(before.get(clone).get(700), contents().get(clone).get(700));
  }

  @Test
  void blobsThatComeFromEachOther() throws Exception {
    var store = OpenStore.load(disk, TYPE);
    var image = store.blob(snapshot).image().copy();
    image.link("SNAP", clone);
    Persist.image(store, store.blob(snapshot), image);
    store.unload();
    var found = check();
    assertEquals(3, found.size());
    assertTrue(found.stream().allMatch(BlobFinding.OwnAncestor.class::isInstance));
    assertEquals(List.of(), repair(givingUp(snapshot)));
  }

  @Test
  void aFlagThatNobodyKnows() throws Exception {
    putMd(thick.rootPage(), DamagedPages.withInvalidFlag(md(thick.rootPage()), 0x40));
    var found = only(BlobFinding.UnknownFlags.class);
    assertTrue(remedy(found) instanceof Remedy.Elsewhere);
  }

  @Test
  void aFlagThatForbidsChanges() throws Exception {
    putMd(thick.rootPage(), DamagedPages.withDataFlag(md(thick.rootPage()), 0x40));
    only(BlobFinding.MustNotChange.class);
  }

  @Test
  void clustersThatTwoBlobsHave() throws Exception {
    var before = contents();
    int mine = blob(thick).map().get(1);
    int page = blob(thin).image().extentPages()[0];
    putMd(page, DamagedPages.withCluster(md(page), 3, mine));
    before.get(thin).set(3, before.get(thick).get(1));
    var found = check();
    assertTrue(found.stream().anyMatch(BlobFinding.Shared.class::isInstance), found::toString);
    assertTrue(blob(thick).restriction().isPresent());
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    // Each reads what it read.
    assertEquals(before, contents());
    assertFalse(blob(thick).map().get(1) == blob(thin).map().get(3));
    assertTrue(blob(thick).restriction().isEmpty());
  }

  @Test
  void aListThatTwoBlobsHave() throws Exception {
    var store = OpenStore.load(disk, TYPE);
    var image = store.blob(thin).image().copy();
    image.extentPages()[0] = store.blob(clone).image().extentPages()[0];
    Persist.image(store, store.blob(thin), image);
    store.unload();
    var before = contents();
    assertEquals(before.get(clone).get(0), before.get(thin).get(0));
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    assertEquals(before, contents());
    assertFalse(blob(thin).image().extentPages()[0] == blob(clone).image().extentPages()[0]);
  }

  @Test
  void aParentThatCanBeWritten() throws Exception {
    var store = OpenStore.load(disk, TYPE);
    var image = store.blob(snapshot).image().copy();
    image.flags(image.flags().withReadOnly(false));
    Persist.image(store, store.blob(snapshot), image);
    store.unload();
    only(BlobFinding.WritableParent.class);
    repairsWithoutLoss();
    assertTrue(blob(snapshot).isReadOnly());
  }

  @Test
  void aSnapshotThatNobodyCanFinish() throws Exception {
    var store = OpenStore.load(disk, TYPE);
    var image = store.blob(snapshot).image().copy();
    image.link("SNAPTMP", BlobId.ofRootPage(300));
    Persist.image(store, store.blob(snapshot), image);
    store.unload();
    assertEquals(snapshot, only(BlobFinding.SnapshotStuck.class).blob());
  }

  @Test
  void aListThatIsTooLong() throws Exception {
    int page = blob(thin).image().extentPages()[0];
    int slots = blob(thin).image().extentPages().length;
    assertEquals(3, slots);
    int last = blob(snapshot).image().extentPages()[2];
    putMd(last, DamagedPages.withEntries(md(last), 100));
    assertTrue(page > 0);
    assertEquals(snapshot, only(BlobFinding.ListsOfWrongLength.class).blob());
    repairsWithoutLoss();
  }

  @Test
  void aThickBlobThatIsShorterThanItSays() throws Exception {
    int page = blob(thick).image().extentPages()[0];
    putMd(page, DamagedPages.withEntries(md(page), 4));
    var found = check();
    assertTrue(found.contains(new BlobFinding.ShorterThanStated(thick, 4, true)), found::toString);
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    assertEquals(4, blob(thick).map().clusters());
  }

  // The repair itself.

  @Test
  void whereNothingIsWrongNothingIsDone() throws Exception {
    var before = disk.copy();
    var report =
        DiskRepair.run(
            disk,
            TYPE,
            RepairOrder.losingNothing(),
            _ -> {
              throw new AssertionError("nothing is to be kept");
            });
    assertEquals(0, report.changedPages());
    assertEquals(new BitSet(), differences(before, disk));
  }

  @Test
  void withoutCopiesNothingIsChanged() throws Exception {
    OpenStore.load(disk, TYPE).touch();
    var before = disk.copy();
    var refusal =
        assertThrows(
            BlobstoreException.class,
            () ->
                DiskRepair.run(
                    disk,
                    TYPE,
                    RepairOrder.losingNothing(),
                    _ -> {
                      throw new IOException("no space left");
                    }));
    assertEquals(Kind.IO, refusal.kind());
    assertEquals(new BitSet(), differences(before, disk));
  }

  @Test
  void whatIsInOrderIsNotGivenUp() {
    var refusal =
        assertThrows(
            BlobstoreException.class, () -> DiskRepair.run(disk, TYPE, givingUp(thick), _ -> {}));
    assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
  }

  @Test
  void copiesAreOfNoUseOnceTheDiskHasChanged() throws Exception {
    OpenStore.load(disk, TYPE).touch();
    var kept = new ArrayList<byte[]>();
    DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), kept::add);
    var store = OpenStore.load(disk, TYPE);
    Creation.create(store, BlobSpec.thin(3));
    store.unload();
    var before = disk.copy();
    assertThrows(BlobstoreException.class, () -> DiskRepair.undo(disk, kept.getFirst()));
    assertEquals(new BitSet(), differences(before, disk));
    byte[] other = kept.getFirst().clone();
    other[700] ^= 1;
    assertThrows(BlobstoreException.class, () -> DiskRepair.undo(disk, other));
  }

  @Test
  void masksAreNotMadeWhileClustersOfABlobAreUnknown() throws Exception {
    OpenStore.load(disk, TYPE).touch();
    damage(blob(thick).image().extentPages()[0]);
    OpenStore.load(disk, TYPE).unload();
    var store = OpenStore.load(disk, TYPE);
    assertThrows(BlobstoreException.class, store::checkAllocation);
    assertEquals(
        List.of(StoreFinding.NotClosed.class, BlobFinding.MapHasHoles.class), kinds(check()));
  }
}
