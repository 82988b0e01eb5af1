package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;

/** While it lasts, nothing of a blob's I/O is under way: what comes waits. */
final class Pause implements AutoCloseable {
  private final StoredBlob blob;

  private Pause(StoredBlob blob) {
    this.blob = blob;
  }

  static Pause of(StoredBlob blob) throws BlobstoreException {
    return new Pause(blob);
  }

  /** What was under way before has ended: nobody uses the blob's former view any more. */
  static void passOver(StoredBlob blob) throws BlobstoreException {
    of(blob).close();
    for (StoredBlob child : blob.children()) passOver(child);
  }

  @Override
  public void close() {}

  @Override
  public String toString() {
    return "pause of " + blob;
  }
}
