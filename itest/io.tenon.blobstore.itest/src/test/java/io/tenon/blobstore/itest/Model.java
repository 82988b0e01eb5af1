package io.tenon.blobstore.itest;

import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a store must hold, as plain maps. */
final class Model {
  private static final int SECTOR = 512;

  final TreeMap<Long, ModelBlob> blobs = new TreeMap<>();
  final int pagesPerCluster;

  Model(int pagesPerCluster) {
    this.pagesPerCluster = pagesPerCluster;
  }

  Model copy() {
    var copy = new Model(pagesPerCluster);
    blobs.forEach((id, blob) -> copy.blobs.put(id, blob.copy()));
    return copy;
  }

  ModelBlob blob(long id) {
    var blob = blobs.get(id);
    if (blob == null) throw new AssertionError("the model has no blob " + Bytes.hex(id));
    return blob;
  }

  long children(long id) {
    return blobs.values().stream().filter(blob -> blob.parent == id).count();
  }

  void snapshot(long origin, long id, Map<String, byte[]> xattrs) {
    var from = blob(origin);
    var made = from.copy();
    made.readOnly = true;
    made.xattrs.clear();
    made.xattrs.putAll(xattrs);
    blobs.put(id, made);
    from.parent = id;
    from.thin = true;
  }

  void cloneOf(long snapshot, long id, Map<String, byte[]> xattrs) {
    var made = blob(snapshot).copy();
    made.readOnly = false;
    made.thin = true;
    made.parent = snapshot;
    made.clearMethod = ClearMethod.DEFAULT;
    made.xattrs.clear();
    made.xattrs.putAll(xattrs);
    blobs.put(id, made);
  }

  void delete(long id) {
    var gone = blob(id);
    for (var blob : blobs.values()) if (blob.parent == id) blob.parent = gone.parent;
    blobs.remove(id);
  }

  /** What is added to a blob shows what its parent has there; in a thick one anything. */
  void resize(long id, int clusters) {
    var blob = blob(id);
    int before = blob.clusters;
    blob.clusters = clusters;
    blob.pages.tailMap((long) clusters * pagesPerCluster, true).clear();
    blob.unknown.clear(clusters, Math.max(clusters, before));
    if (clusters <= before) return;
    if (!blob.thin || blob.parent == 0) return;
    var parent = blob(blob.parent);
    int end = Math.min(clusters, parent.clusters);
    if (before >= end) return;
    long first = (long) before * pagesPerCluster;
    blob.pages.putAll(parent.pages.subMap(first, (long) end * pagesPerCluster));
  }

  /** Becomes what the disk holds. */
  void take(PoolDisk disk) throws IOException {
    for (var found : disk.blobs.values()) {
      var blob = like(found);
      blob.xattrs.putAll(found.xattrs);
      for (int i = 0; i < blob.clusters; i++) blob.unknown.set(i, disk.find(found, i) != 0);
      learn(blob, found, disk);
      blobs.put(found.id, blob);
    }
  }

  /** What is wrong with a disk; empty when it holds just this. Then what was unknown is known. */
  Optional<String> difference(PoolDisk disk) throws IOException {
    if (!disk.unopened.isEmpty()) return Optional.of("not to be opened: " + disk.unopened);
    if (!disk.blobs.keySet().equals(blobs.keySet())) {
      return Optional.of("there are %s instead of %s".formatted(disk.blobs.values(), blobs));
    }
    for (var entry : blobs.entrySet()) {
      var found = disk.blob(entry.getKey());
      var expected = entry.getValue();
      String is = described(found);
      if (!is.equals(expected.toString())) {
        return Optional.of("%s is %s instead of %s".formatted(found, is, expected));
      }
      var wrong = xattrDifference(expected.xattrs, found.xattrs);
      if (wrong.isEmpty()) wrong = contentDifference(expected, found, disk);
      if (wrong.isPresent()) return Optional.of(found + ": " + wrong.get());
    }
    for (var entry : blobs.entrySet()) learn(entry.getValue(), disk.blob(entry.getKey()), disk);
    return Optional.empty();
  }

  /** Without content. */
  private static ModelBlob like(PoolBlob found) {
    var like = new ModelBlob();
    like.clusters = found.map.length;
    like.thin = found.isThin();
    like.readOnly = found.readOnly;
    like.parent = found.parent;
    like.form = found.hasTable ? MapForm.TABLE : MapForm.RUNS;
    like.clearMethod = ClearMethod.ofNumber(found.clearMethod());
    return like;
  }

  private static String described(PoolBlob found) {
    return like(found).toString();
  }

  static Optional<String> xattrDifference(Map<String, byte[]> expected, Map<String, byte[]> found) {
    if (!expected.keySet().equals(found.keySet())) {
      return Optional.of("attributes %s, not %s".formatted(found.keySet(), expected.keySet()));
    }
    for (String name : expected.keySet()) {
      if (!Arrays.equals(expected.get(name), found.get(name))) {
        return Optional.of("attribute " + name + " has another value");
      }
    }
    return Optional.empty();
  }

  private Optional<String> contentDifference(ModelBlob expected, PoolBlob found, PoolDisk disk)
      throws IOException {
    for (int cluster = 0; cluster < expected.clusters; cluster++) {
      if (expected.unknown.get(cluster)) continue;
      long first = (long) cluster * pagesPerCluster;
      long at = disk.find(found, cluster);
      if (at == 0) {
        for (long page : expected.pages.subMap(first, first + pagesPerCluster).keySet()) {
          if (!expected.possible.containsKey(page)) {
            return Optional.of("page %d is lost, it reads as zeroes".formatted(page));
          }
        }
        continue;
      }
      ByteBuffer content = disk.read(found, cluster);
      for (int i = 0; i < pagesPerCluster; i++) {
        byte[] page = Bytes.copy(content, i * DiskImage.PAGE, DiskImage.PAGE);
        if (!isAsExpected(expected, first + i, page)) {
          return Optional.of(
              "page %d, in cluster %d of the disk, holds %s, not %s"
                  .formatted(first + i, at, head(page), head(expected.page(first + i))));
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isAsExpected(ModelBlob expected, long number, byte[] page) {
    byte[] wanted = expected.page(number);
    if (Arrays.equals(page, wanted)) return true;
    byte[] other = expected.possible.get(number);
    if (other == null) return false;
    for (int at = 0; at < DiskImage.PAGE; at += SECTOR) {
      int end = at + SECTOR;
      if (!Arrays.equals(page, at, end, wanted, at, end)
          && !Arrays.equals(page, at, end, other, at, end)) {
        return false;
      }
    }
    return true;
  }

  private static String head(byte[] page) {
    return HexFormat.of().formatHex(page, 0, 16);
  }

  private void learn(ModelBlob blob, PoolBlob found, PoolDisk disk) throws IOException {
    for (int cluster = blob.unknown.nextSetBit(0);
        cluster >= 0;
        cluster = blob.unknown.nextSetBit(cluster + 1)) {
      ByteBuffer content = disk.read(found, cluster);
      for (int i = 0; i < pagesPerCluster; i++) {
        blob.put(
            (long) cluster * pagesPerCluster + i,
            Bytes.copy(content, i * DiskImage.PAGE, DiskImage.PAGE));
      }
    }
    blob.unknown.clear();
    for (long page : blob.possible.keySet()) {
      ByteBuffer content = disk.read(found, (int) (page / pagesPerCluster));
      int at = (int) (page % pagesPerCluster) * DiskImage.PAGE;
      blob.put(page, Bytes.copy(content, at, DiskImage.PAGE));
    }
    blob.possible.clear();
  }
}
