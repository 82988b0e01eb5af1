package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Remedy;
import io.tenon.blobstore.RepairOrder;
import io.tenon.blobstore.internal.layout.DamagedPages;
import io.tenon.blobstore.internal.layout.Page;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;

/** A store of everything for tests that damage it: what is done to its disk, what is then seen, and its repair. */
abstract class DamagedStore {
  static final String TYPE = "TEST";
  static final int CLUSTER = 64 << 10;
  static final int PAGES_PER_CLUSTER = CLUSTER / Page.BYTES;

  MemoryDisk disk;
  BlobId owner;
  BlobId thick;
  BlobId snapshot;
  BlobId thin;
  BlobId clone;
  long mdStart;

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

  static BlobSpec spec(BlobSpec spec, String name) {
    return spec.withClearMethod(ClearMethod.NONE).withXattrs(Map.of("name", bytes(name)));
  }

  static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  static void write(OpenStore store, BlobId id, int... clusters) throws Exception {
    var step = new Allocation(store);
    for (int cluster : clusters) step.add(store.blob(id), cluster);
    step.commit();
  }

  /** Each cluster of data tells its number. */
  void fill(OpenStore store) {
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

  byte[] md(int mdPage) {
    return disk.page(mdStart + mdPage);
  }

  void putMd(int mdPage, byte[] page) {
    disk.putPage(mdStart + mdPage, page);
  }

  StoredBlob blob(BlobId id) throws Exception {
    var blob = StoreLoader.load(disk, TYPE).blobs.get(id);
    if (blob == null) throw new AssertionError("no " + id);
    return blob;
  }

  List<Finding> check() throws Exception {
    return DiskCheck.of(disk, TYPE).findings();
  }

  static List<?> kinds(List<Finding> findings) {
    return findings.stream().map(Object::getClass).toList();
  }

  /** What each blob holds, cluster by cluster: the number that was written there, 0 for zeroes. */
  Map<BlobId, List<Integer>> contents() throws Exception {
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
  List<Finding> repair(RepairOrder order) throws Exception {
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

  BitSet metadataDifferences(MemoryDisk a, MemoryDisk b) {
    var different = differences(a, b);
    different.clear((int) (mdStart + 400), Integer.MAX_VALUE);
    return different;
  }

  static BitSet differences(MemoryDisk a, MemoryDisk b) {
    var different = new BitSet();
    for (int page = 0; page < a.sizeBytes() / Page.BYTES; page++) {
      if (!java.util.Arrays.equals(a.page(page), b.page(page))) different.set(page);
    }
    return different;
  }

  <F extends Finding> F only(Class<F> kind) throws Exception {
    var found = check();
    assertEquals(List.of(kind), kinds(found), found::toString);
    return kind.cast(found.getFirst());
  }

  Remedy remedy(Finding finding) {
    return finding.remedy(BlobId::toString);
  }

  void repairsWithoutLoss() throws Exception {
    repairsWithoutLoss(contents());
  }

  void repairsWithoutLoss(Map<BlobId, List<Integer>> before) throws Exception {
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    assertEquals(before, contents());
  }

  void editMask(long page, java.util.function.Consumer<BitSet> edit) {
    disk.putPage(page, DamagedPages.mask(disk.page(page), edit));
  }

  long clusterMask() throws Exception {
    return StoreLoader.load(disk, TYPE).layout().superBlock().clusterMaskStart();
  }

  long blobMask() throws Exception {
    return StoreLoader.load(disk, TYPE).layout().superBlock().blobidMaskStart();
  }

  void damage(int mdPage) {
    byte[] page = md(mdPage);
    page[100] ^= 1;
    page[4000] ^= 0x10;
    putMd(mdPage, page);
  }

  RepairOrder givingUp(BlobId... blobs) {
    return RepairOrder.losingNothing().givingUp(Set.of(blobs));
  }
}
