package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.Page;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A disk in memory that holds only what is not zero. */
class MemoryDisk implements StoreDisk {
  private final NavigableMap<Long, byte[]> pages;
  private long sizeBytes;
  private final int blockBytes;

  /** What is discarded is zeroes, and whoever asks is told so. */
  boolean discardZeroes;

  MemoryDisk(long sizeBytes, int blockBytes) {
    this(sizeBytes, blockBytes, new TreeMap<>());
  }

  /** Begins as a copy. */
  MemoryDisk(MemoryDisk other) {
    this(other.sizeBytes, other.blockBytes, new TreeMap<>(other.pages));
    discardZeroes = other.discardZeroes;
  }

  private MemoryDisk(long sizeBytes, int blockBytes, NavigableMap<Long, byte[]> pages) {
    this.sizeBytes = sizeBytes;
    this.blockBytes = blockBytes;
    this.pages = pages;
  }

  /** The same content, which then goes its own way. */
  MemoryDisk copy() {
    return new MemoryDisk(this);
  }

  void resize(long newSizeBytes) {
    sizeBytes = newSizeBytes;
  }

  byte[] page(long diskPage) {
    byte[] page = pages.get(diskPage);
    return page == null ? new byte[Page.BYTES] : page.clone();
  }

  /** The first eight bytes of a page. */
  long stampAt(long diskPage) {
    byte[] page = pages.get(diskPage);
    return page == null ? 0 : ByteBuffer.wrap(page).getLong();
  }

  void putPage(long diskPage, byte[] content) {
    if (diskPage < 0 || (diskPage + 1) * Page.BYTES > sizeBytes) {
      throw new AssertionError("page " + diskPage + " is not on the disk");
    }
    boolean zero = true;
    for (byte one : content) zero &= one == 0;
    if (zero) pages.remove(diskPage);
    else pages.put(diskPage, content.clone());
  }

  /** Disk pages that are not zero. */
  Iterable<Long> usedPages() {
    return pages.keySet();
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
  public byte[] read(long diskPage, int count) {
    if (diskPage < 0 || (diskPage + count) * Page.BYTES > sizeBytes) {
      throw new AssertionError("%d pages from %d are not on the disk".formatted(count, diskPage));
    }
    var read = new byte[count * Page.BYTES];
    pages
        .subMap(diskPage, diskPage + count)
        .forEach(
            (at, page) ->
                System.arraycopy(page, 0, read, (int) (at - diskPage) * Page.BYTES, Page.BYTES));
    return read;
  }

  @Override
  public void write(long diskPage, byte[] content) {
    for (int i = 0; i < content.length / Page.BYTES; i++) {
      putPage(diskPage + i, Page.of(content, i));
    }
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    for (long page = pageOf(offsetBytes); page < pageOf(offsetBytes + lengthBytes); page++) {
      putPage(page, new byte[Page.BYTES]);
    }
  }

  @Override
  public void copy(long fromBytes, long toBytes, long lengthBytes) {
    for (long i = 0; i < pageOf(lengthBytes); i++) {
      putPage(pageOf(toBytes) + i, page(pageOf(fromBytes) + i));
    }
  }

  @Override
  public boolean discardZeroes() {
    return discardZeroes;
  }

  /** What is given back holds garbage where zeroes were not promised, so that nobody relies on them. */
  @Override
  public void discard(long offsetBytes, long lengthBytes) {
    if (discardZeroes) {
      zero(offsetBytes, lengthBytes);
      return;
    }
    var garbage = new byte[Page.BYTES];
    Arrays.fill(garbage, (byte) 0xDB);
    for (long page = pageOf(offsetBytes); page < pageOf(offsetBytes + lengthBytes); page++) {
      putPage(page, garbage);
    }
  }

  static long pageOf(long bytes) {
    if (bytes % Page.BYTES != 0) throw new AssertionError(bytes + " is not a whole page");
    return bytes / Page.BYTES;
  }

  @Override
  public void flush() throws BlobstoreException {}
}
