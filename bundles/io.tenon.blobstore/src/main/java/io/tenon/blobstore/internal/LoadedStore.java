package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.internal.layout.JournalRecord;
import io.tenon.blobstore.internal.layout.StoreLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** What was found on a disk, and what has to be written before it is in order. Reading it has changed nothing. */
final class LoadedStore {
  private final StoreLayout layout;
  private final Optional<JournalRecord> record;
  final NavigableMap<BlobId, StoredBlob> blobs = new TreeMap<>();

  /** Blobs that cannot be opened, each with the reason. */
  final NavigableMap<BlobId, String> unopened = new TreeMap<>();

  final BitSet usedPages = new BitSet();
  final BitSet usedClusters = new BitSet();

  /** Snapshots whose creation or deletion was interrupted, and that have to go. */
  final List<BlobId> toErase = new ArrayList<>();

  /** Snapshots that stay, and have to lose the mark of an interrupted operation. */
  final List<StoredBlob> toFinish = new ArrayList<>();

  /** Slots whose extent page is not what it should be. */
  final Map<BlobId, NavigableSet<Integer>> wrongSlots = new TreeMap<>();

  /** Blobs whose root page states another size. */
  final NavigableSet<BlobId> wrongSizes = new TreeSet<>();

  /** Sentences about what is not as it should be. */
  final List<String> findings = new ArrayList<>();

  /** Why no space may be given out; empty when it may. */
  String noAllocation = "";

  LoadedStore(StoreLayout layout, Optional<JournalRecord> record) {
    this.layout = layout;
    this.record = record;
  }

  StoreLayout layout() {
    return layout;
  }

  /** What the journal says has to be completed. */
  Optional<JournalRecord> record() {
    return record;
  }

  void wrongSlot(BlobId blob, int slot) {
    wrongSlots.computeIfAbsent(blob, _ -> new TreeSet<>()).add(slot);
  }

  /** What has to be written before the store is in order, in sentences. */
  List<String> repairs() {
    var repairs = new ArrayList<String>();
    record.ifPresent(
        found ->
            repairs.add(
                "A change of %d metadata pages was interrupted and is to be completed."
                    .formatted(found.size())));
    if (!layout.superBlock().clean()) {
      repairs.add("The store was not closed cleanly; its masks are to be made anew.");
    }
    for (BlobId id : toErase) {
      repairs.add(
          "Snapshot %s was being made or deleted and is to be erased; its origin has all data."
              .formatted(id));
    }
    for (StoredBlob snapshot : toFinish) {
      repairs.add(
          "Snapshot %s carries the mark of an operation that did not happen; the mark is to go."
              .formatted(snapshot.id()));
    }
    for (var blob : wrongSlots.entrySet()) {
      repairs.add(
          "Blob %s has lists of clusters that do not agree with its size or its parent: slots %s."
              .formatted(blob.getKey(), blob.getValue()));
    }
    for (BlobId id : wrongSizes) {
      repairs.add("Blob %s states a size that its lists of clusters do not have.".formatted(id));
    }
    return repairs;
  }
}
