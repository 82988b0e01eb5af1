package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.internal.Transaction.PageWrite;
import io.tenon.blobstore.internal.Transaction.Stage;
import io.tenon.blobstore.internal.layout.JournalRecord;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.blobstore.internal.layout.StoreLayout;
import io.tenon.blobstore.internal.layout.SuperBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes metadata so that a crash at any point leaves the state before or the state after, Format §12. What is new goes first, then what
 * commits, then what is not needed any more; a page that is overwritten in place is in the journal before.
 */
final class MetadataWriter {
  private final StoreDisk disk;
  private StoreLayout layout;
  private final Journal journal;

  /** Super block as on the disk. */
  private SuperBlock superBlock;

  private boolean opened;

  MetadataWriter(StoreDisk disk, StoreLayout layout) {
    this.disk = disk;
    this.layout = layout;
    this.journal = new Journal(disk, layout);
    this.superBlock = layout.superBlock();
  }

  StoreLayout layout() {
    return layout;
  }

  /** Before the first change after a load: the masks are not true any more. */
  private void markDirty() throws BlobstoreException {
    if (!opened) {
      journal.open();
      opened = true;
    }
    if (superBlock.clean()) overwriteSuperBlock(superBlock.withClean(false));
  }

  /** Changes something in the super block, which then says "not clean". */
  void writeSuperBlock(SuperBlock changed) throws BlobstoreException {
    var next = layout.with(changed.withClean(false), disk.sizeBytes());
    markDirty();
    overwriteSuperBlock(next.superBlock());
  }

  private void overwriteSuperBlock(SuperBlock next) throws BlobstoreException {
    byte[] content = next.encode();
    if (journal.mostTargets() > 0) {
      var record = new JournalRecord();
      record.add(0, disk.read(0, 1), content);
      journal.write(record);
      disk.flush();
    }
    disk.write(0, content);
    disk.flush();
    superBlock = next;
    layout = layout.with(next, disk.sizeBytes());
  }

  /** The last write: the masks are true. Nothing may be written afterwards. */
  void markClean() throws BlobstoreException {
    // The masks have been written over the journal's mark, so it is not in force; a torn mark is
    // told
    // by the checksum.
    superBlock = superBlock.withClean(true);
    disk.write(0, superBlock.encode());
    disk.flush();
    journal.close();
  }

  boolean isClean() {
    return superBlock.clean();
  }

  /** Carries the step out; pages and clusters that it frees may be taken again when it returns. */
  void commit(Transaction step) throws BlobstoreException {
    markDirty();
    for (PageWrite write : step.writes(Stage.FRESH)) put(write);
    var inPlace = new ArrayList<PageWrite>();
    for (Stage stage : Stage.values()) {
      for (PageWrite write : step.writes(stage)) if (write.inPlace) inPlace.add(write);
    }
    boolean together = inPlace.size() <= journal.mostTargets();
    if (together && !inPlace.isEmpty()) record(inPlace);
    disk.flush();
    for (Stage stage : List.of(Stage.LISTS, Stage.ROOTS, Stage.LISTS_CUT)) {
      var writes = step.writes(stage);
      if (writes.isEmpty()) continue;
      if (together) {
        for (PageWrite write : writes) put(write);
        disk.flush();
      } else {
        inParts(writes);
      }
    }
  }

  /** Too many for one record: each part is whole, and their order is that of the original. */
  private void inParts(List<PageWrite> writes) throws BlobstoreException {
    int most = Math.max(1, journal.mostTargets());
    for (int first = 0; first < writes.size(); first += most) {
      var part = writes.subList(first, Math.min(writes.size(), first + most));
      var inPlace = part.stream().filter(write -> write.inPlace).toList();
      if (journal.mostTargets() > 0 && !inPlace.isEmpty()) {
        record(inPlace);
        disk.flush();
      }
      for (PageWrite write : part) put(write);
      disk.flush();
    }
  }

  private void record(List<PageWrite> writes) throws BlobstoreException {
    var record = new JournalRecord();
    for (PageWrite write : writes) {
      long page = layout.diskPage(write.mdPage);
      record.add(page, disk.read(page, 1), write.content);
    }
    journal.write(record);
  }

  private void put(PageWrite write) throws BlobstoreException {
    long page = layout.diskPage(write.mdPage);
    if (!write.inPlace) journal.forget(page);
    disk.write(page, write.content);
  }

  /** Zeroes metadata pages that a committed step has freed. */
  void zero(List<Integer> mdPages) throws BlobstoreException {
    if (mdPages.isEmpty()) return;
    for (int mdPage : mdPages) {
      long page = layout.diskPage(mdPage);
      journal.forget(page);
      disk.write(page, new byte[Page.BYTES]);
    }
    disk.flush();
  }

  /** Clears clusters that a committed step has freed: those that lie side by side at once. */
  void clear(Map<Integer, ClearMethod> clusters) throws BlobstoreException {
    boolean any = false;
    int first = 0;
    int behind = 0;
    var method = ClearMethod.NONE;
    for (var freed : new TreeMap<>(clusters).entrySet()) {
      int cluster = freed.getKey();
      any |= freed.getValue() != ClearMethod.NONE;
      if (cluster != behind || freed.getValue() != method) {
        clear(first, behind - first, method);
        first = cluster;
        method = freed.getValue();
      }
      behind = cluster + 1;
    }
    clear(first, behind - first, method);
    if (any) disk.flush();
  }

  private void clear(int first, int count, ClearMethod method) throws BlobstoreException {
    if (count == 0) return;
    long bytes = layout.clusterBytes();
    switch (method) {
      case NONE -> {}
      case DEFAULT, UNMAP -> disk.discard(first * bytes, count * bytes);
      case WRITE_ZEROES -> disk.zero(first * bytes, count * bytes);
    }
  }
}
