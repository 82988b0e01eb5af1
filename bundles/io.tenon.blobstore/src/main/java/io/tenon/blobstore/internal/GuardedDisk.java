package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.error.Check;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** A disk to which only what was planned is written; anything else is a bug, and stops before it is done. */
final class GuardedDisk implements StoreDisk {
  private final StoreDisk disk;
  private final Set<Long> pages;
  private final Map<Long, Long> copies;

  /**
   * @param pages that may be written
   * @param copies of data that may be made: to which byte, from which
   */
  GuardedDisk(StoreDisk disk, Set<Long> pages, Map<Long, Long> copies) {
    this.disk = disk;
    this.pages = pages;
    this.copies = copies;
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
  public byte[] read(long diskPage, int count) throws BlobstoreException {
    return disk.read(diskPage, count);
  }

  @Override
  public void write(long diskPage, byte[] content) throws BlobstoreException {
    for (int i = 0; i < content.length / Page.BYTES; i++) {
      Check.that(pages.contains(diskPage + i), "page %d was not announced", diskPage + i);
    }
    disk.write(diskPage, content);
  }

  @Override
  public void copy(long fromBytes, long toBytes, long lengthBytes) throws BlobstoreException {
    Check.that(
        Objects.equals(copies.get(toBytes), fromBytes),
        "a copy of %d bytes to %d was not announced",
        lengthBytes,
        toBytes);
    disk.copy(fromBytes, toBytes, lengthBytes);
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    throw Check.bug("a repair wanted to zero data at %d", offsetBytes);
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) {
    throw Check.bug("a repair wanted to discard data at %d", offsetBytes);
  }

  /** Nothing is discarded here. */
  @Override
  public boolean discardZeroes() {
    return false;
  }

  @Override
  public void flush() throws BlobstoreException {
    disk.flush();
  }
}
