package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.MapForm;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What an unmap of whole clusters does to maps and metadata. */
class ReleaseTest {
  private static final int PAGES = 16;
  private static final long CLUSTER = PAGES * 4096L;

  private MemoryDisk disk = new MemoryDisk(3_000 * CLUSTER, 512);
  private OpenStore store = format();

  private OpenStore format() {
    try {
      return Format.run(disk, CLUSTER, 100, "TEST");
    } catch (BlobstoreException e) {
      throw new AssertionError(e);
    }
  }

  private BlobId filled(int clusters, MapForm form) throws BlobstoreException {
    var id = Creation.create(store, BlobSpec.thin(clusters).withForm(form));
    for (int cluster = 0; cluster < clusters; ) {
      var allocation = new Allocation(store);
      for (int i = 0; i < Allocation.MOST_CLUSTERS && cluster < clusters; i++, cluster++) {
        allocation.add(store.blob(id), cluster);
      }
      allocation.commit();
    }
    return id;
  }

  private void release(BlobId id, int first, int count) throws BlobstoreException {
    var release = new Release(store);
    release.add(store.blob(id), first, count);
    release.commit();
  }

  private void reload() throws BlobstoreException {
    store = OpenStore.load(disk, "TEST");
    assertEquals("", String.join(" ", store.findings()));
  }

  @Test
  void clustersAreFreeAndTheMapKnowsThemNoMoreAfterALoadOfEitherKind() throws Exception {
    for (MapForm form : MapForm.values()) {
      var id = filled(20, form);
      int free = store.freeClusters();
      release(id, 3, 5);
      assertEquals(free + 5, store.freeClusters());
      reload();
      assertEquals(15, store.blob(id).map().allocated());
      assertEquals(0, store.blob(id).map().get(7));
      assertEquals(free + 5, store.freeClusters());
      store.unload();
      reload();
      assertEquals(free + 5, store.freeClusters());
    }
  }

  @Test
  void aClusterThatHidesItsParentsDataStays() throws Exception {
    var origin = filled(4, MapForm.TABLE);
    var snapshot = Snapshots.create(store, origin, Map.of());
    var allocation = new Allocation(store);
    allocation.add(store.blob(origin), 1);
    allocation.commit();
    Resize.run(store, origin, 8);
    allocation = new Allocation(store);
    allocation.add(store.blob(origin), 6);
    allocation.commit();
    int mine = store.blob(origin).map().get(1);

    release(origin, 0, 8);

    assertEquals(mine, store.blob(origin).map().get(1), "its own, in place of the parent's");
    assertEquals(0, store.blob(origin).map().get(6), "the parent ends before it");
    release(snapshot, 0, 4);
    assertEquals(4, store.blob(snapshot).map().allocated(), "a snapshot keeps what it has");
  }

  @Test
  void aThickBlobKeepsItsClusters() throws Exception {
    var id = Creation.create(store, BlobSpec.thick(4));
    release(id, 0, 4);
    assertEquals(4, store.blob(id).map().allocated());
  }

  @Test
  void aThousandClustersAreTakenBackWithOneWriteForEachList() throws Exception {
    var id = filled(2_048, MapForm.TABLE);
    store.unload();
    var recording = RecordingDisk.on(disk);
    store = OpenStore.load(recording, "TEST");
    release(id, 2_000, 1);
    int before = recording.writes();
    // Half of two lists, and all of the one between: two pages and a root, and as much again for
    // the journal.
    release(id, 256, 1_024);
    int written = recording.writes() - before;
    assertTrue(written <= 10, written + " pages written for 1024 clusters");
    assertEquals(1_023, store.blob(id).map().allocated());
  }

  @Test
  void aListThatIsEmptyGoesAndItsPageIsFree() throws Exception {
    var id = filled(1_100, MapForm.TABLE);
    int free = store.space().freePages();
    release(id, 0, 1_024);
    assertEquals(free + 2, store.space().freePages());
    assertEquals(0, store.blob(id).image().extentPages()[0]);
    reload();
    assertEquals(free + 2, store.space().freePages());
    assertEquals(76, store.blob(id).map().allocated());
  }

  @Test
  void withoutAFreePageAnEmptyListStaysAndItsClustersGoAllTheSame() throws Exception {
    var xattrs = Map.of("large", new byte[3_900], "larger", new byte[3_900]);
    var id = Creation.create(store, BlobSpec.thin(600).withForm(MapForm.TABLE).withXattrs(xattrs));
    var allocation = new Allocation(store);
    for (int cluster = 0; cluster < 20; cluster++) allocation.add(store.blob(id), cluster);
    allocation.commit();
    assertTrue(store.blob(id).image().chainPages().length > 0);
    while (store.space().freePages() > 0) Creation.create(store, BlobSpec.thin(1));
    int free = store.freeClusters();
    release(id, 0, 20);
    assertEquals(free + 20, store.freeClusters());
    assertTrue(store.blob(id).image().extentPages()[0] != 0);
    reload();
    assertEquals(0, store.blob(id).map().allocated());
  }

  @Test
  void whoNeedsAClusterNowClearsWhatIsFreeSoon() throws Exception {
    disk = new MemoryDisk(40 * CLUSTER, 512);
    store = format();
    var id = filled(store.freeClusters(), MapForm.TABLE);
    assertEquals(0, store.freeClusters());
    release(id, 0, 3);
    assertEquals(0, store.space().freeClusters(), "not cleared yet");
    Creation.create(store, BlobSpec.thick(3));
    assertEquals(0, store.freeClusters());
  }
}
