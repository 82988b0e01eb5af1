package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;

/** What {@link ServedStore} does around operations, for tests that go without it. */
final class OpenStores {
  private OpenStores() {}

  static void clear(OpenStore store) throws BlobstoreException {
    boolean done = false;
    while (!done) done = store.clearSome();
  }
}
