package io.tenon.blobstore.internal.layout;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import java.util.List;

/** The layout of a new store, Format §4. */
public final class Sizing {
  /** Metadata pages per hundred clusters. */
  private static final int USUAL_PERCENT = 100;

  private Sizing() {}

  /**
   * @param mdRatioPercent metadata pages per hundred clusters
   * @param type at most 16 characters
   */
  public static SuperBlock superBlock(
      long deviceBytes, int blockBytes, long clusterBytes, int mdRatioPercent, String type)
      throws BlobstoreException {
    check(
        Page.BYTES % blockBytes == 0,
        "blocks of %d bytes do not divide a page of 4096".formatted(blockBytes));
    check(
        clusterBytes >= Page.BYTES && Long.bitCount(clusterBytes) == 1 && clusterBytes <= 1 << 30,
        "a cluster of %d bytes is no power of two from 4096 to 1 GiB".formatted(clusterBytes));
    check(mdRatioPercent > 0, "a metadata ratio of %d %% leaves none".formatted(mdRatioPercent));
    check(
        !type.isEmpty() && type.length() <= SuperBlock.TYPE_BYTES,
        "type \"%s\" has not 1 to 16 characters".formatted(type));
    long clusters = deviceBytes / clusterBytes;
    check(clusters >= 1, "%d bytes hold no cluster".formatted(deviceBytes));
    check(clusters <= Integer.MAX_VALUE, "%d clusters are too many".formatted(clusters));
    // 32 bits, as the original computes it.
    long mdPages = Integer.toUnsignedLong(mdRatioPercent * (int) clusters) / 100;
    check(mdPages > 0, "%d clusters leave no page for metadata".formatted(clusters));
    long pagesPerCluster = clusterBytes / Page.BYTES;
    var plain = place(deviceBytes, blockBytes, clusterBytes, type, clusters, mdPages);
    long end = plain.mdStart() + mdPages;
    long gap = StoreLayout.ceilDiv(end, pagesPerCluster) * pagesPerCluster - end;
    long missing = JournalRecord.FEWEST_PAGES - gap;
    boolean makeRoom = missing > 0 && missing < mdPages && pagesPerCluster > 2 * missing;
    var placed =
        makeRoom
            ? place(deviceBytes, blockBytes, clusterBytes, type, clusters, mdPages - missing)
            : plain;
    long used = StoreLayout.ceilDiv(placed.mdStart() + placed.mdPages(), pagesPerCluster);
    check(
        used <= clusters,
        "the metadata alone needs %d clusters, and there are %d".formatted(used, clusters));
    return placed;
  }

  /** What stores of such clusters look like here, ours and those of the original, with the usual metadata ratio; without a blob. */
  public static List<SuperBlock> layouts(
      long deviceBytes, int blockBytes, long clusterBytes, String type) {
    long clusters = deviceBytes / clusterBytes;
    if (clusters < 1 || clusters > Integer.MAX_VALUE) return List.of();
    var theirs = place(deviceBytes, blockBytes, clusterBytes, type, clusters, clusters);
    if (Long.bitCount(clusterBytes) != 1) return List.of(theirs);
    try {
      var ours = superBlock(deviceBytes, blockBytes, clusterBytes, USUAL_PERCENT, type);
      return ours.equals(theirs) ? List.of(ours) : List.of(theirs, ours);
    } catch (BlobstoreException e) {
      // Such clusters are too large for this device: nothing looks like that.
      return List.of();
    }
  }

  private static SuperBlock place(
      long deviceBytes, int blockBytes, long clusterBytes, String type, long clusters, long md) {
    long pageMask = Mask.pagesFor(md);
    long clusterMask = Mask.pagesFor(clusters);
    long clusterMaskStart = 1 + pageMask;
    // The surplus is room for growing.
    long blobidMaskStart = clusterMaskStart + Math.max(clusterMask, pageMask);
    return new SuperBlock(
        SuperBlock.NEWEST_VERSION,
        false,
        SuperBlock.NO_BLOB,
        clusterBytes,
        1,
        pageMask,
        clusterMaskStart,
        clusterMask,
        blobidMaskStart + pageMask,
        md,
        type,
        blobidMaskStart,
        pageMask,
        deviceBytes,
        blockBytes);
  }

  private static void check(boolean holds, String why) throws BlobstoreException {
    if (holds) return;
    throw new BlobstoreException(
        Kind.INVALID_ARGUMENT,
        "The blobstore was not created.",
        why.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + why.substring(1) + ".",
        "");
  }
}
