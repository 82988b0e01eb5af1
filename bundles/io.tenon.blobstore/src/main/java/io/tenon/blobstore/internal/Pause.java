package io.tenon.blobstore.internal;

/** While it lasts, nothing of a blob's I/O is under way: what comes waits. */
final class Pause implements AutoCloseable {
  private final StoredBlob blob;

  private Pause(StoredBlob blob) {
    this.blob = blob;
  }

  static Pause of(StoredBlob blob) {
    var device = blob.device();
    if (device != null) device.pause();
    return new Pause(blob);
  }

  /** What was under way before has ended: nobody uses the former view of the blob or its descendants any more. Nothing waits for it. */
  static void passOver(StoredBlob blob) {
    var device = blob.device();
    if (device != null) device.passOver();
    for (StoredBlob child : blob.children()) passOver(child);
  }

  @Override
  public void close() {
    var device = blob.device();
    if (device != null) device.resume();
  }

  @Override
  public String toString() {
    return "pause of " + blob;
  }
}
