package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.blobstore.internal.layout.Reseal;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Cases that the random tests meet rarely, and what is refused. */
class OperationsTest {
  private static final int CLUSTER_PAGES = 16;
  private static final long CLUSTER = CLUSTER_PAGES * 4096L;
  private static final String TYPE = "TEST";

  private MemoryDisk disk = new MemoryDisk(64 * CLUSTER, 512);
  private OpenStore store = opened();

  private OpenStore opened() {
    try {
      return Format.run(disk, CLUSTER, 100, TYPE);
    } catch (BlobstoreException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeEach
  void start() {
    disk = new MemoryDisk(64 * CLUSTER, 512);
    store = opened();
  }

  private void reload() throws BlobstoreException {
    store = OpenStore.load(disk, TYPE);
  }

  private void write(BlobId id, int cluster, long stamp) throws BlobstoreException {
    var allocation = new Allocation(store);
    var blob = store.blob(id);
    Allocation.checkWritable(store, blob);
    allocation.add(blob, cluster);
    allocation.commit();
    var page = new byte[Page.BYTES];
    ByteBuffer.wrap(page).putLong(stamp);
    disk.putPage((long) blob.map().get(cluster) * CLUSTER_PAGES, page);
  }

  private long read(BlobId id, int cluster) throws BlobstoreException {
    int found = store.blob(id).view().find(cluster);
    return found == 0 ? 0 : disk.stampAt((long) found * CLUSTER_PAGES);
  }

  private interface Operation {
    void run() throws BlobstoreException;
  }

  private static BlobstoreException refused(Kind kind, Operation operation) {
    var e = assertThrows(BlobstoreException.class, operation::run);
    assertEquals(kind, e.kind(), e.getMessage());
    return e;
  }

  @Test
  void whatASmallerSnapshotHidStaysHiddenWhenItIsDeleted() throws Exception {
    var blob = Creation.create(store, BlobSpec.thin(8));
    write(blob, 6, 66);
    var large = Snapshots.create(store, blob, Map.of());
    Resize.run(store, blob, 4);
    var small = Snapshots.create(store, blob, Map.of());
    Resize.run(store, blob, 8);
    assertEquals(0, read(blob, 6));

    Deletion.delete(store, small);
    assertEquals(0, read(blob, 6));
    assertEquals(66, read(large, 6));
    reload();
    assertEquals(0, read(blob, 6));
    assertEquals(large, store.blob(blob).image().parent().orElseThrow());
  }

  @Test
  void aMergedListHasTheLengthOfItsNewOwner() throws Exception {
    var grown = Creation.create(store, BlobSpec.thin(8));
    write(grown, 5, 55);
    var snapshot = Snapshots.create(store, grown, Map.of());
    Resize.run(store, grown, 20);
    Deletion.delete(store, snapshot);
    var cut = Creation.create(store, BlobSpec.thin(8));
    write(cut, 7, 77);
    write(cut, 1, 11);
    snapshot = Snapshots.create(store, cut, Map.of());
    Resize.run(store, cut, 3);
    Deletion.delete(store, snapshot);
    store.unload();

    var loaded = StoreLoader.load(disk, TYPE);
    assertTrue(loaded.wrongSlots.isEmpty(), "the original would believe these lists");
    reload();
    assertEquals(20, store.blob(grown).map().clusters());
    assertEquals(55, read(grown, 5));
    assertEquals(3, store.blob(cut).map().clusters());
    assertEquals(11, read(cut, 1));
  }

  @Test
  void aSnapshotNeedsNoClustersAndAFullStoreRefusesWritesToTheOrigin() throws Exception {
    int free = store.space().freeClusters();
    var blob = Creation.create(store, BlobSpec.thick(free));
    assertEquals(0, store.space().freeClusters());
    Snapshots.create(store, blob, Map.of());
    var why = refused(Kind.NO_SPACE, () -> write(blob, 0, 1));
    assertTrue(why.getMessage().contains("0 of"), why.getMessage());
    refused(Kind.NO_SPACE, () -> Creation.create(store, BlobSpec.thick(1)));
    assertEquals(0, store.space().freeClusters());
    reload();
    assertEquals(2, store.blobs().size());
  }

  @Test
  void whenPagesRunOutNothingIsLeftBehind() throws Exception {
    while (store.space().freePages() > 0) Creation.create(store, BlobSpec.thin(1));
    int blobs = store.blobs().size();
    refused(Kind.NO_METADATA_PAGE, () -> Creation.create(store, BlobSpec.thin(1)));
    var any = store.blobs().firstKey();
    refused(Kind.NO_METADATA_PAGE, () -> Snapshots.create(store, any, Map.of()));
    refused(Kind.NO_METADATA_PAGE, () -> write(any, 0, 1));
    var tooLong = Optional.of(new byte[4040]);
    refused(Kind.NO_METADATA_PAGE, () -> Attributes.change(store, any, Map.of("long", tooLong)));
    reload();
    assertEquals(blobs, store.blobs().size());
    assertEquals(0, store.blob(any).map().allocated());
    Deletion.delete(store, store.blobs().lastKey());
    write(any, 0, 1);
    assertEquals(1, read(any, 0));
  }

  @Test
  void snapshotsAreNotChangedAndParentsOfSeveralAreNotDeleted() throws Exception {
    var blob = Creation.create(store, BlobSpec.thin(4));
    var snapshot = Snapshots.create(store, blob, Map.of());
    refused(Kind.READ_ONLY, () -> write(snapshot, 0, 1));
    refused(Kind.READ_ONLY, () -> Resize.run(store, snapshot, 2));
    refused(Kind.READ_ONLY, () -> Snapshots.create(store, snapshot, Map.of()));
    refused(Kind.INVALID_ARGUMENT, () -> Creation.cloneOf(store, blob, Map.of()));
    var clone = Creation.cloneOf(store, snapshot, Map.of());
    refused(Kind.IN_USE, () -> Deletion.delete(store, snapshot));
    Deletion.delete(store, clone);
    Deletion.delete(store, snapshot);
    refused(Kind.NOT_FOUND, () -> Deletion.delete(store, snapshot));
    refused(
        Kind.INVALID_ARGUMENT,
        () -> Attributes.change(store, blob, Map.of("x", Optional.of(new byte[5000]))));
  }

  @Test
  void afterAFailureNothingMoreIsChangedUntilTheStoreIsLoadedAgain() throws Exception {
    var blob = Creation.create(store, BlobSpec.thin(4));
    store.unload();
    for (int flushes = 0; flushes < 20; flushes++) {
      var failing = new FailingDisk(disk.copy(), Integer.MAX_VALUE);
      var onIt = OpenStore.load(failing, TYPE);
      failing.flushesLeft(flushes);
      try {
        Snapshots.create(onIt, blob, Map.of());
        return;
      } catch (BlobstoreException e) {
        assertEquals(Kind.IO, e.kind());
      }
      failing.flushesLeft(Integer.MAX_VALUE);
      var why = refused(Kind.SUSPENDED, () -> Creation.create(onIt, BlobSpec.thin(1)));
      assertTrue(why.getMessage().contains("The disk failed"), why.getMessage());
      refused(Kind.SUSPENDED, onIt::unload);
      var again = OpenStore.load(failing, TYPE);
      Creation.create(again, BlobSpec.thin(1));
    }
    throw new AssertionError("a snapshot needs no more than 20 flushes");
  }

  /** Which clusters the damaged blob has is not known, so any of the free ones may be its. */
  @Test
  void noSpaceIsGivenOutWhileAnUncleanStoreHasABlobWithAnUnreadableList() throws Exception {
    var intact = Creation.create(store, BlobSpec.thin(4));
    write(intact, 0, 10);
    var damaged = Creation.create(store, BlobSpec.thick(4));
    int list = store.blob(damaged).image().extentPages()[0];
    long page = store.layout().diskPage(list);
    byte[] content = disk.page(page);
    content[40] ^= 1;
    disk.putPage(page, content);

    reload();
    assertTrue(store.unopened().containsKey(damaged), store.unopened()::toString);
    assertEquals(10, read(intact, 0));
    var why = refused(Kind.NO_SPACE, () -> write(intact, 1, 11));
    assertTrue(why.getMessage().contains(damaged.toString()), why.getMessage());
    refused(Kind.NOT_FOUND, () -> Deletion.delete(store, damaged));
    assertEquals(10, read(intact, 0));
  }

  @Test
  void anUnknownFlagIsRefusedByNameAndItsClustersAreKept() throws Exception {
    var strange = Creation.create(store, BlobSpec.thick(4));
    int free = store.space().freeClusters();
    long root = store.layout().diskPage(strange.rootPage());
    byte[] content = disk.page(root);
    content[21] |= 0x20;
    Reseal.page(content);
    disk.putPage(root, content);

    reload();
    String why = store.unopened().get(strange);
    assertTrue(why != null && why.contains("unknown 0x20 of the invalid flags"), why);
    assertEquals(free, store.space().freeClusters());
    Creation.create(store, BlobSpec.thick(free));
    store.unload();
    reload();
    assertEquals(0, store.space().freeClusters());
  }

  @Test
  void unknownFlagsOfReadOnlyKindLetReadAndRefuseChanges() throws Exception {
    var strange = Creation.create(store, BlobSpec.thin(4));
    write(strange, 0, 10);
    long root = store.layout().diskPage(strange.rootPage());
    byte[] content = disk.page(root);
    content[29] |= 0x40;
    Reseal.page(content);
    disk.putPage(root, content);

    reload();
    assertEquals(10, read(strange, 0));
    var why = refused(Kind.READ_ONLY, () -> write(strange, 1, 1));
    assertTrue(why.getMessage().contains("unknown 0x40"), why.getMessage());
    refused(Kind.READ_ONLY, () -> Deletion.delete(store, strange));
  }

  @Test
  void clustersThatTwoBlobsClaimAreReadAndNotChanged() throws Exception {
    var first = Creation.create(store, BlobSpec.thick(2));
    var second = Creation.create(store, BlobSpec.thick(2));
    var image = store.blob(second).image();
    byte[] its = disk.page(store.layout().diskPage(store.blob(first).image().extentPages()[0]));
    disk.putPage(store.layout().diskPage(image.extentPages()[0]), its);

    reload();
    for (BlobId id : new BlobId[] {first, second}) {
      var why = refused(Kind.READ_ONLY, () -> Deletion.delete(store, id));
      assertTrue(why.getMessage().contains("not its alone"), why.getMessage());
    }
    assertEquals(2, store.findings().size());
  }

  @Test
  void freedClustersAreClearedAsTheBlobSays() throws Exception {
    for (ClearMethod method : ClearMethod.values()) {
      var blob = Creation.create(store, BlobSpec.thin(2).withClearMethod(method));
      write(blob, 0, 42);
      int cluster = store.blob(blob).map().get(0);
      Deletion.delete(store, blob);
      long left = disk.stampAt((long) cluster * CLUSTER_PAGES);
      switch (method) {
        case NONE -> assertEquals(42, left);
        case WRITE_ZEROES -> assertEquals(0, left);
        case DEFAULT, UNMAP -> assertFalse(left == 42, "unmapped clusters hold garbage here");
      }
    }
  }

  @Test
  void aStoreGrowsAsFarAsItsMaskHasRoom() throws Exception {
    int before = store.space().freeClusters();
    disk.resize(100 * CLUSTER);
    store.grow();
    assertEquals(before + 36, store.space().freeClusters());
    var blob = Creation.create(store, BlobSpec.thick(before + 36));
    store.unload();
    reload();
    assertEquals(before + 36, store.blob(blob).map().allocated());
    disk.resize(40_000 * CLUSTER);
    refused(Kind.NO_SPACE, store::grow);
    reload();
    assertEquals(100, store.layout().totalClusters());
  }

  @Test
  void runsThatNeedManyPagesComeBack() throws Exception {
    disk = new MemoryDisk(4_000 * CLUSTER, 4096);
    store = opened();
    var blob = Creation.create(store, BlobSpec.thin(3_000).withForm(MapForm.RUNS));
    for (int cluster = 0; cluster < 3_000; cluster += 2) {
      var allocation = new Allocation(store);
      for (int i = 0; i < 40 && cluster < 3_000; i += 2, cluster += 2) {
        allocation.add(store.blob(blob), cluster);
      }
      allocation.commit();
      cluster -= 2;
    }
    int[] chain = store.blob(blob).image().chainPages();
    assertTrue(chain.length >= 5, Arrays.toString(chain));
    var before = store.blob(blob).map();
    reload();
    var after = store.blob(blob).map();
    assertEquals(1_500, after.allocated());
    for (int i = 0; i < 3_000; i++) assertEquals(before.get(i), after.get(i));
  }
}
