package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.internal.layout.Mask;
import io.tenon.blobstore.internal.layout.StoreLayout;
import io.tenon.blobstore.internal.layout.SuperBlock;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * A loaded store: its blobs, its free space and the way to change them. One thread at a time ({@link Turn} sees to it); operations are
 * classes of their own, each of which changes memory only when the disk has changed.
 */
final class OpenStore {
  /** In one turn. */
  private static final int MOST_CLEARED = 64;

  private final StoreDisk disk;
  private final MetadataWriter writer;
  private final Space space;
  private final NavigableMap<BlobId, StoredBlob> blobs;
  private final NavigableMap<BlobId, String> unopened;
  private final List<String> findings;
  private final String noAllocation;

  /** Freed and not cleared yet. */
  private final Map<Integer, ClearMethod> toClear = new LinkedHashMap<>();

  /** {@link Reservation}s that are neither in a map nor given back. */
  private int reservations;

  private @Nullable BlobstoreException suspended;
  private Runnable broken = () -> {};
  private boolean closed;

  OpenStore(StoreDisk disk, LoadedStore loaded) {
    this.disk = disk;
    writer = new MetadataWriter(disk, loaded.layout());
    space = new Space(loaded.layout(), loaded.usedPages, loaded.usedClusters);
    blobs = loaded.blobs;
    unopened = loaded.unopened;
    findings = loaded.findings;
    noAllocation = loaded.noAllocation;
  }

  /** Loads a store and repairs what has to be; see {@link Repair}. */
  static OpenStore load(StoreDisk disk, String type) throws BlobstoreException {
    var loaded = StoreLoader.load(disk, type);
    var store = new OpenStore(disk, loaded);
    Repair.apply(store, loaded);
    return store;
  }

  StoreDisk disk() {
    return disk;
  }

  StoreLayout layout() {
    return writer.layout();
  }

  Space space() {
    return space;
  }

  NavigableMap<BlobId, StoredBlob> blobs() {
    return blobs;
  }

  NavigableMap<BlobId, String> unopened() {
    return unopened;
  }

  List<String> findings() {
    return findings;
  }

  SuperBlock superBlock() {
    return layout().superBlock();
  }

  StoredBlob blob(BlobId id) throws BlobstoreException {
    var blob = blobs.get(id);
    if (blob != null) return blob;
    String why = unopened.get(id);
    throw new BlobstoreException(
        Kind.NOT_FOUND,
        "Blob %s was not found.".formatted(id),
        why == null ? "" : "It cannot be opened: " + why,
        "");
  }

  /**
   * A blob whose metadata is to be changed.
   *
   * @param what is to be done; for people
   */
  StoredBlob changeable(BlobId id, String what) throws BlobstoreException {
    var blob = blob(id);
    var restriction = blob.restriction();
    if (restriction.isPresent()) {
      throw new BlobstoreException(
          Kind.READ_ONLY,
          "Blob %s was not %s.".formatted(id, what),
          "It must not be changed: %s.".formatted(restriction.get()),
          "Check the disk.");
    }
    return blob;
  }

  /** False while it is not known whose some clusters are. */
  boolean allocates() {
    return noAllocation.isEmpty();
  }

  void checkAllocation() throws BlobstoreException {
    if (allocates()) return;
    throw new BlobstoreException(
        Kind.NO_SPACE,
        "The store gives out no space.",
        noAllocation,
        "Check the disk, and repair or give up these blobs.");
  }

  Transaction begin() throws BlobstoreException {
    checkOpen();
    return new Transaction(space);
  }

  void checkOpen() throws BlobstoreException {
    if (closed) {
      throw new BlobstoreException(Kind.CLOSED, "The blobstore is unloaded.", "", "Load it.");
    }
    var why = suspended;
    if (why != null) {
      throw new BlobstoreException(
          Kind.SUSPENDED,
          "The blobstore's metadata cannot be changed.",
          "An earlier change failed: " + why.getMessage(),
          "Bring the device back and load the store again.",
          why);
    }
  }

  /** What fails while the disk is being changed leaves open what is on it: nothing more is changed then. */
  interface Change {
    void run() throws BlobstoreException;
  }

  void change(Change change) throws BlobstoreException {
    checkOpen();
    try {
      change.run();
    } catch (BlobstoreException e) {
      boolean first = suspended == null;
      suspended = e;
      if (first) broken.run();
      throw e;
    }
  }

  void whenBroken(Runnable told) {
    broken = told;
    if (suspended != null) told.run();
  }

  /** Makes the step; what it frees is still taken until {@link #clean}. */
  void commit(Transaction step) throws BlobstoreException {
    change(() -> writer.commit(step));
  }

  /** Gives back what a committed step has freed: pages now, clusters when they are cleared, by {@link #clearSome}. */
  void clean(Transaction step) throws BlobstoreException {
    change(() -> writer.zero(step.freedPages()));
    step.freedPages().forEach(space::givePage);
    toClear.putAll(step.freedClusters());
  }

