package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import io.tenon.blobstore.internal.layout.Flags;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** New blobs: plain ones and clones. */
final class Creation {
  private Creation() {}

  static BlobId create(OpenStore store, BlobSpec spec) throws BlobstoreException {
    return create(store, spec, null);
  }

  /**
   * @param reserved clusters of a thick one; null to take them as they are
   */
  static BlobId create(OpenStore store, BlobSpec spec, @Nullable Reservation reserved)
      throws BlobstoreException {
    checkSize(spec.clusters());
    store.checkAllocation();
    var step = store.begin();
    var map = new ClusterMap((int) spec.clusters());
    var made = new BlobImage[1];
    Persist.prepare(
        step,
        () -> {
          if (!spec.thin() && reserved == null) store.makeRoom(spec.clusters());
          var image = new BlobImage(BlobId.ofRootPage(step.takePage()));
          made[0] = image;
          image.form(spec.form());
          image.flags(
              Flags.NONE
                  .withThin(spec.thin())
                  .withExtentTable(spec.form() == MapForm.TABLE)
                  .withClearMethod(spec.clearMethod()));
          Attributes.put(image, spec.xattrs());
          if (!spec.thin()) fill(step, map, reserved);
          if (image.form() == MapForm.TABLE) image.extentPages(new int[map.slots()]);
          step.takeExtentPages(image, map, 0, false);
          step.persist(image, map);
        });
    return add(store, step, new StoredBlob(made[0], map));
  }

  private static void fill(Transaction step, ClusterMap map, @Nullable Reservation reserved)
      throws BlobstoreException {
    for (int cluster = 0; cluster < map.clusters(); cluster++) {
      map.set(cluster, reserved == null ? step.takeCluster() : reserved.next());
    }
  }

  /** Format §12, "Create clone". */
  static BlobId cloneOf(OpenStore store, BlobId id, Map<String, byte[]> xattrs)
      throws BlobstoreException {
    var snapshot = store.changeable(id, "cloned");
    if (!snapshot.isReadOnly()) {
      throw new BlobstoreException(
          Kind.INVALID_ARGUMENT,
          "Blob %s was not cloned.".formatted(id),
          "It is no snapshot.",
          "Make a snapshot of it first.");
    }
    store.checkAllocation();
    var step = store.begin();
    var map = new ClusterMap(snapshot.map().clusters());
    var made = new BlobImage[1];
    Persist.prepare(
        step,
        () -> {
          made[0] = child(step, snapshot, map);
          made[0].link(BlobImage.SNAP, id);
          Attributes.put(made[0], xattrs);
          step.persist(made[0], map);
        });
    var clone = new StoredBlob(made[0], map);
    clone.view(map, snapshot);
    return add(store, step, clone);
  }

  /** A thin blob of the same size and form with nothing in it. */
  static BlobImage child(Transaction step, StoredBlob origin, ClusterMap map)
      throws BlobstoreException {
    var image = new BlobImage(BlobId.ofRootPage(step.takePage()));
    image.form(origin.image().form());
    image.flags(Flags.NONE.withThin(true).withExtentTable(origin.image().form() == MapForm.TABLE));
    if (image.form() == MapForm.TABLE) image.extentPages(new int[map.slots()]);
    return image;
  }

  static BlobId add(OpenStore store, Transaction step, StoredBlob blob) throws BlobstoreException {
    store.commit(step);
    store.blobs().put(blob.id(), blob);
    store.clean(step);
    return blob.id();
  }

  static void checkSize(long clusters) throws BlobstoreException {
    if (clusters >= 0 && clusters <= ClusterMap.MOST_CLUSTERS) return;
    throw new BlobstoreException(
        Kind.INVALID_ARGUMENT,
        "A blob of %d clusters is not possible.".formatted(clusters),
        "0 to %d are.".formatted(ClusterMap.MOST_CLUSTERS),
        "");
  }
}
