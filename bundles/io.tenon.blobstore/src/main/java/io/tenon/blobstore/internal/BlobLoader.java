package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.layout.BlobDecoder;
import io.tenon.blobstore.internal.layout.ClusterMap;
import io.tenon.blobstore.internal.layout.ExtentPage;
import io.tenon.blobstore.internal.layout.StoreLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads one blob with its map. What it has found of pages and clusters is kept when the blob cannot be opened. */
final class BlobLoader {
  private final BlobId id;
  private final StoreLayout layout;
  private final PageReader pages;
  private final BlobDecoder decoder;
  private final List<Integer> foundPages = new ArrayList<>();
  private final List<Integer> foundClusters = new ArrayList<>();

  /** Slots whose extent page on the disk is not what it should be. */
  private final List<Integer> wrongSlots = new ArrayList<>();

  /** What cannot be placed is left out, so that the rest can be read. */
  private final boolean withHoles;

  /** Slots that were left out. */
  private final BitSet holes = new BitSet();

  private boolean wrongSize;
  private boolean allFound = true;
  private boolean refusedByFlags;
  private @Nullable String refusal;

  BlobLoader(BlobId id, StoreLayout layout, PageReader pages) {
    this(id, layout, pages, false);
  }

  private BlobLoader(BlobId id, StoreLayout layout, PageReader pages, boolean withHoles) {
    this.withHoles = withHoles;
    this.id = id;
    this.layout = layout;
    this.pages = pages;
    this.decoder = new BlobDecoder(id, layout);
  }

  /** Opens what of a blob with a broken map can be placed; the blob is thin then, with {@link #holes}. */
  static BlobLoader leavingHoles(BlobId id, StoreLayout layout, PageReader pages) {
    return new BlobLoader(id, layout, pages, true);
  }

  BlobId id() {
    return id;
  }

  /**
   * @return null when it cannot be opened: {@link #refusal} says why
   * @throws BlobstoreException when the device fails
   */
  @Nullable StoredBlob load() throws BlobstoreException {
    foundPages.add(id.rootPage());
    try {
      decoder.decode(page -> pages.page(layout.diskPage(page)));
    } catch (BlobstoreException e) {
      if (e.kind() == Kind.IO) throw e;
      refusal = e.getMessage();
    }
    for (int page : decoder.chainPages()) foundPages.add(page);
    if (!decoder.isComplete()) allFound = false;
    if (withHoles) decoder.image().flags(decoder.image().flags().withThin(true));
    ClusterMap map = null;
    try {
      map = decoder.image().form() == MapForm.RUNS ? runs() : table();
    } catch (BlobstoreException e) {
      if (e.kind() == Kind.IO) throw e;
      allFound = false;
      if (refusal == null) refusal = "Blob %s: %s".formatted(id, e.getMessage());
    }
    var flags = decoder.image().flags().refusal();
    if (refusal == null && flags.isPresent()) {
      refusedByFlags = true;
      refusal = "Blob %s: %s.".formatted(id, flags.get());
    }
    if (refusal != null || map == null) return null;
    var blob = new StoredBlob(decoder.image(), map);
    decoder.image().flags().dataRestriction().ifPresent(blob::restrict);
    decoder.image().flags().metadataRestriction().ifPresent(blob::restrict);
    if (!decoder.unknown().isEmpty()) blob.restrict(String.join(", ", decoder.unknown()));
    return blob;
  }

  private ClusterMap runs() throws BlobstoreException {
    var map = new ClusterMap(decoder.clusters());
    decoder.putRuns(map);
    map.forEach((_, cluster) -> foundClusters.add(cluster));
    if (!decoder.image().flags().isThin() && map.allocated() != map.clusters()) {
      throw bad("it is not thin, and has clusters that are not allocated");
    }
    return map;
  }

