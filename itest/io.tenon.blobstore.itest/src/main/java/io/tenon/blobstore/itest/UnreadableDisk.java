package io.tenon.blobstore.itest;

/** Nothing of the disk can be read; the message says why. */
public final class UnreadableDisk extends Exception {
  private static final long serialVersionUID = 1;

  UnreadableDisk(String message) {
    super(message);
  }
}
