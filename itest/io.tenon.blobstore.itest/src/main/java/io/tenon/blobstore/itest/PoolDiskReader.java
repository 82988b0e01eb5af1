package io.tenon.blobstore.itest;

import io.tenon.blobstore.itest.BlobParser.Unopenable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.TreeMap;

/**
 * Reads a pool disk, left clean or not, as the description of the format says, and nothing else. Slow and plain on purpose: whoever
 * doubts it compares it with the description, section by section.
 */
public final class PoolDiskReader {
  private final PoolDisk disk;
  private final MetadataRegion region;

  private PoolDiskReader(DiskImage image, SuperPage superPage) {
    this.disk = new PoolDisk(image, superPage);
    this.region = new MetadataRegion(image, superPage);
  }

  /**
   * @return to be closed
   */
  public static PoolDisk read(Path path) throws IOException, UnreadableDisk {
    var image = DiskImage.open(path);
    try {
      var reader = new PoolDiskReader(image, SuperPage.parse(image.page(0), image.size()));
      reader.read();
      return reader.disk;
    } catch (IOException | UnreadableDisk | RuntimeException e) {
      image.close();
      throw e;
    }
  }

  private void read() throws IOException {
    disk.superPage.check(disk.image.page(0), disk.inconsistencies);
    if (!disk.superPage.isClean()) {
      disk.remarks.add("The store was not left clean: its masks are not to be believed.");
    }
    var roots = disk.superPage.isClean() ? markedRoots() : scannedRoots();
    for (int root = roots.nextSetBit(0); root >= 0; root = roots.nextSetBit(root + 1)) {
      try {
        var blob = BlobParser.parse(region, root, disk.inconsistencies);
        disk.blobs.put(blob.id, blob);
      } catch (Unopenable e) {
        disk.unopened.put(MetadataPage.blobId(root), e.getMessage());
      }
    }
    endWhatWasInterrupted();
    leaveOutWhatHasNoParent();
    giveBackToAncestors();
    new PoolDiskChecker(disk, region).check();
  }

  private BitSet markedRoots() throws IOException {
    var superPage = disk.superPage;
    return Mask.read(
        disk.image,
        2,
        superPage.blobMaskStart(),
        superPage.blobMaskLen(),
        superPage.mdLen(),
        new ArrayList<>());
  }

  /** Every page that begins a blob and is not part of an earlier one; format §13. */
  private BitSet scannedRoots() throws IOException {
    var roots = new BitSet();
    var claimed = new BitSet();
    for (int number = 0; number < region.length(); number++) {
      if (claimed.get(number)) continue;
      var page = region.page(number);
      if (!page.isRoot()) continue;
      roots.set(number);
      claimed.set(number);
      long next = page.next();
      while (next < region.length() && !claimed.get((int) next)) {
        claimed.set((int) next);
        var chained = region.page(next);
        if (!chained.crcIsRight()) break;
        next = chained.next();
      }
    }
    return roots;
  }

  /** Format §13, snapshot leftovers. */
  private void endWhatWasInterrupted() {
    for (var snapshot : new ArrayList<>(disk.blobs.values())) {
      byte[] removing = snapshot.internalXattrs.get(PoolBlob.BEING_REMOVED);
      byte[] other = removing != null ? removing : snapshot.internalXattrs.get(PoolBlob.BEING_MADE);
      if (other == null) continue;
      String what = removing != null ? "removed" : "made";
      var child = other.length == 8 ? disk.blobs.get(BlobParser.idIn(other)) : null;
      String outcome;
      if (child == null) {
        outcome = "stays as it is, for its child cannot be opened";
      } else if (child.parent == snapshot.id) {
        snapshot.readOnly = true;
        outcome = "stays";
      } else {
        disk.blobs.remove(snapshot.id);
        disk.removed.add(snapshot.id);
        outcome = "goes, without its clusters";
      }
      disk.inconsistencies.add(
          "%s was being %s when the store stopped; it %s.".formatted(snapshot, what, outcome));
    }
  }

  /** A blob whose parent cannot be opened cannot be either. */
  private void leaveOutWhatHasNoParent() {
    boolean again = true;
    while (again) {
      again = false;
      for (var blob : new ArrayList<>(disk.blobs.values())) {
        if (blob.parent == 0 || (disk.blobs.containsKey(blob.parent) && !isItsAncestor(blob))) {
          continue;
        }
        disk.blobs.remove(blob.id);
        disk.unopened.put(blob.id, "its parent " + Bytes.hex(blob.parent) + " is not there");
        again = true;
      }
    }
  }

  private boolean isItsAncestor(PoolBlob blob) {
    var at = disk.blobs.get(blob.parent);
    for (int steps = 0; at != null && at != blob; steps++) {
      if (steps > disk.blobs.size()) return true;
      at = disk.blobs.get(at.parent);
    }
    return at == blob;
  }

  /** What a blob and its ancestor both list at the same place is the ancestor's; format §14 (a). */
  private void giveBackToAncestors() {
    var given = new TreeMap<Long, Integer>();
    for (var blob : disk.blobs.values()) {
      for (var at = disk.blobs.get(blob.parent); at != null; at = disk.blobs.get(at.parent)) {
        int common = Math.min(blob.map.length, at.map.length);
        for (int i = 0; i < common; i++) {
          if (blob.map[i] == 0 || blob.map[i] != at.map[i]) continue;
          blob.map[i] = 0;
          given.merge(blob.id, 1, Integer::sum);
        }
      }
    }
    given.forEach(
        (id, count) ->
            disk.inconsistencies.add(
                "Blob %s lists %d clusters of its ancestors.".formatted(Bytes.hex(id), count)));
  }
}
