package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.JournalRecord;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.blobstore.internal.layout.StoreLayout;

/**
 * Protects pages that are overwritten in place against a power failure that tears them. One record at a time; see {@link
 * JournalRecord}. A store without room for it does without, as the original does.
 */
final class Journal {
  private final StoreDisk disk;
  private final StoreLayout layout;
  private final int mostTargets;
  private JournalRecord last = new JournalRecord();

  Journal(StoreDisk disk, StoreLayout layout) {
    this.disk = disk;
    this.layout = layout;
    long gap = layout.dataStart() - layout.gapStart();
    boolean usable =
        gap >= JournalRecord.FEWEST_PAGES && JournalRecord.hasRoomForMark(layout.superBlock());
    mostTargets = usable ? (int) Math.min(gap - 1, JournalRecord.MOST_TARGETS) : 0;
  }

  /** Pages that one record can protect; 0 when there is no journal. */
  int mostTargets() {
    return mostTargets;
  }

  /** From now on what stands in the journal is in force. Nothing may be changed before. */
  void open() throws BlobstoreException {
    if (mostTargets == 0) return;
    wipe();
    var superBlock = layout.superBlock();
    long lastOfMask = superBlock.pageMaskStart() + superBlock.pageMaskPages() - 1;
    disk.write(lastOfMask, JournalRecord.mark(disk.read(lastOfMask, 1)));
    disk.flush();
  }

  /** Takes back what stands in it. */
  void wipe() throws BlobstoreException {
    if (mostTargets == 0) return;
    last = new JournalRecord();
    disk.write(layout.gapStart(), new byte[Page.BYTES]);
    disk.flush();
  }

  /** Leaves the gap as the original has it, so that disks can be compared byte for byte. */
  void close() throws BlobstoreException {
    if (mostTargets == 0) return;
    disk.write(layout.gapStart(), new byte[(1 + mostTargets) * Page.BYTES]);
    disk.flush();
  }

  /** Begins to write a record: in force once the disk was flushed. All that the last one was for is durable. */
  void write(JournalRecord record) throws BlobstoreException {
    last = record;
    disk.write(layout.gapStart(), record.encode());
  }

  /** The page is about to become something else, which the last record must not undo. */
  void forget(long diskPage) throws BlobstoreException {
    if (last.protects(diskPage)) wipe();
  }
}
