package io.tenon.blobstore.itest;

import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether what is on a disk fits together: who uses what, masks, parents. */
final class PoolDiskChecker {
  private final PoolDisk disk;
  private final MetadataRegion region;
  private final List<String> problems;
  private final Map<Long, PoolBlob> pageOwners = new HashMap<>();
  private final Map<Long, PoolBlob> clusterOwners = new HashMap<>();

  PoolDiskChecker(PoolDisk disk, MetadataRegion region) {
    this.disk = disk;
    this.region = region;
    this.problems = disk.inconsistencies;
  }

  void check() throws IOException {
    disk.unopened.forEach(
        (id, why) -> problems.add("Blob %s cannot be opened: %s.".formatted(Bytes.hex(id), why)));
    disk.usedClusters.set(0, Math.toIntExact(disk.superPage.mdClusters()));
    for (var blob : disk.blobs.values()) {
      for (long page : blob.pages) claimPage(blob, page);
      for (long page : blob.slots) if (page != 0) claimPage(blob, page);
      for (long cluster : blob.map) if (cluster != 0) claimCluster(blob, cluster);
      checkParent(blob);
    }
    checkSuperBlob();
    if (disk.superPage.isClean()) checkMasks();
    checkFreePages();
    if (disk.superPage.type().equals("LVOLSTORE")) new LvolRules(disk).check(problems);
  }

  private void claimPage(PoolBlob blob, long page) {
    var other = pageOwners.put(page, blob);
    if (other != null) {
      problems.add("Metadata page %d is used by %s and by %s.".formatted(page, other, blob));
    }
    disk.usedPages.set((int) page);
  }

  private void claimCluster(PoolBlob blob, long cluster) {
    var other = clusterOwners.put(cluster, blob);
    if (other != null) {
      problems.add("Cluster %d is used by %s and by %s.".formatted(cluster, other, blob));
    }
    disk.usedClusters.set((int) cluster);
  }

  private void checkParent(PoolBlob blob) {
    if (blob.parent == 0) return;
    if (!disk.blob(blob.parent).readOnly) {
      problems.add("%s has a parent that is not read-only.".formatted(blob));
    }
  }

  private void checkSuperBlob() {
    long id = disk.superPage.superBlob();
    if (id == SuperPage.NO_BLOB) return;
    if (!disk.blobs.containsKey(id)) {
      problems.add("The super blob %s is not there.".formatted(Bytes.hex(id)));
    }
  }

  private void checkMasks() throws IOException {
    var superPage = disk.superPage;
    var pages =
        Mask.read(
            disk.image,
            0,
            superPage.pageMaskStart(),
            superPage.pageMaskLen(),
            superPage.mdLen(),
            problems);
    var clusters =
        Mask.read(
            disk.image,
            1,
            superPage.clusterMaskStart(),
            superPage.clusterMaskLen(),
            superPage.totalClusters(),
            problems);
    var roots =
        Mask.read(
            disk.image,
            2,
            superPage.blobMaskStart(),
            superPage.blobMaskLen(),
            superPage.mdLen(),
            problems);
    Mask.compare("metadata pages", pages, disk.usedPages, problems);
    Mask.compare("clusters", clusters, disk.usedClusters, problems);
    var usedRoots = new BitSet();
    for (var blob : disk.blobs.values()) usedRoots.set(blob.pages.getFirst().intValue());
    Mask.compare("blobs", roots, usedRoots, problems);
  }

  /** A page that nobody uses and that begins a blob comes back to life in the next recovery; format §18 (8). */
  private void checkFreePages() throws IOException {
    for (int number = 0; number < region.length(); number++) {
      long id = MetadataPage.blobId(number);
      boolean known =
          disk.usedPages.get(number) || disk.unopened.containsKey(id) || disk.removed.contains(id);
      if (known || !region.page(number).isRoot()) continue;
      problems.add("Metadata page %d is free and holds a blob that was deleted.".formatted(number));
    }
  }
}