  /**
   * Clears some of the clusters that were freed; then they can be taken again.
   *
   * @return true when none is left
   */
  boolean clearSome() throws BlobstoreException {
    Map<Integer, ClearMethod> some = new LinkedHashMap<>();
    int clearing = 0;
    for (var one : toClear.entrySet()) {
      some.put(one.getKey(), one.getValue());
      if (one.getValue() != ClearMethod.NONE && ++clearing == MOST_CLEARED) break;
    }
    if (some.isEmpty()) return true;
    change(() -> writer.clear(some));
    some.forEach(
        (cluster, method) -> {
          toClear.remove(cluster);
          space.giveCluster(cluster, zeroes(method));
        });
    return toClear.isEmpty();
  }

  void reserved(int more) {
    reservations += more;
  }

  /** What was cleared so is zeroes now. */
  private boolean zeroes(ClearMethod method) {
    return switch (method) {
      case NONE -> false;
      case DEFAULT, UNMAP -> disk.discardZeroes();
      case WRITE_ZEROES -> true;
    };
  }

  /** Clusters that are free or will be: whoever needs one that is not cleared yet clears it first. */
  int freeClusters() {
    return space.freeClusters() + toClear.size();
  }

  /** So many clusters can be taken now; throws when there are not so many. */
  void makeRoom(long clusters) throws BlobstoreException {
    while (space.freeClusters() < clusters && !toClear.isEmpty()) {
      boolean all = clearSome();
      if (all) break;
    }
    space.checkClusters(clusters);
  }

  void superBlob(BlobId id) throws BlobstoreException {
    var next = superBlock().withSuperBlob(id.value());
    change(() -> writer.writeSuperBlock(next));
  }

  /** Takes in what the device has grown by; Format §12, "Grow pool". */
  void grow() throws BlobstoreException {
    checkOpen();
    var now = superBlock();
    long size = disk.sizeBytes();
    if (size <= now.sizeBytes()) return;
    long clusters = size / now.clusterBytes();
    long maskPages = Mask.pagesFor(clusters);
    long room =
        (now.blobidMaskPages() > 0 ? now.blobidMaskStart() : now.mdStart())
            - now.clusterMaskStart();
    if (maskPages > room || clusters > Integer.MAX_VALUE) {
      throw new BlobstoreException(
          Kind.NO_SPACE,
          "The store was not grown to %d bytes.".formatted(size),
          "The mask of %d clusters needs %d pages, and there is room for %d."
              .formatted(clusters, maskPages, room),
          "Make a new store on the larger device and copy the data.");
    }
    change(() -> writer.writeSuperBlock(now.withSize(size, maskPages)));
    space.grow((int) clusters);
  }

  /** The masks are not to be believed any more, although nothing else changes. */
  void touch() throws BlobstoreException {
    change(() -> writer.writeSuperBlock(superBlock()));
  }

  /** The clean end: masks, then the clean mark. Nothing can be changed afterwards. */
  void unload() throws BlobstoreException {
    checkOpen();
    if (reservations > 0) {
      throw new BlobstoreException(
          Kind.IN_USE,
          "The blobstore was not unloaded.",
          "Clusters are being cleared for a blob.",
          "Wait for its end, or give it up.");
    }
    boolean cleared = false;
    while (!cleared) cleared = clearSome();
    // Masks without the clusters of a blob that cannot be read would give these away at the next
    // load.
    boolean known = noAllocation.isEmpty();
    boolean hasMasks = superBlock().blobidMaskPages() > 0;
    if (!superBlock().clean() && hasMasks && known) change(this::writeMasks);
    closed = true;
  }

  /** The end without a word to the disk. */
  void abandon() {
    closed = true;
  }

  private void writeMasks() throws BlobstoreException {
    var superBlock = superBlock();
    var roots = new BitSet();
    for (BlobId id : blobs.keySet()) roots.set(id.rootPage());
    for (BlobId id : unopened.keySet()) roots.set(id.rootPage());
    int mdPages = layout().mdPages();
    put(
        Mask.PAGES,
        space.usedPages(),
        mdPages,
        superBlock.pageMaskStart(),
        superBlock.pageMaskPages());
    put(Mask.BLOBIDS, roots, mdPages, superBlock.blobidMaskStart(), superBlock.blobidMaskPages());
    put(
        Mask.CLUSTERS,
        space.usedClusters(),
        layout().totalClusters(),
        superBlock.clusterMaskStart(),
        superBlock.clusterMaskPages());
    disk.flush();
    writer.markClean();
  }

  private void put(Mask mask, BitSet used, int bits, long start, long pages)
      throws BlobstoreException {
    disk.write(start, mask.encode(used, bits, (int) pages));
  }
}
