package io.tenon.blobstore.itest;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobInfo;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.MapForm;
import io.tenon.block.testing.TestVolume;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Holds what the bundle says of its store against what the reader finds on the disk. */
final class Agreement {
  private static final int MOST_BYTES = 1 << 20;

  private final LiveStore live;
  private final PoolDisk disk;
  private final SplittableRandom random;

  /**
   * @param random chooses which of a big blob's empty clusters are read
   */
  Agreement(LiveStore live, PoolDisk disk, SplittableRandom random) {
    this.live = live;
    this.disk = disk;
    this.random = random;
  }

  /** The first thing in which they differ. */
  Optional<String> difference() throws BlobstoreException, IOException {
    var info = live.store().info();
    var superPage = disk.superPage;
    if (!info.findings().isEmpty()) return Optional.of("the bundle found " + info.findings());
    if (!live.store().unopened().isEmpty()) {
      return Optional.of("the bundle cannot open " + live.store().unopened());
    }
    String theirs =
        "clusters %d of %d bytes, %d free; pages %d, %d free; blocks of %d"
            .formatted(
                info.dataClusters(),
                info.clusterBytes(),
                info.freeClusters(),
                info.metadataPages(),
                info.freePages(),
                info.blockBytes());
    String ours =
        "clusters %d of %d bytes, %d free; pages %d, %d free; blocks of %d"
            .formatted(
                superPage.dataClusters(),
                superPage.clusterSize(),
                disk.freeClusters(),
                superPage.mdLen(),
                superPage.mdLen() - disk.usedPages.cardinality(),
                superPage.ioUnitSize());
    if (!theirs.equals(ours)) return differ("the store", theirs, ours);
    long superBlob = live.store().superBlob().map(BlobId::value).orElse(SuperPage.NO_BLOB);
    if (superBlob != superPage.superBlob()) return Optional.of("the super blob");
    var infos = live.store().blobs();
    if (infos.size() != disk.blobs.size()) {
      return differ("blobs", infos.toString(), disk.blobs.keySet().toString());
    }
    for (BlobInfo blob : infos) {
      var wrong = difference(blob);
      if (wrong.isPresent()) return wrong;
    }
    return Optional.empty();
  }

  private static Optional<String> differ(String what, String theirs, String ours) {
    return Optional.of("%s: the bundle says %s, the reader %s".formatted(what, theirs, ours));
  }

  private Optional<String> difference(BlobInfo theirs) throws BlobstoreException, IOException {
    var ours = disk.blobs.get(theirs.id().value());
    if (ours == null) return Optional.of("the reader finds no blob " + theirs.id());
    String name = ours.toString();
    String their =
        text(
            theirs.clusters(),
            theirs.ownClusters(),
            theirs.thin(),
            theirs.readOnly(),
            theirs.parent().map(BlobId::value).orElse(0L),
            theirs.children().stream().map(BlobId::value).sorted().toList(),
            theirs.form() == MapForm.TABLE,
            theirs.clearMethod().number(),
            theirs.restriction().orElse("not restricted"));
    String our =
        text(
            ours.map.length,
            ours.allocated(),
            ours.isThin(),
            ours.readOnly,
            ours.parent,
            children(ours),
            ours.hasTable,
            ours.clearMethod(),
            "not restricted");
    if (!their.equals(our)) return differ(name, their, our);
    var wrong = Model.xattrDifference(theirs.xattrs(), ours.xattrs);
    if (wrong.isPresent()) return Optional.of(name + ": " + wrong.get());
    return ours.map.length == 0 ? Optional.empty() : contentDifference(ours);
  }

  private List<Long> children(PoolBlob blob) {
    return disk.blobs.values().stream()
        .filter(one -> one.parent == blob.id)
        .map(one -> one.id)
        .toList();
  }

  private static String text(
      long clusters,
      long own,
      boolean thin,
      boolean readOnly,
      long parent,
      List<Long> children,
      boolean table,
      int clearMethod,
      String restriction) {
    return "%d clusters, own %d%s%s, parent %x, children %s, %s, clear method %d, %s"
        .formatted(
            clusters,
            own,
            thin ? ", thin" : "",
            readOnly ? ", read-only" : "",
            parent,
            children,
            table ? "table" : "runs",
            clearMethod,
            restriction);
  }

  /** Every cluster that has content; of those that have none, all of a small blob and some of a big one. */
  private Optional<String> contentDifference(PoolBlob blob) throws BlobstoreException, IOException {
    var volume = live.volume(blob.id);
    for (int cluster = 0; cluster < blob.map.length; cluster++) {
      boolean empty = disk.find(blob, cluster) == 0;
      if (empty && blob.map.length > 20 && random.nextInt(blob.map.length) > 20) continue;
      byte[] ours = disk.read(blob, cluster).array();
      byte[] theirs = read(volume, cluster);
      int at = Arrays.mismatch(ours, theirs);
      if (at >= 0) {
        return Optional.of(
            "%s: byte %d of cluster %d is %d, the bundle reads %d"
                .formatted(blob, at, cluster, ours[at], theirs[at]));
      }
    }
    return Optional.empty();
  }

  private byte[] read(TestVolume volume, int cluster) {
    int bytes = Math.toIntExact(disk.superPage.clusterSize());
    int blockBytes = volume.slot().geometry().blockBytes();
    var content = new byte[bytes];
    for (int at = 0; at < bytes; at += MOST_BYTES) {
      int piece = Math.min(MOST_BYTES, bytes - at);
      long lba = ((long) cluster * bytes + at) / blockBytes;
      var status = volume.read(lba, piece / blockBytes);
      if (!status.isSuccess())
        throw new AssertionError("read of cluster " + cluster + ": " + status);
      System.arraycopy(volume.content(piece / blockBytes), 0, content, at, piece);
    }
    return content;
  }
}
