package io.tenon.blobstore.internal;

/** Placeholder replaced in the next step. */
final class BlobDevice {
  void resized() {}
}
