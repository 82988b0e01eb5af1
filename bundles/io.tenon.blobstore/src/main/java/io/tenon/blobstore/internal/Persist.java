package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.BlobImage;

/** Steps of an existing blob. */
final class Persist {
  private Persist() {}

  /** The blob gets another root and chain, its map stays. */
  static void image(OpenStore store, StoredBlob blob, BlobImage image) throws BlobstoreException {
    var step = store.begin();
    prepare(step, () -> step.persist(image, blob.map()));
    store.commit(step);
    blob.image(image);
    store.clean(step);
  }

  /** What fails here has written nothing, and takes nothing. */
  static void prepare(Transaction step, OpenStore.Change preparation) throws BlobstoreException {
    try {
      preparation.run();
    } catch (BlobstoreException e) {
      step.undo();
      throw e;
    }
  }
}