  /**
   * In a thin blob the table's number of clusters is right, and a list that is shorter or longer comes from a defect of the
   * original or from a crash; a blob that is not thin has no holes, and ends where its lists end. Format §14, advice b and c.
   */
  private ClusterMap table() throws BlobstoreException {
    boolean thin = decoder.image().flags().isThin();
    var map = new ClusterMap(decoder.clusters());
    int[] slots = decoder.extentPages();
    int clusters = map.clusters();
    BlobstoreException failure = null;
    for (int slot = 0; slot < slots.length; slot++) {
      if (slots[slot] == 0) {
        if (!thin && slot * ClusterMap.SLOT_CLUSTERS < clusters) {
          throw bad("it is not thin, and has no extent page in slot " + slot);
        }
        continue;
      }
      boolean cutOff = slot * ClusterMap.SLOT_CLUSTERS >= clusters;
      try {
        int[] listed =
            ExtentPage.parse(pages.page(layout.diskPage(slots[slot])), slots[slot], slot);
        if (cutOff) continue;
        int expected = map.clustersOfSlot(slot);
        put(map, slot, listed, Math.min(expected, listed.length), thin);
        foundPages.add(slots[slot]);
        if (listed.length != expected) wrongSlots.add(slot);
        if (!thin && listed.length < expected) {
          clusters = slot * ClusterMap.SLOT_CLUSTERS + listed.length;
        }
      } catch (BlobstoreException e) {
        if (e.kind() == Kind.IO) throw e;
        if (cutOff) continue;
        foundPages.add(slots[slot]);
        if (withHoles) leaveOut(map, slot);
        else if (failure == null) failure = e;
      }
    }
    if (failure != null) throw failure;
    return clusters == map.clusters() ? map : shortened(map, clusters);
  }

  private void put(ClusterMap map, int slot, int[] listed, int count, boolean thin)
      throws BlobstoreException {
    int first = slot * ClusterMap.SLOT_CLUSTERS;
    for (int i = 0; i < count; i++) {
      if (listed[i] == 0) {
        if (!thin)
          throw bad("it is not thin, and cluster %d is not allocated".formatted(first + i));
      } else if (!layout.isDataCluster(listed[i])) {
        throw bad("it has cluster " + Integer.toUnsignedString(listed[i]));
      } else {
        map.set(first + i, listed[i]);
        foundClusters.add(listed[i]);
      }
    }
  }

  private void leaveOut(ClusterMap map, int slot) {
    holes.set(slot);
    decoder.extentPages()[slot] = 0;
    int first = slot * ClusterMap.SLOT_CLUSTERS;
    for (int i = 0; i < map.clustersOfSlot(slot); i++) map.set(first + i, 0);
  }

  private ClusterMap shortened(ClusterMap map, int clusters) {
    int slots = ClusterMap.slotsFor(clusters);
    decoder.image().extentPages(Arrays.copyOf(decoder.image().extentPages(), slots));
    wrongSlots.removeIf(slot -> slot >= slots);
    wrongSize = true;
    return map.resized(clusters);
  }

  private BlobstoreException bad(String why) {
    return new BlobstoreException(Kind.BAD_MAP, "Blob %s: %s.".formatted(id, why), "", "");
  }

  /** Why it cannot be opened. */
  String refusal() {
    return refusal == null ? "" : refusal;
  }

  /** A flag is set that is not known here; nothing else is wrong with it. */
  boolean refusedByFlags() {
    return refusedByFlags;
  }

  /** Slots that were left out. */
  BitSet holes() {
    return holes;
  }

  List<Integer> foundPages() {
    return foundPages;
  }

  List<Integer> foundClusters() {
    return foundClusters;
  }

  /** False when there may be pages and clusters of it that were not found. */
  boolean allFound() {
    return allFound;
  }

  /** False when there may be metadata pages of it that were not found. */
  boolean allPagesFound() {
    return refusal == null || decoder.isComplete();
  }

  List<Integer> wrongSlots() {
    return wrongSlots;
  }

  /** Its root page states another size than it has. */
  boolean wrongSize() {
    return wrongSize;
  }
}
