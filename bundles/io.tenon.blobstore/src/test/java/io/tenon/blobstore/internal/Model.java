package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.blobstore.BlobId;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A store as plain memory. */
final class Model {
  final TreeMap<BlobId, ModelBlob> blobs = new TreeMap<>();
  final int pagesPerCluster;

  Model(int pagesPerCluster) {
    this.pagesPerCluster = pagesPerCluster;
  }

  Model copy() {
    var copy = new Model(pagesPerCluster);
    blobs.forEach((id, blob) -> copy.blobs.put(id, blob.copy()));
    return copy;
  }

  ModelBlob blob(BlobId id) {
    var blob = blobs.get(id);
    if (blob == null) throw new AssertionError("the model has no blob " + id);
    return blob;
  }

  boolean hasChildren(BlobId id) {
    return children(id) > 0;
  }

  long children(BlobId id) {
    return blobs.values().stream().filter(blob -> id.equals(blob.parent)).count();
  }

  void snapshot(BlobId origin, BlobId snapshot, Map<String, String> xattrs) {
    var from = blob(origin);
    var made = from.copy();
    made.readOnly = true;
    made.xattrs.clear();
    made.xattrs.putAll(xattrs);
    blobs.put(snapshot, made);
    from.parent = snapshot;
    from.thick = false;
  }

  void cloneOf(BlobId snapshot, BlobId clone, Map<String, String> xattrs) {
    var made = blob(snapshot).copy();
    made.readOnly = false;
    made.thick = false;
    made.parent = snapshot;
    made.xattrs.clear();
    made.xattrs.putAll(xattrs);
    blobs.put(clone, made);
  }

  void delete(BlobId id) {
    var gone = blob(id);
    for (var blob : blobs.values()) if (id.equals(blob.parent)) blob.parent = gone.parent;
    blobs.remove(id);
  }

  void resize(BlobId id, int clusters) {
    var blob = blob(id);
    int before = blob.clusters;
    blob.clusters = clusters;
    blob.cut(clusters, pagesPerCluster);
    if (blob.thick) return;
    var parent = blob.parent == null ? null : blob(blob.parent);
    if (parent == null) return;
    // What was cut off shows what the parent has there.
    for (int i = before; i < Math.min(clusters, parent.clusters); i++) {
      long first = (long) i * pagesPerCluster;
      blob.stamps.putAll(parent.stamps.subMap(first, first + pagesPerCluster));
      if (parent.unknown.contains(i)) blob.unknown.add(i);
    }
  }

  /**
   * What is wrong with the store, compared with this.
   *
   * @param random chooses pages that were never written, to be looked at
   */
  Optional<String> difference(LoadedStore found, MemoryDisk disk, SplittableRandom random) {
    if (!found.unopened.isEmpty()) return Optional.of("cannot be opened: " + found.unopened);
    if (!found.blobs.keySet().equals(blobs.keySet())) {
      return Optional.of("blobs %s instead of %s".formatted(found.blobs.keySet(), blobs.keySet()));
    }
    for (var entry : blobs.entrySet()) {
      var blob = found.blobs.get(entry.getKey());
      var wrong = difference(entry.getValue(), blob, disk, random);
      if (wrong.isPresent()) return Optional.of(blob + ": " + wrong.get());
    }
    return Optional.empty();
  }

  private Optional<String> difference(
      ModelBlob expected, StoredBlob found, MemoryDisk disk, SplittableRandom random) {
    if (found.restriction().isPresent()) return found.restriction();
    if (found.map().clusters() != expected.clusters) {
      return Optional.of(
          "%d clusters instead of %d".formatted(found.map().clusters(), expected.clusters));
    }
    if (found.isReadOnly() != expected.readOnly) return Optional.of("read-only flag");
    if (found.image().flags().isThin() == expected.thick) return Optional.of("thin flag");
    var parent = found.parent();
    var parentId = parent == null ? null : parent.id();
    if (!java.util.Objects.equals(parentId, expected.parent)) {
      return Optional.of("parent %s instead of %s".formatted(parentId, expected.parent));
    }
    var xattrs = new TreeMap<String, String>();
    found.image().xattrs().forEach((name, value) -> xattrs.put(name, new String(value, UTF_8)));
    if (!xattrs.equals(expected.xattrs)) {
      return Optional.of("attributes %s instead of %s".formatted(xattrs, expected.xattrs));
    }
    return contentDifference(expected, found, disk, random);
  }

  private Optional<String> contentDifference(
      ModelBlob expected, StoredBlob found, MemoryDisk disk, SplittableRandom random) {
    for (var written : expected.stamps.entrySet()) {
      var wrong = pageDifference(expected, written.getKey(), written.getValue(), found, disk);
      if (wrong.isPresent()) return wrong;
    }
    for (int cluster = 0; cluster < expected.clusters; cluster++) {
      if (expected.unknown.contains(cluster)) continue;
      if (expected.clusters > 100 && random.nextInt(20) != 0) continue;
      long page = (long) cluster * pagesPerCluster + random.nextInt(pagesPerCluster);
      long stamp = expected.stamps.getOrDefault(page, 0L);
      var wrong = pageDifference(expected, page, stamp, found, disk);
      if (wrong.isPresent()) return wrong;
    }
    return Optional.empty();
  }

  private Optional<String> pageDifference(
      ModelBlob expected, long page, long stamp, StoredBlob found, MemoryDisk disk) {
    int logical = (int) (page / pagesPerCluster);
    int cluster = found.view().find(logical);
    long read =
        cluster == 0 ? 0 : disk.stampAt((long) cluster * pagesPerCluster + page % pagesPerCluster);
    if (read == stamp) return Optional.empty();
    if (read == 0 && expected.maybeZero.contains(logical)) return Optional.empty();
    return Optional.of("page %d holds %x instead of %x".formatted(page, read, stamp));
  }
}
