package io.tenon.blobstore.internal.layout;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;

/** Where things are in a store of this super block on this device; all positions are checked. Format §2 to §5. */
public final class StoreLayout {
  /** Cluster numbers are handled as positive ints. */
  private static final long MOST_CLUSTERS = Integer.MAX_VALUE;

  private final SuperBlock superBlock;
  private final int pagesPerCluster;
  private final int totalClusters;
  private final int mdClusters;

  /**
   * @param deviceBytes size of the device
   * @param deviceBlockBytes its block size
   * @throws BlobstoreException when the store cannot be on such a device, or contradicts itself
   */
  public StoreLayout(SuperBlock found, long deviceBytes, int deviceBlockBytes)
      throws BlobstoreException {
    superBlock =
        found.sizeBytes() == 0 ? found.withSize(deviceBytes, found.clusterMaskPages()) : found;
    long size = superBlock.sizeBytes();
    if (size < 0 || size > deviceBytes) {
      throw new BlobstoreException(
          Kind.DEVICE_TOO_SMALL,
          "The blobstore was not loaded: it is larger than its device.",
          "It covers %s bytes, the device has %d."
              .formatted(Long.toUnsignedString(size), deviceBytes),
          "Bring back the device that it was on, or one that is as large.");
    }
    if (superBlock.blockBytes() != deviceBlockBytes) {
      throw new BlobstoreException(
          Kind.BLOCK_SIZE_MISMATCH,
          "The blobstore was not loaded: its device has another block size.",
          "It was made for blocks of %d bytes, the device has %d."
              .formatted(superBlock.blockBytes(), deviceBlockBytes),
          "Open the device with that block size.");
    }
    long cluster = superBlock.clusterBytes();
    check(cluster >= Page.BYTES && cluster % Page.BYTES == 0, "cluster size " + cluster);
    check(cluster <= Integer.MAX_VALUE, "cluster size " + cluster);
    pagesPerCluster = (int) (cluster / Page.BYTES);
    long clusters = size / cluster;
    check(clusters >= 1 && clusters <= MOST_CLUSTERS, clusters + " clusters");
    totalClusters = (int) clusters;
    long mdEnd = superBlock.mdStart() + superBlock.mdPages();
    long forMetadata = ceilDiv(mdEnd, pagesPerCluster);
    check(superBlock.mdPages() > 0, "a metadata region of no pages");
    check(forMetadata <= totalClusters, "metadata up to page " + mdEnd);
    mdClusters = (int) forMetadata;
    checkMasks();
  }

  private void checkMasks() throws BlobstoreException {
    long pageMaskEnd = superBlock.pageMaskStart() + superBlock.pageMaskPages();
    long clusterMaskEnd = superBlock.clusterMaskStart() + superBlock.clusterMaskPages();
    long blobidMaskEnd = superBlock.blobidMaskStart() + superBlock.blobidMaskPages();
    check(superBlock.pageMaskStart() >= 1, "a page mask on the super block");
    check(
        superBlock.pageMaskPages() >= Mask.pagesFor(mdPages()),
        "a page mask of %d pages".formatted(superBlock.pageMaskPages()));
    check(pageMaskEnd <= superBlock.clusterMaskStart(), "masks that overlap");
    check(
        superBlock.clusterMaskPages() >= Mask.pagesFor(totalClusters),
        "a cluster mask of %d pages".formatted(superBlock.clusterMaskPages()));
    if (superBlock.blobidMaskPages() > 0) {
      check(clusterMaskEnd <= superBlock.blobidMaskStart(), "masks that overlap");
      check(
          superBlock.blobidMaskPages() >= Mask.pagesFor(mdPages()),
          "a blob mask of %d pages".formatted(superBlock.blobidMaskPages()));
      check(blobidMaskEnd <= superBlock.mdStart(), "masks in the metadata region");
    } else {
      check(clusterMaskEnd <= superBlock.mdStart(), "masks in the metadata region");
    }
  }

  private static void check(boolean holds, String what) throws BlobstoreException {
    if (holds) return;
    throw new BlobstoreException(
        Kind.BAD_SUPER_BLOCK,
        "The blobstore was not loaded: its super block contradicts itself.",
        "It says: " + what + ".",
        "Check the disk before anything writes to it.");
  }

  static long ceilDiv(long a, long b) {
    return (a + b - 1) / b;
  }

  public SuperBlock superBlock() {
    return superBlock;
  }

  public long clusterBytes() {
    return superBlock.clusterBytes();
  }

  public int pagesPerCluster() {
    return pagesPerCluster;
  }

  /** All clusters, those of the metadata too. */
  public int totalClusters() {
    return totalClusters;
  }

  /** Clusters 0 to this are taken by super block, masks and metadata. */
  public int mdClusters() {
    return mdClusters;
  }

  /** A cluster that a blob may own. */
  public boolean isDataCluster(int cluster) {
    return cluster >= mdClusters && cluster < totalClusters;
  }

  public int mdPages() {
    return (int) superBlock.mdPages();
  }

  /** Disk page of a metadata page. */
  public long diskPage(int mdPage) {
    return superBlock.mdStart() + mdPage;
  }

  public boolean isMdPage(int mdPage) {
    return mdPage >= 0 && mdPage < mdPages();
  }

  /** First disk page behind the metadata: from here to {@link #dataStart} nobody keeps anything. */
  public long gapStart() {
    return superBlock.mdStart() + superBlock.mdPages();
  }

  /** First disk page of the first data cluster. */
  public long dataStart() {
    return (long) mdClusters * pagesPerCluster;
  }

  /** The same store after its super block has changed. */
  public StoreLayout with(SuperBlock changed, long deviceBytes) throws BlobstoreException {
    return new StoreLayout(changed, deviceBytes, superBlock.blockBytes());
  }
}
