package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.internal.layout.StoreLayout;
import java.util.BitSet;

/**
 * Clusters and metadata pages that are in use. The lowest free one is taken first, as the original does, so that the same
 * operations give the same disk.
 */
final class Space {
  private final BitSet usedPages;
  private final BitSet usedClusters;

  /** Free clusters that are zeroes, durably; of the others nobody knows. */
  private final BitSet zeroClusters = new BitSet();

  private int pages;
  private int clusters;
  private int freeClusters;

  /** Nothing below is free. */
  private int pageHint;

  private int clusterHint;

  Space(StoreLayout layout, BitSet usedPages, BitSet usedClusters) {
    this.usedPages = usedPages;
    this.usedClusters = usedClusters;
    pages = layout.mdPages();
    clusters = layout.totalClusters();
    freeClusters = clusters - usedClusters.cardinality();
  }

  BitSet usedPages() {
    return usedPages;
  }

  BitSet usedClusters() {
    return usedClusters;
  }

  int freeClusters() {
    return freeClusters;
  }

  int freePages() {
    return pages - usedPages.cardinality();
  }

  void grow(int totalClusters) {
    freeClusters += totalClusters - clusters;
    clusters = totalClusters;
  }

  /** The lowest free metadata page. */
  int takePage() throws BlobstoreException {
    return takePage(0);
  }

  /** The same for an extent page: never page 0, for 0 means "none" in a table. */
  int takeExtentPage() throws BlobstoreException {
    return takePage(1);
  }

  private int takePage(int lowest) throws BlobstoreException {
    int page = usedPages.nextClearBit(Math.max(lowest, pageHint));
    if (page >= pages) {
      throw new BlobstoreException(
          Kind.NO_METADATA_PAGE,
          "The store has no free metadata page.",
          "All %d are in use.".formatted(pages),
          "Delete blobs or snapshots; a new store can have a larger metadata ratio.");
    }
    usedPages.set(page);
    if (lowest <= pageHint) pageHint = page + 1;
    return page;
  }

  void givePage(int page) {
    usedPages.clear(page);
    pageHint = Math.min(pageHint, page);
  }

  void checkClusters(long wanted) throws BlobstoreException {
    if (wanted <= freeClusters) return;
    throw new BlobstoreException(
        Kind.NO_SPACE,
        "The store has not enough free space.",
        "%d clusters are needed, %d of %d are free.".formatted(wanted, freeClusters, clusters),
        "Grow the store, or delete something.");
  }

  /** The lowest free cluster. Who takes it has asked what is in it, if that matters: {@link #isNextZero}. */
  int takeCluster() throws BlobstoreException {
    checkClusters(1);
    int cluster = usedClusters.nextClearBit(clusterHint);
    usedClusters.set(cluster);
    zeroClusters.clear(cluster);
    freeClusters--;
    clusterHint = cluster + 1;
    return cluster;
  }

  /** The cluster that is taken next is zeroes. */
  boolean isNextZero() {
    return zeroClusters.get(usedClusters.nextClearBit(clusterHint));
  }

  /** All that is free is zeroes. */
  void allFreeAreZero() {
    zeroClusters.set(0, clusters);
    zeroClusters.andNot(usedClusters);
  }

  void giveCluster(int cluster, boolean zero) {
    zeroClusters.set(cluster, zero);
    usedClusters.clear(cluster);
    freeClusters++;
    clusterHint = Math.min(clusterHint, cluster);
  }
}
