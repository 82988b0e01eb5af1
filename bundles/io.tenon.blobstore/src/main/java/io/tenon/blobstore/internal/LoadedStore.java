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

  /** Those that cannot be opened, with what was found of them. */
  final List<BlobLoader> failed = new ArrayList<>();

  /** Blobs that cannot be opened because this ancestor cannot or is not there. */
  final NavigableMap<BlobId, BlobId> orphans = new TreeMap<>();

  /** The parent of each of these. */
  final NavigableMap<BlobId, BlobId> parentsOfUnopened = new TreeMap<>();

  /** Blobs that cannot be opened because they are their own ancestors. */
  final NavigableSet<BlobId> circles = new TreeSet<>();

  /** Blobs that say something that is not known here, and what. */
  final NavigableMap<BlobId, String> foreign = new TreeMap<>();

  /** Snapshots whose creation or deletion was interrupted, and why it is not known how that went. */
  final NavigableMap<BlobId, String> stuck = new TreeMap<>();

  /** Slots that listed clusters of an ancestor. */
  final NavigableMap<BlobId, NavigableSet<Integer>> givenBack = new TreeMap<>();

  /** Of a cleanly closed store. */
  Optional<Masks> masks = Optional.empty();

  /** Why the masks of a cleanly closed store cannot be used; empty when they can. */
  String badMask = "";

  /** Masks as they are on the disk. */
  record Masks(BitSet pages, BitSet blobids, BitSet clusters) {
    List<BlobId> ids(StoreLayout layout) {
      return blobids.stream().filter(layout::isMdPage).mapToObj(BlobId::ofRootPage).toList();
    }
  }

  /** Slots whose extent page is not what it should be. */
  final Map<BlobId, NavigableSet<Integer>> wrongSlots = new TreeMap<>();

  /** Blobs whose root page states another size. */
  final NavigableSet<BlobId> wrongSizes = new TreeSet<>();

  /** Sentences about what is not as it should be. */
  final List<String> findings = new ArrayList<>();

  /** Blobs with clusters that nobody knows, of a store that was not closed cleanly. */
  final NavigableSet<BlobId> unknownBlobs = new TreeSet<>();

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
}
