package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.internal.layout.BlobImage;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Makes a blob independent of its parent, or of every blob, by copying what it shares. Format §12, "Inflate and decouple". */
final class Detachment {
  private Detachment() {}

  /** It has all its clusters afterwards, and no parent. */
  static void inflate(OpenStore store, BlobId id) throws BlobstoreException {
    var blob = store.changeable(id, "inflated");
    copy(store, blob, _ -> true);
    var image = blob.image().copy();
    image.unlink(BlobImage.SNAP);
    image.flags(image.flags().withThin(false));
    finish(store, blob, image, null);
  }

  /** Its parent is what was its parent's parent, if any. */
  static void decouple(OpenStore store, BlobId id) throws BlobstoreException {
    var blob = store.changeable(id, "decoupled");
    var parent = blob.parent();
    if (parent == null) {
      throw new BlobstoreException(
          Kind.INVALID_ARGUMENT,
          "Blob %s was not decoupled.".formatted(id),
          "It has no parent.",
          "");
    }
    var its = parent.map();
    copyHidden(store, blob, parent);
    copy(store, blob, cluster -> cluster < its.clusters() && its.get(cluster) != 0);
    var image = blob.image().copy();
    var grandparent = parent.parent();
    if (grandparent == null) image.unlink(BlobImage.SNAP);
    else image.link(BlobImage.SNAP, grandparent.id());
    finish(store, blob, image, grandparent);
  }

  /**
   * Behind the end of its parent a blob reads zeroes, even where a grandparent has data. Without the parent that data would show, so the
   * blob gets clusters of zeroes there.
   */
  static void copyHidden(OpenStore store, StoredBlob blob, StoredBlob parent)
      throws BlobstoreException {
    var grandparent = parent.parent();
    if (grandparent == null) return;
    int end = parent.map().clusters();
    copy(store, blob, cluster -> cluster >= end && grandparent.view().find(cluster) != 0);
  }

  private static void copy(OpenStore store, StoredBlob blob, IntPredicate wanted)
      throws BlobstoreException {
    int needed = 0;
    for (int cluster = 0; cluster < blob.map().clusters(); cluster++) {
      if (blob.map().get(cluster) == 0 && wanted.test(cluster)) needed++;
    }
    store.space().checkClusters(needed);
    Allocation batch = new Allocation(store);
    int inBatch = 0;
    for (int cluster = 0; cluster < blob.map().clusters(); cluster++) {
      if (blob.map().get(cluster) != 0 || !wanted.test(cluster)) continue;
      batch.add(blob, cluster);
      if (++inBatch < Allocation.MOST_CLUSTERS) continue;
      batch.commit();
      batch = new Allocation(store);
      inBatch = 0;
    }
    batch.commit();
  }

  private static void finish(
      OpenStore store, StoredBlob blob, BlobImage image, @Nullable StoredBlob parent)
      throws BlobstoreException {
    var step = store.begin();
    Persist.prepare(step, () -> step.persist(image, blob.map(), true));
    store.commit(step);
    blob.image(image);
    blob.view(blob.map(), parent);
    Pause.passOver(blob);
    store.clean(step);
  }
}
