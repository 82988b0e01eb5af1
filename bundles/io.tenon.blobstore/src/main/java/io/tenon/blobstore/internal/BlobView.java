package io.tenon.blobstore.internal;

import io.tenon.blobstore.internal.layout.ClusterMap;
import io.tenon.block.AllocationQuery;
import org.jspecify.annotations.Nullable;

/**
 * What I/O needs to know of a blob. It is exchanged as one: whoever has found a cluster unallocated in a map must ask the parent
 * that goes with that map.
 *
 * @param parent where unallocated clusters are read; null when they are zeroes
 * @param thin clusters may be unallocated
 */
record BlobView(ClusterMap map, @Nullable StoredBlob parent, boolean thin) {
  /** Clusters that are looked at for one question, so that a reactor has other work soon: 16 GiB of the usual ones. */
  private static final int MOST_ASKED = 4096;

  /** What is allocated here or in an ancestor holds data, all else reads as zeroes. */
  void answer(AllocationQuery query, long blocksPerCluster) {
    long lba = query.lba();
    long clusters = map.clusters();
    if (!query.isWithin(clusters * blocksPerCluster)) {
      query.answerUnknown(); // it was cut off meanwhile
      return;
    }
    int first = (int) (lba / blocksPerCluster);
    int most = (int) Math.min(clusters, (long) first + MOST_ASKED);
    boolean allocated = find(first) != 0;
    int behind = first + 1;
    while (behind < most
        && behind * blocksPerCluster - lba < query.blocks()
        && (find(behind) != 0) == allocated) {
      behind++;
    }
    query.answer(allocated, Math.min(query.blocks(), behind * blocksPerCluster - lba));
  }

  /**
   * The cluster of the disk that holds logical cluster {@code cluster}, here or in an ancestor.
   *
   * @return 0 when it reads as zeroes
   */
  int find(int cluster) {
    return cluster < map.clusters() && map.get(cluster) != 0
        ? map.get(cluster)
        : findBelow(cluster);
  }

  /** As {@link #find}, were the cluster not allocated here: what an ancestor has. */
  int findBelow(int cluster) {
    var view = this;
    while (cluster < view.map.clusters()) {
      var next = view.parent;
      if (next == null) return 0;
      view = next.view();
      if (cluster >= view.map.clusters()) return 0;
      int found = view.map.get(cluster);
      if (found != 0) return found;
    }
    return 0;
  }
}
