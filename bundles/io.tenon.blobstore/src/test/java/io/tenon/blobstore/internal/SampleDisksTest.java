package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.layout.SuperBlock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Disks of the original hold here what they hold there. */
class SampleDisksTest {
  static List<Samples.Disk> disks() {
    return Samples.all();
  }

  @ParameterizedTest
  @MethodSource("disks")
  void everyBlobIsThereWithItsNameSizeFlagsParentAttributesAndContent(Samples.Disk sample)
      throws Exception {
    var disk = sample.open();
    var store = StoreLoader.load(disk, Samples.TYPE);
    check(sample, disk, store);
  }

  @ParameterizedTest
  @MethodSource("disks")
  void theStoreIsAsLargeAndAsFullAsItIsForTheOriginal(Samples.Disk sample) throws Exception {
    var store = StoreLoader.load(sample.open(), Samples.TYPE);
    var layout = store.layout();
    assertEquals(sample.totalClusters(), layout.totalClusters());
    assertEquals(sample.clusterBytes(), layout.clusterBytes());
    assertEquals(sample.clean(), layout.superBlock().clean());
    var space = new Space(layout, store.usedPages, store.usedClusters);
    assertEquals(sample.freeClusters(), space.freeClusters());
    assertEquals(sample.usedPages(), store.usedPages.cardinality());
    assertEquals("", store.noAllocation);
  }

  /** As a hand-over: what the next one finds, be it us or the original, is in order. */
  @ParameterizedTest
  @MethodSource("disks")
  void theSameIsThereAfterImportUnloadAndImport(Samples.Disk sample) throws Exception {
    var disk = sample.open();
    OpenStore.load(disk, Samples.TYPE).unload();
    ModelTest.checkMasks(disk, Samples.TYPE);
    var store = StoreLoader.load(disk, Samples.TYPE);
    check(sample, disk, store);
    assertTrue(store.wrongSlots.isEmpty(), "lists are as long as tables say");
    assertTrue(store.toErase.isEmpty() && store.toFinish.isEmpty());
    for (var blob : store.blobs.values()) {
      var internal = blob.image().internalXattrs().keySet();
      assertTrue(Set.of("SNAP").containsAll(internal), internal::toString);
    }
  }

  @ParameterizedTest
  @MethodSource("disks")
  void aCleanDiskThatIsOnlyLookedAtKeepsEveryByte(Samples.Disk sample) throws Exception {
    if (!sample.clean() || sample.file().equals("pool-short-map.img.gz")) return;
    var recording = RecordingDisk.on(sample.open());
    OpenStore.load(recording, Samples.TYPE).unload();
    assertEquals(0, recording.writes());
  }

  /** The samples as if they had been made by older releases, which had no mask of blobs. */
  @ParameterizedTest
  @MethodSource("disks")
  void storesOfOlderVersionsAreAlwaysRecovered(Samples.Disk sample) throws Exception {
    // All of them would take long, and show the same.
    if (sample.clusterBytes() > 1 << 20) return;
    for (int version = 1; version < 3; version++) {
      var disk = sample.open();
      var now = SuperBlock.parse(disk.page(0));
      disk.putPage(0, OldStores.of(now, version).encode());
      check(sample, disk, StoreLoader.load(disk, Samples.TYPE));
      OpenStore.load(disk, Samples.TYPE).unload();
      check(sample, disk, StoreLoader.load(disk, Samples.TYPE));
    }
  }

  /** A sample's blobs, and the blob that carries the pool's name. */
  static void check(Samples.Disk sample, MemoryDisk disk, LoadedStore store) {
    assertTrue(store.unopened.isEmpty(), store.unopened::toString);
    var superBlob = store.blobs.get(store.layout().superBlock().superBlobId().orElseThrow());
    assertEquals(sample.poolName(), text(superBlob, "name"));
    assertEquals(sample.poolUuid(), text(superBlob, "uuid"));
    assertEquals(sample.blobs().size() + 1, store.blobs.size());
    for (var expected : sample.blobs()) {
      var blob = store.blobs.get(new BlobId(Long.decode(expected.id())));
      String name = expected.name();
      assertEquals(name, text(blob, "name"));
      assertEquals(expected.uuid(), text(blob, "uuid"), name);
      assertEquals(expected.bytes(), blob.map().clusters() * sample.clusterBytes(), name);
      assertEquals(expected.thin(), blob.image().flags().isThin(), name);
      assertEquals(expected.readOnly(), blob.isReadOnly(), name);
      assertEquals(expected.ownClusters(), blob.map().allocated(), name);
      assertEquals(expected.table(), blob.image().form() == MapForm.TABLE, name);
      assertEquals(expected.clearMethod(), blob.image().flags().clearMethod().number(), name);
      var parent = blob.parent();
      assertEquals(expected.parent(), parent == null ? "-" : text(parent, "name"), name);
      assertEquals(expected.xattrs(), xattrs(blob), name);
      assertFalse(blob.restriction().isPresent(), name);
      assertEquals(
          expected.sha256(), Samples.sha256(blob.view(), disk, sample.clusterBytes()), name);
    }
  }

  private static String text(StoredBlob blob, String xattr) {
    return new String(blob.image().xattrs().get(xattr), UTF_8).replaceAll("\0+$", "");
  }

  private static Map<String, String> xattrs(StoredBlob blob) {
    var found = new TreeMap<String, String>();
    for (String name : blob.image().xattrs().keySet()) {
      if (!name.equals("name") && !name.equals("uuid")) found.put(name, text(blob, name));
    }
    return found;
  }

  @Test
  void anInterruptedSnapshotIsErasedAndAnInterruptedDeletionKeepsTheSnapshot() throws Exception {
    var begun = StoreLoader.load(Samples.named("pool-crash-snap.img.gz").open(), Samples.TYPE);
    assertEquals(List.of(new BlobId(0x100000005L)), begun.toErase);
    var deleting = StoreLoader.load(Samples.named("pool-crash-del.img.gz").open(), Samples.TYPE);
    assertEquals(1, deleting.toFinish.size());
    assertFalse(deleting.wrongSlots.isEmpty(), "the child lists clusters of its parent");
  }

  @Test
  void mapsThatTheOriginalCutWrongAreAsLongAsTheirTableSays() throws Exception {
    var store = StoreLoader.load(Samples.named("pool-short-map.img.gz").open(), Samples.TYPE);
    assertEquals(2, store.wrongSlots.size());
  }
}
