package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.Transaction.Stage;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import java.util.Arrays;

/** Changes a blob's number of clusters, Format §12. */
final class Resize {
  private Resize() {}

  static void run(OpenStore store, BlobId id, long clusters) throws BlobstoreException {
    var reserved = reserve(store, id, clusters);
    reserved.clear();
    try {
      run(store, id, clusters, reserved);
    } catch (BlobstoreException e) {
      reserved.giveBack();
      throw e;
    }
  }

  /** What a thick blob needs to grow, to be cleared. */
  static Reservation reserve(OpenStore store, BlobId id, long clusters) throws BlobstoreException {
    Creation.checkSize(clusters);
    var blob = store.changeable(id, "resized");
    boolean refused = blob.isReadOnly() || !blob.children().isEmpty();
    boolean none = refused || blob.image().flags().isThin();
    long missing = none ? 0 : clusters - blob.map().clusters();
    return Reservation.of(store, Math.max(0, missing));
  }

  /**
   * @param reserved is used up when this returns, and still the caller's when it throws
   */
  static void run(OpenStore store, BlobId id, long clusters, Reservation reserved)
      throws BlobstoreException {
    var blob = store.changeable(id, "resized");
    Creation.checkSize(clusters);
    if (blob.isReadOnly() || !blob.children().isEmpty()) {
      throw new BlobstoreException(
          Kind.READ_ONLY, "Blob %s was not resized.".formatted(id), "It is a snapshot.", "");
    }
    int before = blob.map().clusters();
    if (clusters == before) {
      reserved.giveBack();
      return;
    }
    boolean grows = clusters > before;
    boolean thick = !blob.image().flags().isThin();
    if (reserved.size() != (grows && thick ? clusters - before : 0)) {
      throw new BlobstoreException(
          Kind.IN_USE,
          "Blob %s was not resized.".formatted(id),
          "It was changed meanwhile by somebody else.",
          "Look at it, and try again.");
    }
    if (grows) store.checkAllocation();
    var step = store.begin();
    var image = blob.image().copy();
    var map = blob.map().resized((int) clusters);
    Persist.prepare(
        step,
        () -> {
          if (grows && thick) {
            for (int i = before; i < clusters; i++) map.set(i, reserved.next());
          }
          if (image.form() == MapForm.TABLE) slots(store, step, image, map, before);
          step.persist(image, map);
        });
    if (!grows) {
      var method = image.flags().clearMethod();
      blob.map()
          .forEach(
              (logical, cluster) -> {
                if (logical >= clusters) step.freeCluster(cluster, method);
              });
    }
    store.commit(step);
    reserved.end();
    blob.image(image);
    blob.view(map, blob.parent());
    var device = blob.device();
    if (device != null) device.resized();
    Pause.passOver(blob);
    store.clean(step);
  }

  /** Every list has exactly the entries that the new size gives it. */
  private static void slots(
      OpenStore store, Transaction step, BlobImage image, ClusterMap map, int clustersBefore)
      throws BlobstoreException {
    int[] before = image.extentPages();
    for (int slot = map.slots(); slot < before.length; slot++) {
      if (before[slot] != 0) step.freePage(before[slot]);
    }
    image.extentPages(Arrays.copyOf(before, map.slots()));
    int cut = Math.min(clustersBefore, map.clusters());
    int edge = cut / ClusterMap.SLOT_CLUSTERS;
    boolean edgeIsListed = cut % ClusterMap.SLOT_CLUSTERS != 0 && image.extentPages()[edge] != 0;
    boolean moves = edgeIsListed && hasRoomToMove(store, image, map, edge);
    if (moves) {
      // The root names the list of its own length, so that nobody ever finds one of another.
      step.freePage(image.extentPages()[edge]);
      image.extentPages()[edge] = 0;
    } else if (edgeIsListed) {
      var stage = map.clusters() > clustersBefore ? Stage.LISTS : Stage.LISTS_CUT;
      step.list(stage, image, map, edge);
    }
    step.takeExtentPages(image, map, edge, false);
  }

  /** Pages for all lists from the edge on, and for the chain, which is never overwritten either. */
  private static boolean hasRoomToMove(OpenStore store, BlobImage image, ClusterMap map, int edge) {
    int lists = map.slots() - edge;
    return store.space().freePages() > lists + image.chainPages().length + 1;
  }
}
