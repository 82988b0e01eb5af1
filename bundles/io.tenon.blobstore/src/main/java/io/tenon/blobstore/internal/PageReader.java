package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.Page;
import java.util.LinkedHashMap;
import java.util.Map;

/** Pages of a disk as they are once its journal is carried out; some of them kept, so that a load reads them once. */
final class PageReader {
  /** 64 MiB. */
  private static final int MOST_KEPT = 16 << 10;

  private final StoreDisk disk;
  private final Map<Long, byte[]> overlay = new LinkedHashMap<>();
  private final Map<Long, byte[]> kept = new LinkedHashMap<>();

  PageReader(StoreDisk disk) {
    this.disk = disk;
  }

  /** From now on the page is read as {@code content}. */
  void overlay(long diskPage, byte[] content) {
    overlay.put(diskPage, content);
  }

  byte[] page(long diskPage) throws BlobstoreException {
    byte[] known = overlay.get(diskPage);
    if (known == null) known = kept.get(diskPage);
    return known != null ? known : disk.read(diskPage, 1);
  }

  /** Many pages at a time, none of them kept. */
  byte[] pages(long diskPage, int pages) throws BlobstoreException {
    byte[] read = disk.read(diskPage, pages);
    overlay.forEach(
        (at, content) -> {
          long index = at - diskPage;
          if (index < 0 || index >= pages) return;
          System.arraycopy(content, 0, read, (int) index * Page.BYTES, Page.BYTES);
        });
    return read;
  }

  void keep(long diskPage, byte[] content) {
    if (kept.size() < MOST_KEPT) kept.put(diskPage, content);
  }
}
