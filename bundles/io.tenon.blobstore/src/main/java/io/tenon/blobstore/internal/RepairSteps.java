package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.MaskFinding;
import io.tenon.blobstore.RepairOrder;
import io.tenon.blobstore.internal.Transaction.Stage;
import io.tenon.blobstore.internal.layout.BlobEncoder;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import io.tenon.blobstore.internal.layout.Page;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a repair does beyond a load's own {@link Repair}, each in a step that has happened as a whole or not at all. Between what is given
 * up the disk is read again, so that every step knows all that is known then.
 */
final class RepairSteps {
  private final StoreDisk disk;
  private final String type;
  private final RepairOrder order;
  private final DiskCheck found;

  /** Given up, and still to be dealt with. */
  private final Set<BlobId> left;

  /** What must be there, whether it can be read or not. */
  private final Set<BlobId> blobs = new TreeSet<>();

  /**
   * @param found on the disk before
   */
  RepairSteps(StoreDisk disk, String type, RepairOrder order, DiskCheck found) {
    this.disk = disk;
    this.type = type;
    this.order = order;
    this.found = found;
    left = new TreeSet<>(order.givenUp());
    blobs.addAll(found.loaded().blobs.keySet());
    blobs.addAll(found.loaded().unopened.keySet());
    found.loaded().toErase.forEach(blobs::remove);
  }

  void run() throws BlobstoreException {
    var superBlock = found.newSuperBlock();
    if (superBlock.isPresent()) {
      disk.write(0, superBlock.get().encode());
      disk.flush();
    }
    // A single sector of each page changes, and that page is of no use as it is.
    for (var page : found.turnedBack().entrySet()) disk.write(page.getKey(), page.getValue());
    disk.flush();
    eraseWhatIsBroken();
    open().store.touch();
    giveUp();
    putInOrder();
    open().store.unload();
  }

  /**
   * The store as it is now. Where the masks of its last clean end are still known, they protect what belongs to blobs that cannot be
   * read, although the store is not clean any more.
   */
  private Opened open() throws BlobstoreException {
    var known = found.loaded().masks;
    var loaded = StoreLoader.load(disk, type, blobs);
    if (known.isPresent() && !loaded.unknownBlobs.isEmpty()) {
      loaded.usedPages.or(known.get().pages());
      loaded.usedClusters.or(known.get().clusters());
      loaded.unknownBlobs.clear();
      loaded.noAllocation = "";
    }
    // Broken roots have hindered the repair until they were given up: their space is nobody's now.
    if (loaded.unknownBlobs.isEmpty()) loaded.noAllocation = "";
    var store = new OpenStore(disk, loaded);
    Repair.apply(store, loaded);
    loaded.toErase.forEach(blobs::remove);
    return new Opened(store, loaded);
  }

  private record Opened(OpenStore store, LoadedStore loaded) {}

  // What costs something.

  /** While the masks are in force, a root page that is broken or that they do not know is nothing to anybody. */
  private void eraseWhatIsBroken() throws BlobstoreException {
    for (Finding finding : found.findings()) {
      switch (finding) {
        case BlobFinding.Unreadable(BlobId id, _, _) when left.contains(id) -> erase(id);
        case BlobFinding.RootBroken(BlobId id) when left.contains(id) -> erase(id);
        case MaskFinding.BlobNotMarked(BlobId id, boolean sound) when left.contains(id) -> {
          if (!sound) erase(id);
        }
        default -> {}
      }
    }
    disk.flush();
  }

  private void erase(BlobId id) throws BlobstoreException {
    disk.write(found.loaded().layout().diskPage(id.rootPage()), new byte[Page.BYTES]);
    blobs.remove(id);
    left.remove(id);
  }

  private void giveUp() throws BlobstoreException {
    while (!left.isEmpty()) {
      var next = next();
      if (next.isEmpty()) {
        throw new BlobstoreException(
            Kind.INVALID_ARGUMENT,
            "Nothing was repaired.",
            "To give up %s is of no use as long as the rest stays as it is.".formatted(left),
            "Do what the check says.");
      }
      left.remove(next.get().blob());
      next.get().run();
    }
  }

  /** Something that is done about one blob. */
  private record Step(BlobId blob, Change change) {
    void run() throws BlobstoreException {
      change.run();
    }
  }

  private interface Change {
    void run() throws BlobstoreException;
  }

  private Optional<Step> next() throws BlobstoreException {
    var loaded = StoreLoader.load(disk, type, blobs);
    var now = new ArrayList<Finding>();
    new BlobCheck(loaded, disk, now).run();
    for (Finding finding : now) {
      switch (finding) {
        case BlobFinding.MapHasHoles(BlobId id, _, _, _) when left.contains(id) -> {
          return Optional.of(new Step(id, () -> leaveHoles(id)));
        }
        case BlobFinding.ParentMissing(BlobId id, _) when left.contains(id) -> {
          return Optional.of(new Step(id, () -> separateFromParent(id)));
        }
        case BlobFinding.OwnAncestor(BlobId id) when left.contains(id) -> {
          return Optional.of(new Step(id, () -> separateFromParent(id)));
        }
        default -> {}
      }
    }
    return Optional.empty();
  }

