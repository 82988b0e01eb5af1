package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.Transaction.Stage;
import java.util.TreeSet;

/** Writes what a load has found to be repaired: the journal's last record, unfinished snapshots, lists of the wrong length. */
final class Repair {
  private final OpenStore store;
  private final LoadedStore loaded;

  private Repair(OpenStore store, LoadedStore loaded) {
    this.store = store;
    this.loaded = loaded;
  }

  static void apply(OpenStore store, LoadedStore loaded) throws BlobstoreException {
    var repair = new Repair(store, loaded);
    repair.carryOutRecord();
    for (BlobId id : loaded.toErase) repair.erase(id);
    for (StoredBlob snapshot : loaded.toFinish) repair.finish(snapshot);
    for (BlobId id : loaded.wrongSlots.keySet()) repair.rewrite(id);
    for (BlobId id : loaded.wrongSizes) {
      if (!loaded.wrongSlots.containsKey(id)) repair.rewrite(id);
    }
  }

  private void carryOutRecord() throws BlobstoreException {
    var record = loaded.record();
    if (record.isEmpty()) return;
    store.change(
        () -> {
          record.get().forEach(store.disk()::write);
          store.disk().flush();
        });
  }

  /** Its root only: what else was its own is free since nobody claims it. */
  private void erase(BlobId id) throws BlobstoreException {
    var step = store.begin();
    step.eraseRoot(id);
    store.commit(step);
    // The page is free already.
  }

  /** In memory it is finished. */
  private void finish(StoredBlob snapshot) throws BlobstoreException {
    if (snapshot.restriction().isPresent()) return;
    Persist.image(store, snapshot, snapshot.image().copy());
  }

  private void rewrite(BlobId id) throws BlobstoreException {
    var blob = loaded.blobs.get(id);
    if (blob == null || blob.restriction().isPresent()) return;
    var step = store.begin();
    var image = blob.image().copy();
    if (image.form() == MapForm.TABLE) {
      for (int slot : loaded.wrongSlots.getOrDefault(id, new TreeSet<>())) {
        if (image.extentPages()[slot] != 0) step.list(Stage.LISTS_CUT, image, blob.map(), slot);
      }
    }
    if (loaded.wrongSizes.contains(id) || image.form() == MapForm.RUNS) {
      step.persist(image, blob.map());
    }
    store.commit(step);
    blob.image(image);
    store.clean(step);
  }
}
