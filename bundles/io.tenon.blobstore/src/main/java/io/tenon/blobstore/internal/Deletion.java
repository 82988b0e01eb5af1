package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.Transaction.Stage;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Deletes blobs, Format §12: one without children goes with all it has, one with a single child leaves to it what it needs. */
final class Deletion {
  private Deletion() {}

  static void delete(OpenStore store, BlobId id) throws BlobstoreException {
    var blob = store.changeable(id, "deleted");
    if (blob.device() != null) {
      throw refused(id, "It is open.", "Close it first.");
    }
    switch (blob.children().size()) {
      case 0 -> erase(store, blob, blob.map(), pagesOf(blob.image().extentPages()));
      case 1 -> mergeInto(store, blob, blob.children().getFirst());
      default ->
          throw refused(
              id,
              "It has %d children.".formatted(blob.children().size()),
              "Delete all but one of them first.");
    }
  }

  private static BlobstoreException refused(BlobId id, String why, String remedy) {
    return new BlobstoreException(
        Kind.IN_USE, "Blob %s was not deleted.".formatted(id), why, remedy);
  }

  private static List<Integer> pagesOf(int[] extentPages) {
    return Arrays.stream(extentPages).filter(page -> page != 0).boxed().toList();
  }

  private static void erase(
      OpenStore store, StoredBlob blob, ClusterMap clusters, List<Integer> extentPages)
      throws BlobstoreException {
    var step = store.begin();
    step.erase(blob.image(), clusters, extentPages);
    store.commit(step);
    store.blobs().remove(blob.id());
    blob.view(blob.map(), null);
    store.clean(step);
  }

  /**
   * The child takes over what it has not overwritten, as one step; then the snapshot goes with the rest. In between it is marked, so
   * that a load knows which of the two states holds.
   */
  private static void mergeInto(OpenStore store, StoredBlob snapshot, StoredBlob child)
      throws BlobstoreException {
    store.changeable(child.id(), "given the clusters of its snapshot " + snapshot.id());
    Detachment.copyHidden(store, child, snapshot);
    var marked = snapshot.image().copy();
    marked.link(BlobImage.SNAPRM, child.id());
    var merged = new Merge(snapshot, child);
    var step = store.begin();
    Persist.prepare(step, () -> merged.prepare(step));
    // Should there be no page for the mark, nothing has happened yet.
    Persist.prepare(step, () -> Persist.image(store, snapshot, marked));
    store.commit(step);
    child.image(merged.image);
    child.view(merged.map, snapshot.parent());
    store.clean(step);
    Pause.passOver(child);
    erase(store, snapshot, merged.rest, merged.restPages);
  }

  /** What the child becomes, and what remains of the snapshot. */
  private static final class Merge {
    final BlobImage image;
    final ClusterMap map;
    final ClusterMap rest;
    final List<Integer> restPages = new ArrayList<>();
    private final StoredBlob snapshot;

    Merge(StoredBlob snapshot, StoredBlob child) {
      this.snapshot = snapshot;
      image = child.image().copy();
      map = child.map().edit();
      rest = snapshot.map().edit();
      int common = Math.min(snapshot.map().clusters(), map.clusters());
      snapshot
          .map()
          .forEach(
              (logical, cluster) -> {
                if (logical >= common || map.get(logical) != 0) return;
                map.set(logical, cluster);
                rest.set(logical, 0);
              });
      var grandparent = snapshot.parent();
      if (grandparent == null) image.unlink(BlobImage.SNAP);
      else image.link(BlobImage.SNAP, grandparent.id());
    }

    void prepare(Transaction step) throws BlobstoreException {
      if (image.form() == MapForm.TABLE) slots(step);
      step.persist(image, map);
    }

    private void slots(Transaction step) {
      int[] mine = image.extentPages();
      int[] its = snapshot.image().extentPages();
      for (int slot = 0; slot < its.length; slot++) {
        if (its[slot] == 0) continue;
        if (slot >= mine.length) {
          restPages.add(its[slot]);
        } else if (mine[slot] != 0) {
          restPages.add(its[slot]);
          step.list(Stage.LISTS, image, map, slot);
        } else {
          mine[slot] = its[slot];
          // The original leaves the page as it is, and with it the size of the snapshot.
          if (map.clustersOfSlot(slot) != snapshot.map().clustersOfSlot(slot)) {
            step.list(Stage.LISTS_CUT, image, map, slot);
          }
        }
      }
    }
  }
}
