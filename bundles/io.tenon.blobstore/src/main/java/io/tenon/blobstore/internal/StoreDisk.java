package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;

/**
 * The device below a store, in plain calls that wait. What {@link #write}, {@link #zero}, {@link #copy} and {@link #discard} begin may
 * happen in any order, in part or not at all until {@link #flush} returns; reads see it at once.
 *
 * <p>One thread at a time. Every method throws when the device fails, and then nobody knows what was written.
 */
public interface StoreDisk {
  long sizeBytes();

  int blockBytes();

  /** Reads pages of 4096 bytes. */
  byte[] read(long diskPage, int pages) throws BlobstoreException;

  /** Writes whole pages. */
  void write(long diskPage, byte[] pages) throws BlobstoreException;

  void zero(long offsetBytes, long lengthBytes) throws BlobstoreException;

  void copy(long fromBytes, long toBytes, long lengthBytes) throws BlobstoreException;

  /** Gives the range back to the device where it can; it holds anything then. */
  void discard(long offsetBytes, long lengthBytes) throws BlobstoreException;

  /** What was discarded reads as zeroes once it is durable. */
  boolean discardZeroes();

  /** All that was begun is durable. */
  void flush() throws BlobstoreException;
}
