package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.internal.layout.JournalRecord;
import io.tenon.blobstore.internal.layout.StoreLayout;
import io.tenon.blobstore.internal.layout.SuperBlock;
import java.util.Optional;

/**
 * What is read first: super block and journal. Reads only.
 *
 * @param record what has to be carried out before anything else is written
 */
record StoreHead(StoreLayout layout, PageReader pages, Optional<JournalRecord> record) {
  /**
   * @param type that the store must be of
   */
  static StoreHead read(StoreDisk disk, String type) throws BlobstoreException {
    var pages = new PageReader(disk);
    SuperBlock superBlock;
    Optional<JournalRecord> record = Optional.empty();
    try {
      superBlock = SuperBlock.parse(pages.page(0));
    } catch (BlobstoreException e) {
      if (e.kind() != Kind.SUPER_BLOCK_CHECKSUM) throw e;
      // Torn: its fields are in one sector and may be those of before or after; the places that the
      // journal needs are the same in both.
      record = recordUnder(disk, pages, SuperBlock.parseTorn(pages.page(0)));
      if (record.isEmpty() || !record.get().protects(0)) throw e;
      carryOut(record.get(), pages);
      superBlock = SuperBlock.parse(pages.page(0));
    }
    checkType(superBlock, type);
    if (record.isEmpty() && !superBlock.clean()) {
      record = recordUnder(disk, pages, superBlock);
      if (record.isPresent()) {
        carryOut(record.get(), pages);
        superBlock = SuperBlock.parse(pages.page(0));
      }
    }
    var layout = new StoreLayout(superBlock, disk.sizeBytes(), disk.blockBytes());
    return new StoreHead(layout, pages, record);
  }

  private static void checkType(SuperBlock superBlock, String type) throws BlobstoreException {
    if (superBlock.type().equals(type)) return;
    throw new BlobstoreException(
        Kind.WRONG_TYPE,
        "The blobstore was not loaded: it belongs to something else.",
        "Its type is \"%s\" instead of \"%s\".".formatted(superBlock.type(), type),
        "");
  }

  private static void carryOut(JournalRecord record, PageReader pages) {
    record.forEach(pages::overlay);
  }

  private static Optional<JournalRecord> recordUnder(
      StoreDisk disk, PageReader pages, SuperBlock superBlock) throws BlobstoreException {
    StoreLayout layout;
    try {
      layout = new StoreLayout(superBlock, disk.sizeBytes(), disk.blockBytes());
    } catch (BlobstoreException e) {
      // Fields that make no sense lead to no journal; who needs the layout will hear of it.
      return Optional.empty();
    }
    if (!JournalRecord.hasRoomForMark(superBlock)) return Optional.empty();
    long lastOfMask = superBlock.pageMaskStart() + superBlock.pageMaskPages() - 1;
    if (!JournalRecord.isMarked(pages.page(lastOfMask))) return Optional.empty();
    long gap = layout.dataStart() - layout.gapStart();
    var record =
        JournalRecord.parse(
            page -> pages.page(layout.gapStart() + page),
            gap,
            page -> page == 0 || (page >= superBlock.mdStart() && page < layout.gapStart()));
    if (record.isEmpty() || !record.get().hasBegun(pages::page)) return Optional.empty();
    return record;
  }
}