  private void leaveHoles(BlobId id) throws BlobstoreException {
    var opened = open();
    var loader = BlobLoader.leavingHoles(id, opened.store.layout(), new PageReader(disk));
    rewrite(opened, loader);
  }

  private void separateFromParent(BlobId id) throws BlobstoreException {
    var opened = open();
    rewrite(opened, new BlobLoader(id, opened.store.layout(), new PageReader(disk)));
  }

  private void rewrite(Opened opened, BlobLoader loader) throws BlobstoreException {
    var blob = loader.load();
    if (blob == null) throw cannot(loader.id(), loader.refusal());
    var image = blob.image().copy();
    boolean orphan =
        opened.loaded.orphans.containsKey(loader.id())
            || opened.loaded.circles.contains(loader.id());
    if (orphan) image.unlink(BlobImage.SNAP);
    boolean takesPages = BlobEncoder.encode(image, blob.map()).size() > 1;
    boolean pagesAreKnown =
        found.loaded().masks.isPresent()
            || opened.loaded.failed.stream().allMatch(BlobLoader::allPagesFound);
    if (takesPages && !pagesAreKnown) {
      throw cannot(loader.id(), "It is not known which metadata pages are free.");
    }
    var step = opened.store.begin();
    Persist.prepare(step, () -> step.persist(image, blob.map()));
    opened.store.commit(step);
  }

  private static BlobstoreException cannot(BlobId id, String why) {
    return new BlobstoreException(
        Kind.READ_ONLY,
        "Blob %s was not repaired.".formatted(id),
        why,
        "Give up first what cannot be read.");
  }

  // What costs nothing.

  private void putInOrder() throws BlobstoreException {
    var opened = open();
    for (StoredBlob blob : List.copyOf(opened.store.blobs().values())) {
      if (blob.children().isEmpty() || blob.isReadOnly()) continue;
      if (blob.restriction().isPresent()) continue;
      var image = blob.image().copy();
      image.flags(image.flags().withReadOnly(true));
      Persist.image(opened.store, blob, image);
    }
    for (var shared : SharedSpace.in(opened.loaded)) {
      if (shared.canBeSeparated()) separate(opened.store, shared);
    }
    if (!order.owner().isEmpty()) owner(opened.store);
  }

  /** Copies go into free clusters, then the blob is told of them. */
  private void separate(OpenStore store, SharedSpace shared) throws BlobstoreException {
    var blob = shared.blob();
    var image = blob.image().copy();
    var map = blob.map().edit();
    var step = store.begin();
    Map<Integer, Integer> copies = new LinkedHashMap<>();
    Set<Integer> slots = new LinkedHashSet<>();
    Persist.prepare(
        step,
        () -> {
          store.space().checkClusters(shared.clusters().cardinality());
          for (int logical = 0; logical < map.clusters(); logical++) {
            int cluster = map.get(logical);
            if (cluster == 0 || !shared.clusters().get(cluster)) continue;
            int own = step.takeCluster();
            copies.put(own, cluster);
            map.set(logical, own);
            slots.add(logical / ClusterMap.SLOT_CLUSTERS);
          }
          write(step, image, map, slots, shared);
        });
    long bytes = store.layout().clusterBytes();
    store.change(
        () -> {
          for (var copy : copies.entrySet()) {
            store.disk().copy(copy.getValue() * bytes, copy.getKey() * bytes, bytes);
          }
        });
    store.commit(step);
    blob.image(image);
    blob.view(map, blob.parent());
  }

  private static void write(
      Transaction step, BlobImage image, ClusterMap map, Set<Integer> slots, SharedSpace shared)
      throws BlobstoreException {
    boolean rootChanges = image.form() == MapForm.RUNS;
    int[] pages = image.extentPages();
    for (int slot = 0; slot < pages.length; slot++) {
      if (pages[slot] != 0 && shared.pages().get(pages[slot])) {
        pages[slot] = step.takeExtentPage();
        step.freshList(image, map, slot);
        rootChanges = true;
      } else if (slots.contains(slot) && image.form() == MapForm.TABLE) {
        step.list(Stage.LISTS, image, map, slot);
      }
    }
    if (rootChanges) step.persist(image, map);
  }

  /** The store's own blob gets its attributes, or is made anew. */
  private void owner(OpenStore store) throws BlobstoreException {
    var named = store.superBlock().superBlobId().map(store.blobs()::get);
    if (named.isPresent() && named.get().map().clusters() == 0) {
      var changes = new LinkedHashMap<String, Optional<byte[]>>();
      order.owner().forEach((name, value) -> changes.put(name, Optional.of(value)));
      Attributes.change(store, named.get().id(), changes);
      return;
    }
    store.superBlob(Creation.create(store, BlobSpec.thick(0).withXattrs(order.owner())));
  }
}
