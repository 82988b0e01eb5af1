package io.tenon.blobstore.internal;

import java.util.BitSet;
import java.util.Collection;
import java.util.List;

/** Which metadata pages and clusters blobs say are theirs, and which of them more than one says. */
final class Claims {
  private final BitSet pages = new BitSet();
  private final BitSet clusters = new BitSet();
  private final BitSet twicePages = new BitSet();
  private final BitSet twiceClusters = new BitSet();
  private final Collection<StoredBlob> blobs;

  private Claims(Collection<StoredBlob> blobs) {
    this.blobs = blobs;
  }

  static Claims of(Collection<StoredBlob> blobs, List<BlobLoader> failed) {
    var claims = new Claims(blobs);
    for (StoredBlob blob : blobs) {
      forEachPage(blob, page -> claims.claim(page, claims.pages, claims.twicePages));
      blob.map().forEach((_, one) -> claims.claim(one, claims.clusters, claims.twiceClusters));
    }
    for (BlobLoader blob : failed) {
      for (int page : blob.foundPages()) claims.claim(page, claims.pages, claims.twicePages);
      for (int cluster : blob.foundClusters()) {
        claims.claim(cluster, claims.clusters, claims.twiceClusters);
      }
    }
    return claims;
  }

  /** Takes one metadata page. */
  interface PageVisitor {
    void page(int mdPage);
  }

  static void forEachPage(StoredBlob blob, PageVisitor visitor) {
    visitor.page(blob.id().rootPage());
    for (int page : blob.image().chainPages()) visitor.page(page);
    for (int page : blob.image().extentPages()) {
      if (page != 0) visitor.page(page);
    }
  }

  private void claim(int item, BitSet once, BitSet twice) {
    if (once.get(item)) twice.set(item);
    else once.set(item);
  }

  boolean hasConflicts() {
    return !twicePages.isEmpty() || !twiceClusters.isEmpty();
  }

  /** What belongs to more than one must not be changed: nobody knows whose it is. */
  void restrictOwners(List<String> findings) {
    if (!hasConflicts()) return;
    for (StoredBlob blob : blobs) {
      var shared = new BitSet();
      forEachPage(
          blob,
          page -> {
            if (twicePages.get(page)) shared.set(page);
          });
      if (!shared.isEmpty()) blob.restrict("metadata pages %s are not its alone".formatted(shared));
      var sharedClusters = new BitSet();
      blob.map()
          .forEach(
              (_, cluster) -> {
                if (twiceClusters.get(cluster)) sharedClusters.set(cluster);
              });
      if (!sharedClusters.isEmpty()) {
        blob.restrict("clusters %s are not its alone".formatted(sharedClusters));
      }
      if (!shared.isEmpty() || !sharedClusters.isEmpty()) {
        findings.add("Blob %s: %s.".formatted(blob.id(), blob.restriction().orElse("")));
      }
    }
  }

  BitSet twicePages() {
    return twicePages;
  }

  BitSet twiceClusters() {
    return twiceClusters;
  }

  BitSet pages() {
    return pages;
  }

  BitSet clusters() {
    return clusters;
  }
}
