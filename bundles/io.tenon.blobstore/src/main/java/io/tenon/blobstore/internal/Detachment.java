package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Makes a blob independent of its parent, or of every blob, by copying what it shares. Format §12, "Inflate and decouple". */
final class Detachment {
  private Detachment() {}

  /** It has all its clusters afterwards, and no parent. */
  static void inflate(OpenStore store, BlobId id) throws BlobstoreException {
    boolean done = false;
    while (!done) done = inflateSome(store, id);
  }

  /**
   * A part of it: others may have their turn in between.
   *
   * @return true when it is done
   */
  static boolean inflateSome(OpenStore store, BlobId id) throws BlobstoreException {
    var blob = store.changeable(id, "inflated");
    if (!copySome(store, blob, _ -> true)) return false;
    var image = blob.image().copy();
    image.unlink(BlobImage.SNAP);
    image.flags(image.flags().withThin(false));
    finish(store, blob, image, null);
    return true;
  }

  /** Its parent is what was its parent's parent, if any. */
  static void decouple(OpenStore store, BlobId id) throws BlobstoreException {
    var parent = store.changeable(id, "decoupled").parent();
    boolean done = false;
    while (!done) done = decoupleSome(store, id, parent == null ? id : parent.id());
  }

  /**
   * A part of it: others may have their turn in between.
   *
   * @param parentId what was its parent when it began
   * @return true when it is done
   */
  static boolean decoupleSome(OpenStore store, BlobId id, BlobId parentId)
      throws BlobstoreException {
    var blob = store.changeable(id, "decoupled");
    var parent = blob.parent();
    if (parent == null) {
      throw new BlobstoreException(
          Kind.INVALID_ARGUMENT,
          "Blob %s was not decoupled.".formatted(id),
          "It has no parent.",
          "");
    }
    // Somebody else has taken the parent away meanwhile.
    if (!parent.id().equals(parentId)) return true;
    var its = parent.map();
    boolean copied =
        copySome(
            store,
            blob,
            cluster ->
                cluster < its.clusters() ? its.get(cluster) != 0 : isHidden(parent, cluster));
    if (!copied) return false;
    var image = blob.image().copy();
    var grandparent = parent.parent();
    if (grandparent == null) image.unlink(BlobImage.SNAP);
    else image.link(BlobImage.SNAP, grandparent.id());
    finish(store, blob, image, grandparent);
    return true;
  }

  /** Behind the end of its parent a blob reads zeroes, even where a grandparent has data. */
  private static boolean isHidden(StoredBlob parent, int cluster) {
    var grandparent = parent.parent();
    return cluster >= parent.map().clusters()
        && grandparent != null
        && grandparent.view().find(cluster) != 0;
  }

  /** Without the parent what it hides would show, so the blob gets clusters of zeroes there. */
  static void copyHidden(OpenStore store, StoredBlob blob, StoredBlob parent)
      throws BlobstoreException {
    boolean done = false;
    while (!done) done = copySome(store, blob, cluster -> isHidden(parent, cluster));
  }

  /**
   * Gives the blob some of the clusters that are wanted and that it has not.
   *
   * @return true when it has them all already
   */
  private static boolean copySome(OpenStore store, StoredBlob blob, IntPredicate wanted)
      throws BlobstoreException {
    var map = blob.map();
    var batch = new Allocation(store);
    int missing = 0;
    for (int cluster = 0; cluster < map.clusters(); cluster++) {
      if (map.get(cluster) != 0 || !wanted.test(cluster)) continue;
      if (missing++ == 0) checkSpace(store, map, wanted);
      batch.add(blob, cluster);
      if (missing == Allocation.MOST_CLUSTERS) break;
    }
    batch.commit();
    return missing == 0;
  }

  private static void checkSpace(OpenStore store, ClusterMap map, IntPredicate wanted)
      throws BlobstoreException {
    int needed = 0;
    for (int cluster = 0; cluster < map.clusters(); cluster++) {
      if (map.get(cluster) == 0 && wanted.test(cluster)) needed++;
    }
    store.makeRoom(needed);
  }

  private static void finish(
      OpenStore store, StoredBlob blob, BlobImage image, @Nullable StoredBlob parent)
      throws BlobstoreException {
    var step = store.begin();
    Persist.prepare(step, () -> step.persist(image, blob.map()));
    store.commit(step);
    blob.image(image);
    blob.view(blob.map(), parent);
    Pause.passOver(blob);
    store.clean(step);
  }
}
