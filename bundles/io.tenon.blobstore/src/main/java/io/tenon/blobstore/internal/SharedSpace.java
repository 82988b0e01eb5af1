package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.Span;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a blob has and others have too. For each cluster one owner keeps it: one that cannot be changed, else the first; the others
 * can get copies.
 *
 * @param clusters of the disk that the blob has to part with
 * @param pages its extent pages that others have too
 * @param others who have them
 * @param separable it can get copies of its own
 */
record SharedSpace(
    StoredBlob blob, BitSet clusters, BitSet pages, TreeSet<BlobId> others, boolean separable) {

  static List<SharedSpace> in(LoadedStore loaded) {
    var claims = Claims.of(loaded.blobs.values(), loaded.failed);
    if (!claims.hasConflicts()) return List.of();
    var ofClusters = new Owners(loaded);
    var ofPages = new Owners(loaded);
    // Whoever cannot be changed comes first, and so keeps what it has.
    for (BlobLoader failed : loaded.failed) {
      for (int cluster : failed.foundClusters())
        ofClusters.add(failed.id(), cluster, claims.twiceClusters());
      for (int page : failed.foundPages()) ofPages.add(failed.id(), page, claims.twicePages());
    }
    var sorted = new ArrayList<>(loaded.blobs.values());
    sorted.sort((a, b) -> Boolean.compare(isFixed(loaded, b), isFixed(loaded, a)));
    for (StoredBlob blob : sorted) {
      blob.map()
          .forEach((_, cluster) -> ofClusters.add(blob.id(), cluster, claims.twiceClusters()));
      Claims.forEachPage(blob, page -> ofPages.add(blob.id(), page, claims.twicePages()));
    }
    return ofClusters.toSeparate(ofPages);
  }

  private static boolean isFixed(LoadedStore loaded, StoredBlob blob) {
    return loaded.foreign.containsKey(blob.id()) || loaded.stuck.containsKey(blob.id());
  }

  /** Who has what is had twice, in the order of their coming. */
  private static final class Owners {
    private final LoadedStore loaded;
    private final Map<Integer, List<BlobId>> owners = new TreeMap<>();

    Owners(LoadedStore loaded) {
      this.loaded = loaded;
    }

    void add(BlobId blob, int item, BitSet twice) {
      if (twice.get(item)) owners.computeIfAbsent(item, _ -> new ArrayList<>()).add(blob);
    }

    List<SharedSpace> toSeparate(Owners pages) {
      var found = new TreeMap<BlobId, SharedSpace>();
      owners.forEach((cluster, by) -> give(found, by, cluster, true));
      pages.owners.forEach((page, by) -> give(found, by, page, false));
      return List.copyOf(found.values());
    }

    private void give(Map<BlobId, SharedSpace> found, List<BlobId> by, int item, boolean cluster) {
      for (BlobId id : by.subList(1, by.size())) {
        var blob = loaded.blobs.get(id);
        if (blob == null || by.indexOf(id) == 0) continue;
        var shared = found.computeIfAbsent(id, _ -> of(blob));
        (cluster ? shared.clusters : shared.pages).set(item);
        shared.others.add(by.getFirst());
      }
    }

    private SharedSpace of(StoredBlob blob) {
      boolean changeable = loaded.noAllocation.isEmpty() && !isFixed(loaded, blob);
      return new SharedSpace(blob, new BitSet(), new BitSet(), new TreeSet<>(), changeable);
    }
  }

  /** Only extent pages can be exchanged: a root is where its blob's id says. */
  boolean canBeSeparated() {
    var extentPages = new BitSet();
    for (int page : blob.image().extentPages()) extentPages.set(page);
    var rest = (BitSet) pages.clone();
    rest.andNot(extentPages);
    return separable && rest.isEmpty();
  }

  BlobFinding finding() {
    return new BlobFinding.Shared(
        blob.id(), List.copyOf(others), Span.of(clusters), Span.of(pages), canBeSeparated());
  }
}
