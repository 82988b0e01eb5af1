package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What a blob should be: its content in plain maps, copied where the store shares. */
final class ModelBlob {
  int clusters;
  boolean thick;
  boolean readOnly;
  @Nullable BlobId parent;
  final TreeMap<String, String> xattrs = new TreeMap<>();

  /** Content of pages that were written. */
  final TreeMap<Long, Long> stamps = new TreeMap<>();

  /** Clusters that were given out uncleared: pages without a stamp hold anything. */
  final TreeSet<Integer> unknown = new TreeSet<>();

  /** Clusters that an operation under way makes zeroes. */
  final TreeSet<Integer> maybeZero = new TreeSet<>();

  ModelBlob copy() {
    var copy = new ModelBlob();
    copy.clusters = clusters;
    copy.thick = thick;
    copy.readOnly = readOnly;
    copy.parent = parent;
    copy.xattrs.putAll(xattrs);
    copy.stamps.putAll(stamps);
    copy.unknown.addAll(unknown);
    return copy;
  }

  void zero(Set<Integer> clusters, int pagesPerCluster) {
    unknown.removeAll(clusters);
    for (int cluster : clusters) {
      long first = (long) cluster * pagesPerCluster;
      stamps.subMap(first, first + pagesPerCluster).clear();
    }
  }

  void cut(int newClusters, int pagesPerCluster) {
    stamps.tailMap((long) newClusters * pagesPerCluster, true).clear();
    unknown.tailSet(newClusters, true).clear();
  }

  @Override
  public String toString() {
    return "%d clusters%s%s, parent %s, %d pages written"
        .formatted(
            clusters, thick ? ", thick" : "", readOnly ? ", snapshot" : "", parent, stamps.size());
  }
}
