package io.tenon.blobstore.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reader reads disks of the original as their description says. */
class SampleDisksTest {
  @TempDir Path directory;

  static List<Samples.Disk> disks() {
    return Samples.all();
  }

  @ParameterizedTest
  @MethodSource("disks")
  void everyLvolIsThereWithItsNameSizeFlagsParentAttributesAndContent(Samples.Disk sample)
      throws Exception {
    try (var disk = PoolDiskReader.read(sample.copyTo(directory))) {
      assertEquals(sample.sha256(), Samples.sha256(disk.image));
      check(sample, disk);
    }
  }

  static void check(Samples.Disk sample, PoolDisk disk) throws Exception {
    assertTrue(disk.unopened.isEmpty(), disk.unopened::toString);
    var pool = disk.blob(disk.superPage.superBlob());
    assertEquals(sample.poolName(), pool.text("name"));
    assertEquals(sample.poolUuid(), pool.text("uuid"));
    assertEquals(sample.lvols().size() + 1, disk.blobs.size());
    for (var expected : sample.lvols()) checkLvol(sample, expected, disk);
  }

  private static void checkLvol(Samples.Disk sample, Samples.Lvol expected, PoolDisk disk)
      throws Exception {
    String name = expected.name();
    var blob = disk.named(name);
    assertEquals(expected.id(), blob.id, name);
    assertEquals(expected.uuid(), blob.text("uuid"), name);
    assertEquals(expected.bytes(), blob.map.length * sample.clusterBytes(), name);
    assertEquals(expected.thin(), blob.isThin(), name);
    assertEquals(expected.readOnly(), blob.readOnly, name);
    assertEquals(expected.table(), blob.hasTable, name);
    assertEquals(expected.clearMethod(), blob.clearMethod(), name);
    var parent = blob.parent == 0 ? "-" : disk.blob(blob.parent).text("name");
    assertEquals(expected.parent(), parent, name);
    var xattrs = new TreeMap<String, String>();
    for (String key : blob.xattrs.keySet()) {
      if (!key.equals("name") && !key.equals("uuid")) xattrs.put(key, blob.text(key));
    }
    assertEquals(expected.xattrs(), xattrs, name);
    long own = expected.ownClusters();
    // It lists two clusters of its parent, whose deletion was interrupted.
    if (sample.file().equals("pool-crash-del.img.gz") && name.equals("rep")) own -= 2;
    assertEquals(own, blob.allocated(), name);
    assertEquals(expected.sha256(), Samples.sha256(disk, blob), name);
  }

  @ParameterizedTest
  @MethodSource("disks")
  void theStoreIsAsLargeAndAsFullAsTheDescriptionSays(Samples.Disk sample) throws Exception {
    try (var disk = PoolDiskReader.read(sample.copyTo(directory))) {
      var superPage = disk.superPage;
      assertEquals(sample.blockBytes(), superPage.ioUnitSize());
      assertEquals(sample.clusterBytes(), superPage.clusterSize());
      assertEquals(sample.totalClusters(), superPage.totalClusters());
      assertEquals(sample.mdClusters(), superPage.mdClusters());
      assertEquals(sample.mdStart(), superPage.mdStart());
      assertEquals(sample.mdLen(), superPage.mdLen());
      assertEquals(sample.clean(), superPage.isClean());
      assertEquals(sample.clean(), disk.remarks.isEmpty());
      assertEquals(sample.usedPages(), disk.usedPages.cardinality());
      assertEquals(sample.freeClusters(), disk.freeClusters());
    }
  }

  /** Sound ones and one that is not clean, whose masks have to be passed over. */
  @Test
  void nothingIsInconsistentOnDisksThatAreSound() throws Exception {
    for (String file : List.of("pool-512-4m.img.gz", "pool-4k-1m.img.gz", "pool-dirty.img.gz")) {
      try (var disk = PoolDiskReader.read(Samples.named(file).copyTo(directory))) {
        assertEquals(List.of(), disk.inconsistencies, file);
      }
    }
  }

  @Test
  void whatTheOriginalLeftInconsistentIsNamed() throws Exception {
    assertEquals(
        List.of(
            "Blob 0x100000005 was being made when the store stopped; it goes, without its clusters."),
        inconsistencies("pool-crash-snap.img.gz"));
    assertEquals(
        List.of(
            "Blob 0x100000005 was being removed when the store stopped; it stays.",
            "Blob 0x100000001 lists 2 clusters of its ancestors."),
        inconsistencies("pool-crash-del.img.gz"));
    assertEquals(
        List.of(
            "Blob 0x100000001: extent page 2 lists 20 clusters instead of 24.",
            "Blob 0x100000003: extent page 4 lists 16 clusters instead of 9."),
        inconsistencies("pool-short-map.img.gz"));
  }

  private List<String> inconsistencies(String file) throws Exception {
    try (var disk = PoolDiskReader.read(Samples.named(file).copyTo(directory))) {
      return disk.inconsistencies;
    }
  }
}
