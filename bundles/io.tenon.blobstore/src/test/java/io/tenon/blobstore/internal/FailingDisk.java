package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;

/** A disk that stops working after so many flushes. */
final class FailingDisk extends MemoryDisk {
  private int flushesLeft;

  FailingDisk(MemoryDisk content, int flushesLeft) {
    super(content);
    this.flushesLeft = flushesLeft;
  }

  void flushesLeft(int now) {
    flushesLeft = now;
  }

  @Override
  public void flush() throws BlobstoreException {
    if (flushesLeft-- > 0) return;
    throw new BlobstoreException(Kind.IO, "The disk failed.", "The test wants it.", "");
  }
}
