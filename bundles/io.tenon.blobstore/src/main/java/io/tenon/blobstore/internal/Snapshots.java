package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import java.util.Map;

/**
 * Creates snapshots, Format §12: the snapshot takes over the clusters and the extent pages of its origin, which goes on empty, as its
 * child. The steps are those of the original, so that it can pick up after a crash as well as we can.
 */
final class Snapshots {
  private Snapshots() {}

  static BlobId create(OpenStore store, BlobId id, Map<String, byte[]> xattrs)
      throws BlobstoreException {
    var origin = store.changeable(id, "snapshot");
    if (origin.isReadOnly() || !origin.children().isEmpty()) {
      throw new BlobstoreException(
          Kind.READ_ONLY,
          "No snapshot of blob %s was made.".formatted(id),
          "It is a snapshot itself.",
          "Clone it, or snapshot its child.");
    }
    store.checkAllocation();
    var snapshot = begin(store, origin, xattrs);
    try (var _ = Pause.of(origin)) {
      takeOver(store, snapshot, origin);
    }
    var finished = snapshot.image().copy();
    finished.unlink(BlobImage.SNAPTMP);
    finished.flags(finished.flags().withReadOnly(true));
    Persist.image(store, snapshot, finished);
    return snapshot.id();
  }

  /** Step 1: an empty blob that says what it is going to be. */
  private static StoredBlob begin(OpenStore store, StoredBlob origin, Map<String, byte[]> xattrs)
      throws BlobstoreException {
    var step = store.begin();
    var map = new ClusterMap(origin.map().clusters());
    var made = new BlobImage[1];
    Persist.prepare(
        step,
        () -> {
          made[0] = Creation.child(step, origin, map);
          Attributes.put(made[0], xattrs);
          made[0].link(BlobImage.SNAPTMP, origin.id());
          step.persist(made[0], map);
        });
    var snapshot = new StoredBlob(made[0], map);
    Creation.add(store, step, snapshot);
    return snapshot;
  }

  /** Steps 3 and 4, with no I/O to the origin. */
  private static void takeOver(OpenStore store, StoredBlob snapshot, StoredBlob origin)
      throws BlobstoreException {
    var before = origin.view();
    var full = snapshot.image().copy();
    var flags = origin.image().flags();
    var parent = before.parent();
    full.flags(full.flags().withThin(flags.isThin()).withClearMethod(flags.clearMethod()));
    if (parent != null) full.link(BlobImage.SNAP, parent.id());
    full.extentPages(origin.image().extentPages().clone());
    var third = store.begin();
    Persist.prepare(third, () -> third.persist(full, before.map()));

    var emptied = origin.image().copy();
    var empty = new ClusterMap(before.map().clusters());
    emptied.flags(emptied.flags().withThin(true));
    emptied.link(BlobImage.SNAP, snapshot.id());
    if (emptied.form() == MapForm.TABLE) emptied.extentPages(new int[empty.slots()]);
    var fourth = store.begin();
    try {
      Persist.prepare(fourth, () -> fourth.persist(emptied, empty));
    } catch (BlobstoreException e) {
      third.undo();
      throw e;
    }
    store.commit(third);
    snapshot.image(full);
    snapshot.view(before.map(), parent);
    store.clean(third);
    store.commit(fourth);
    origin.image(emptied);
    origin.view(empty, snapshot);
    store.clean(fourth);
  }
}
