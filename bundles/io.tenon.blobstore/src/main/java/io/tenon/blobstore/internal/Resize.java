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
    var blob = store.changeable(id, "resized");
    Creation.checkSize(clusters);
    if (blob.isReadOnly() || !blob.children().isEmpty()) {
      throw new BlobstoreException(
          Kind.READ_ONLY, "Blob %s was not resized.".formatted(id), "It is a snapshot.", "");
    }
    int before = blob.map().clusters();
    if (clusters == before) return;
    boolean grows = clusters > before;
    boolean thick = !blob.image().flags().isThin();
    if (grows) store.checkAllocation();
    var step = store.begin();
    var image = blob.image().copy();
    var map = blob.map().resized((int) clusters);
    Persist.prepare(
        step,
        () -> {
          if (grows && thick) {
            store.makeRoom(clusters - before);
            for (int i = before; i < clusters; i++) map.set(i, step.takeCluster());
          }
          if (image.form() == MapForm.TABLE) slots(step, image, map, before);
          step.persist(image, map, true);
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
    blob.image(image);
    blob.view(map, blob.parent());
    var device = blob.device();
    if (device != null) device.resized();
    Pause.passOver(blob);
    store.clean(step);
  }

  /** Every list has exactly the entries that the new size gives it. */
  private static void slots(Transaction step, BlobImage image, ClusterMap map, int clustersBefore)
      throws BlobstoreException {
    int[] before = image.extentPages();
    for (int slot = map.slots(); slot < before.length; slot++) {
      if (before[slot] != 0) step.freePage(before[slot]);
    }
    image.extentPages(Arrays.copyOf(before, map.slots()));
    int cut = Math.min(clustersBefore, map.clusters());
    int edge = cut / ClusterMap.SLOT_CLUSTERS;
    boolean edgeIsListed = cut % ClusterMap.SLOT_CLUSTERS != 0 && image.extentPages()[edge] != 0;
    if (edgeIsListed) {
      var stage = map.clusters() > clustersBefore ? Stage.LISTS : Stage.LISTS_CUT;
      step.list(stage, image, map, edge);
    }
    step.takeExtentPages(image, map, edge, false);
  }
}
