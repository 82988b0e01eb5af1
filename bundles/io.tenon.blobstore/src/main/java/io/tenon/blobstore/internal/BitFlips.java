package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.FlippedBit;
import io.tenon.blobstore.internal.layout.JournalRecord;
import io.tenon.blobstore.internal.layout.Page;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** Pages of metadata with a single wrong bit. Only looks. */
final class BitFlips {
  private static final int SCAN_PAGES = 256;

  private BitFlips() {}

  /** The disk pages, as they were written. */
  static NavigableMap<Long, byte[]> turnedBack(StoreDisk disk, StoreHead head)
      throws BlobstoreException {
    var layout = head.layout();
    Optional<JournalRecord> record = head.record();
    var turned = new TreeMap<Long, byte[]>();
    for (int first = 0; first < layout.mdPages(); first += SCAN_PAGES) {
      int count = Math.min(SCAN_PAGES, layout.mdPages() - first);
      byte[] read = disk.read(layout.diskPage(first), count);
      for (int i = 0; i < count; i++) {
        long at = layout.diskPage(first + i);
        // The journal has these whole.
        if (record.isPresent() && record.get().protects(at)) continue;
        FlippedBit.turnedBack(Page.of(read, i)).ifPresent(page -> turned.put(at, page));
      }
    }
    return turned;
  }
}
