package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.error.Check;
import java.util.NavigableMap;
import java.util.TreeMap;

/** What a disk would be: writes stay in memory, and the disk below is only read. */
final class OverlayDisk implements StoreDisk {
  private final StoreDisk below;
  private final long sizeBytes;
  private final int blockBytes;
  private final NavigableMap<Long, byte[]> written = new TreeMap<>();

  /** Where the content of clusters would come from, by byte; that content itself is of no interest here. */
  private final NavigableMap<Long, Long> copied = new TreeMap<>();

  OverlayDisk(StoreDisk below) {
    this(below, below.sizeBytes(), below.blockBytes());
  }

  /**
   * @param sizeBytes as which it appears
   * @param blockBytes as which it appears
   */
  OverlayDisk(StoreDisk below, long sizeBytes, int blockBytes) {
    this.below = below;
    this.sizeBytes = sizeBytes;
    this.blockBytes = blockBytes;
  }

  /** Pages that would be written, as they would be in the end. */
  NavigableMap<Long, byte[]> written() {
    return written;
  }

  /** From which byte what was copied to a byte would come. */
  NavigableMap<Long, Long> copied() {
    return copied;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public int blockBytes() {
    return blockBytes;
  }

  @Override
  public byte[] read(long diskPage, int pages) throws BlobstoreException {
    byte[] read = below.read(diskPage, pages);
    written
        .subMap(diskPage, diskPage + pages)
        .forEach(
            (at, page) ->
                System.arraycopy(page, 0, read, (int) (at - diskPage) * Page.BYTES, Page.BYTES));
    return read;
  }

  @Override
  public void write(long diskPage, byte[] pages) {
    for (int i = 0; i < pages.length / Page.BYTES; i++) {
      written.put(diskPage + i, Page.of(pages, i));
    }
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    throw Check.bug("a repair wanted to zero data at %d", offsetBytes);
  }

  @Override
  public void copy(long fromBytes, long toBytes, long lengthBytes) {
    copied.put(toBytes, fromBytes);
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
  public void flush() {}
}
