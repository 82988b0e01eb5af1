package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.error.Check;
import java.util.Arrays;
import java.util.BitSet;

/**
 * A disk that is only looked at, as far as it can be: a page that the device fails to read, or that lies behind its end, is one of
 * zeroes here, which is never a valid page of metadata. To write to it is a bug.
 */
final class LookedAtDisk implements StoreDisk {
  /** A device that fails more often has failed. */
  private static final int MOST_UNREADABLE = 4096;

  private final StoreDisk disk;
  private final BitSet unreadable = new BitSet();

  LookedAtDisk(StoreDisk disk) {
    this.disk = disk;
  }

  /** Pages that were asked for and could not be read. */
  BitSet unreadable() {
    return unreadable;
  }

  @Override
  public long sizeBytes() {
    return disk.sizeBytes();
  }

  @Override
  public int blockBytes() {
    return disk.blockBytes();
  }

  @Override
  public byte[] read(long diskPage, int pages) throws BlobstoreException {
    long there = Math.max(0, disk.sizeBytes() / Page.BYTES - diskPage);
    try {
      if (there >= pages) return disk.read(diskPage, pages);
    } catch (BlobstoreException e) {
      if (e.kind() != Kind.IO) throw e;
    }
    var read = new byte[pages * Page.BYTES];
    for (int i = 0; i < pages; i++) {
      if (i >= there) miss(diskPage + i);
      else readOne(diskPage + i, read, i * Page.BYTES);
    }
    return read;
  }

  private void readOne(long diskPage, byte[] into, int at) throws BlobstoreException {
    try {
      System.arraycopy(disk.read(diskPage, 1), 0, into, at, Page.BYTES);
    } catch (BlobstoreException e) {
      if (e.kind() != Kind.IO || unreadable.cardinality() >= MOST_UNREADABLE) throw e;
      miss(diskPage);
      Arrays.fill(into, at, at + Page.BYTES, (byte) 0);
    }
  }

  private void miss(long diskPage) throws BlobstoreException {
    if (diskPage > Integer.MAX_VALUE) {
      throw new BlobstoreException(
          Kind.DEVICE_TOO_SMALL,
          "Page %d cannot be read.".formatted(diskPage),
          "The device has %d bytes.".formatted(disk.sizeBytes()),
          "");
    }
    unreadable.set((int) diskPage);
  }

  @Override
  public void write(long diskPage, byte[] pages) {
    throw Check.bug("a disk that is only looked at was written at page %d", diskPage);
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    throw Check.bug("a disk that is only looked at was zeroed at %d", offsetBytes);
  }

  @Override
  public void copy(long fromBytes, long toBytes, long lengthBytes) {
    throw Check.bug("a disk that is only looked at was written at %d", toBytes);
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) {
    throw Check.bug("a disk that is only looked at was discarded at %d", offsetBytes);
  }

  /** Nothing is discarded here. */
  @Override
  public boolean discardZeroes() {
    return false;
  }

  @Override
  public void flush() {}
}
