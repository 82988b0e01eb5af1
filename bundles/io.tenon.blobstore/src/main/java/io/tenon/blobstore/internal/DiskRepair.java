package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.MaskFinding;
import io.tenon.blobstore.PageCopies;
import io.tenon.blobstore.Remedy;
import io.tenon.blobstore.RepairOrder;
import io.tenon.blobstore.RepairReport;
import io.tenon.blobstore.StoreFinding;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.blobstore.internal.layout.UndoRecord;
import io.tenon.error.Check;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A repair that is known to its last byte before the first is written: it is carried out in memory first, what comes out is checked
 * against what was promised, and only then the same steps are done on the disk, which takes no other writes than these.
 */
final class DiskRepair {
  private final StoreDisk disk;
  private final String type;
  private final RepairOrder order;
  private final DiskCheck before;
  private final OverlayDisk rehearsal;
  private List<Finding> left;

  private DiskRepair(StoreDisk disk, String type, RepairOrder order) throws BlobstoreException {
    this.disk = disk;
    this.type = type;
    this.order = order;
    before = DiskCheck.of(disk, type);
    left = before.findings();
    rehearsal = new OverlayDisk(disk);
  }

  static RepairReport run(StoreDisk disk, String type, RepairOrder order, PageCopies copies)
      throws BlobstoreException {
    var repair = plan(disk, type, order);
    if (!repair.changes().isEmpty()) {
      try {
        copies.keep(repair.undo().encode());
      } catch (IOException e) {
        throw new BlobstoreException(
            Kind.IO,
            "Nothing was repaired.",
            "Copies of the pages that would change could not be kept: " + e.getMessage() + ".",
            "Name another folder for them.",
            e);
      }
      repair.carryOut();
    }
    return new RepairReport(repair.found(), repair.left(), repair.changes().size());
  }

  /** Takes a repair back; see {@link UndoRecord}. */
  static void undo(StoreDisk disk, byte[] copies) throws BlobstoreException {
    var record = UndoRecord.parse(copies);
    record.checkSize(disk.sizeBytes());
    for (long page : record.before().keySet()) record.check(page, disk.read(page, 1));
    disk.write(0, record.blocked());
    disk.flush();
    for (var page : record.before().entrySet()) {
      if (page.getKey() != 0) disk.write(page.getKey(), page.getValue());
    }
    disk.flush();
    byte[] superBlock = record.before().get(0L);
    if (superBlock == null) throw Check.bug("a repair has not changed the super block");
    disk.write(0, superBlock);
    disk.flush();
  }

  /** Reads only. */
  static DiskRepair plan(StoreDisk disk, String type, RepairOrder order) throws BlobstoreException {
    var repair = new DiskRepair(disk, type, order);
    repair.checkGivenUp();
    if (!repair.hasSomethingToDo()) return repair;
    repair.checkMayWrite();
    repair.rehearse();
    return repair;
  }

  List<Finding> found() {
    return before.findings();
  }

  /** What will be found when it is done. */
  List<Finding> left() {
    return left;
  }

  /** Pages that it writes, as they are in the end. */
  NavigableMap<Long, byte[]> changes() {
    return rehearsal.written();
  }

  private void checkGivenUp() throws BlobstoreException {
    for (BlobId id : order.givenUp()) {
      if (found().stream().anyMatch(finding -> canGiveUp(finding, id))) continue;
      throw new BlobstoreException(
          Kind.INVALID_ARGUMENT,
          "Nothing was repaired.",
          "Blob %s was to be given up, and nothing is wrong with it that costs anything."
              .formatted(id),
          "Give up only what the check says.");
    }
  }

  /** What hangs on something that is given up can be given up with it. */
  private static boolean canGiveUp(Finding finding, BlobId id) {
    if (finding instanceof BlobFinding.AncestorUnreadable(BlobId blob, _)) return blob.equals(id);
    return finding.remedy(BlobId::toString) instanceof Remedy.GiveUp(BlobId blob, _, _)
        && blob.equals(id);
  }

  private boolean hasSomethingToDo() {
    if (!order.givenUp().isEmpty() || !order.owner().isEmpty()) return true;
    return found().stream()
        .map(finding -> finding.remedy(BlobId::toString))
        .anyMatch(
            remedy ->
                switch (remedy) {
                  case Remedy.ByLoad _, Remedy.ByRepair _ -> true;
                  case Remedy.GiveUp _, Remedy.WithIdentity _, Remedy.Elsewhere _ -> false;
                });
  }

  private void checkMayWrite() throws BlobstoreException {
    for (Finding finding : found()) {
      boolean hinders =
          switch (finding) {
            case StoreFinding.PagesUnreadable _,
                StoreFinding.LargerThanDevice _,
                StoreFinding.OtherBlockSize _ ->
                true;
            // Masks that are made now give its space away.
            case BlobFinding.RootBroken(BlobId id) -> !order.givenUp().contains(id);
            // A repair leaves the store unclean for a moment, and an unclean store takes it for a
            // blob.
            case MaskFinding.BlobNotMarked unknown ->
                !unknown.sound() && !order.givenUp().contains(unknown.blob());
            default -> false;
          };
      if (!hinders) continue;
      throw new BlobstoreException(
          Kind.READ_ONLY,
          "Nothing was repaired.",
          finding.what(BlobId::toString),
          finding.remedy(BlobId::toString).how());
    }
  }

  private void rehearse() throws BlobstoreException {
    steps(rehearsal);
    var after = DiskCheck.of(rehearsal, type);
    left = after.findings();
    KeptPromise.check(before.loaded(), after.loaded(), rehearsal.copied());
  }

  private void steps(StoreDisk on) throws BlobstoreException {
    new RepairSteps(on, type, order, before).run();
  }

  /** The changed pages as they are now, and how to know them when they have been changed. */
  UndoRecord undo() throws BlobstoreException {
    var pages = new TreeMap<Long, byte[]>();
    for (long page : changes().keySet()) pages.put(page, disk.read(page, 1));
    return UndoRecord.of(disk.sizeBytes(), pages, changes());
  }

  /** Writes. What it changes has been kept. */
  void carryOut() throws BlobstoreException {
    steps(new GuardedDisk(disk, changes().keySet(), rehearsal.copied()));
    disk.flush();
    for (var page : changes().entrySet()) {
      byte[] now = disk.read(page.getKey(), 1);
      Check.that(
          now.length == Page.BYTES && Arrays.equals(now, page.getValue()),
          "page %d is not as planned after the repair",
          page.getKey());
    }
  }
}
