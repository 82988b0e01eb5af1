package io.tenon.blobstore.internal;

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
import org.junit.jupiter.api.Test;

/** One disk for each thing that can be wrong with a store as a whole: it is found, repaired as announced, and taken back. */
class DiskRepairTest extends DamagedStore {
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
