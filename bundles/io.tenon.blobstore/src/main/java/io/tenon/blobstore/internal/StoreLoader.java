package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import io.tenon.blobstore.internal.layout.FlippedBit;
import io.tenon.blobstore.internal.layout.Mask;
import io.tenon.blobstore.internal.layout.MetadataPage;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.blobstore.internal.layout.StoreLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads a whole store, Format §13. Of a cleanly closed one it believes the masks; of any other it looks at every metadata page. One
 * blob that cannot be opened stops nothing but itself and its descendants.
 */
final class StoreLoader {
  /** 1 MiB at a time. */
  private static final int SCAN_PAGES = 256;

  private final StoreLayout layout;
  private final PageReader pages;
  private final LoadedStore store;

  private StoreLoader(StoreHead head) {
    layout = head.layout();
    pages = head.pages();
    store = new LoadedStore(layout, head.record());
  }

  static LoadedStore load(StoreDisk disk, String type) throws BlobstoreException {
    return load(disk, type, List.of());
  }

  /**
   * @param known blobs that must be there, even if nothing is left of them that could be found
   */
  static LoadedStore load(StoreDisk disk, String type, Collection<BlobId> known)
      throws BlobstoreException {
    var loader = new StoreLoader(StoreHead.read(disk, type));
    loader.load(known);
    return loader.store;
  }

  private void load(Collection<BlobId> known) throws BlobstoreException {
    if (layout.superBlock().hasMasks()) store.masks = masks();
    var ids = new TreeSet<>(known);
    ids.addAll(store.masks.isPresent() ? store.masks.get().ids(layout) : scan());
    for (BlobId id : ids) open(id);
    linkParents();
    repairLeftovers();
    claim(store.masks);
  }

  private Optional<LoadedStore.Masks> masks() throws BlobstoreException {
    var superBlock = layout.superBlock();
    try {
      return Optional.of(
          new LoadedStore.Masks(
              mask(Mask.PAGES, superBlock.pageMaskStart(), layout.mdPages()),
              mask(Mask.BLOBIDS, superBlock.blobidMaskStart(), layout.mdPages()),
              mask(Mask.CLUSTERS, superBlock.clusterMaskStart(), layout.totalClusters())));
    } catch (BlobstoreException e) {
      if (e.kind() != Kind.BAD_MASK) throw e;
      store.badMask = e.what() + " " + e.why();
      store.findings.add(e.getMessage() + " Every metadata page was looked at instead.");
      return Optional.empty();
    }
  }

  private BitSet mask(Mask mask, long start, int bits) throws BlobstoreException {
    return mask.parse(pages.pages(start, (int) Mask.pagesFor(bits)), bits);
  }

  private List<BlobId> scan() throws BlobstoreException {
    var ids = new ArrayList<BlobId>();
    for (int first = 0; first < layout.mdPages(); first += SCAN_PAGES) {
      int count = Math.min(SCAN_PAGES, layout.mdPages() - first);
      byte[] read = pages.pages(layout.diskPage(first), count);
      for (int i = 0; i < count; i++) {
        byte[] page = Page.of(read, i);
        if (isBrokenRoot(page, first + i)) {
          spaceIsUnknown("The root page of blob %s is broken.", first + i);
        }
        if (!Page.isSealed(page)) continue;
        pages.keep(layout.diskPage(first + i), page);
        if (MetadataPage.isRoot(page, first + i)) ids.add(BlobId.ofRootPage(first + i));
        if (isMisplacedRoot(page, first + i)) {
          spaceIsUnknown("Where the root page of blob %s would be is another one's.", first + i);
        }
      }
    }
    return ids;
  }

  /** It begins a blob, or did but for one bit. Ours are in the journal before they are written, so that none is torn. */
  private static boolean isBrokenRoot(byte[] page, int mdPage) {
    if (Page.isSealed(page)) return false;
    return MetadataPage.looksLikeRoot(page, mdPage)
        || FlippedBit.turnedBack(page).filter(one -> MetadataPage.isRoot(one, mdPage)).isPresent();
  }

  /** A disk has written it to the wrong place, where another one may have been. */
  private static boolean isMisplacedRoot(byte[] page, int mdPage) {
    var own = MetadataPage.ownNumber(page);
    return own.isPresent() && own.getAsInt() != mdPage;
  }

  /** A blob is lost whose clusters look free. */
  private void spaceIsUnknown(String what, int rootPage) {
    String why = what.formatted(BlobId.ofRootPage(rootPage));
    store.findings.add(why + " If it was there, it is not shown, and nobody knows its clusters.");
    store.noAllocation = why;
  }

  private void open(BlobId id) throws BlobstoreException {
    var loader = new BlobLoader(id, layout, pages);
    var blob = loader.load();
    if (blob == null) {
      store.failed.add(loader);
      store.unopened.put(id, loader.refusal());
      return;
    }
    store.blobs.put(id, blob);
    blob.restriction().ifPresent(why -> store.foreign.put(id, why));
    for (int slot : loader.wrongSlots()) store.wrongSlot(id, slot);
    if (loader.wrongSize()) store.wrongSizes.add(id);
  }

  /** A blob without its parent would show zeroes where it has data; so it goes with the parent. */
  private void linkParents() {
    for (StoredBlob blob : List.copyOf(store.blobs.values())) {
      Set<BlobId> way = new LinkedHashSet<>();
      StoredBlob at = blob;
      while (at != null && way.add(at.id())) {
        var parent = at.image().parent();
        if (parent.isEmpty()) break;
        at = store.blobs.get(parent.get());
        if (at == null) {
          store.orphans.put(blob.id(), parent.get());
          blob.image().parent().ifPresent(own -> store.parentsOfUnopened.put(blob.id(), own));
          refuse(blob, "its ancestor %s cannot be opened".formatted(parent.get()));
        } else if (way.contains(at.id())) {
          store.circles.add(blob.id());
          refuse(blob, "it is its own ancestor");
        }
      }
    }
    for (BlobId id : store.unopened.keySet()) store.blobs.remove(id);
    for (StoredBlob blob : store.blobs.values()) {
      blob.image()
          .parent()
          .map(store.blobs::get)
          .ifPresent(parent -> blob.view(blob.map(), parent));
    }
  }

  private void refuse(StoredBlob blob, String why) {
    store.unopened.put(blob.id(), "Blob %s: %s.".formatted(blob.id(), why));
    store.failed.add(refused(blob));
  }

  /** Its pages and clusters are in use all the same. */
  private BlobLoader refused(StoredBlob blob) {
    var loader = new BlobLoader(blob.id(), layout, pages);
    loader.foundPages().add(blob.id().rootPage());
    for (int page : blob.image().chainPages()) loader.foundPages().add(page);
    for (int page : blob.image().extentPages()) if (page != 0) loader.foundPages().add(page);
    blob.map().forEach((_, cluster) -> loader.foundClusters().add(cluster));
    return loader;
  }

  /** Snapshots whose creation or deletion was interrupted: Format §13. */
  private void repairLeftovers() {
    for (StoredBlob snapshot : List.copyOf(store.blobs.values())) {
      String mark =
          snapshot.image().internalXattrs().containsKey(BlobImage.SNAPRM)
              ? BlobImage.SNAPRM
              : BlobImage.SNAPTMP;
      if (!snapshot.image().internalXattrs().containsKey(mark)) continue;
      var other = snapshot.image().link(mark).map(store.blobs::get);
      if (other.isEmpty()) {
        stick(snapshot, "it is an unfinished snapshot of a blob that cannot be opened");
      } else if (other.get().parent() == snapshot) {
        snapshot.image().unlink(BlobImage.SNAPTMP);
        snapshot.image().unlink(BlobImage.SNAPRM);
        snapshot.image().flags(snapshot.image().flags().withReadOnly(true));
        store.toFinish.add(snapshot);
      } else if (snapshot.children().isEmpty()) {
        snapshot.view(snapshot.map(), null);
        store.blobs.remove(snapshot.id());
        store.wrongSlots.remove(snapshot.id());
        store.wrongSizes.remove(snapshot.id());
        store.toErase.add(snapshot.id());
      } else {
        stick(snapshot, "it is an unfinished snapshot that has other children");
      }
    }
  }

  private void stick(StoredBlob snapshot, String why) {
    snapshot.restrict(why);
    store.stuck.put(snapshot.id(), why);
  }

  private void claim(Optional<LoadedStore.Masks> masks) {
    var claims = Claims.of(store.blobs.values(), store.failed);
    if (claims.hasConflicts()) {
      for (StoredBlob blob : store.blobs.values()) giveBackToAncestors(blob);
      claims = Claims.of(store.blobs.values(), store.failed);
      claims.restrictOwners(store.findings);
    }
    store.usedPages.or(claims.pages());
    store.usedClusters.or(claims.clusters());
    store.usedClusters.set(0, layout.mdClusters());
    if (store.failed.isEmpty()) return;
    if (masks.isPresent()) {
      store.usedPages.or(masks.get().pages());
      store.usedClusters.or(masks.get().clusters());
      return;
    }
    for (BlobLoader blob : store.failed) {
      if (!blob.allFound()) store.unknownBlobs.add(blob.id());
    }
    if (store.unknownBlobs.isEmpty()) return;
    store.noAllocation =
        "It is not known which clusters belong to %s, which cannot be opened."
            .formatted(store.unknownBlobs);
  }

  /**
   * A child that lists its ancestor's cluster as its own does not have it: what an interrupted deletion of the ancestor leaves.
   * Format §14, advice a.
   */
  private void giveBackToAncestors(StoredBlob blob) {
    for (StoredBlob at = blob.parent(); at != null; at = at.parent()) {
      var ancestor = at.map();
      var map = blob.map().edit();
      blob.map()
          .forEach(
              (logical, cluster) -> {
                if (logical >= ancestor.clusters() || ancestor.get(logical) != cluster) return;
                map.set(logical, 0);
                int slot = logical / ClusterMap.SLOT_CLUSTERS;
                store.wrongSlot(blob.id(), slot);
                store.givenBack.computeIfAbsent(blob.id(), _ -> new TreeSet<>()).add(slot);
              });
      blob.view(map, blob.parent());
    }
  }
}
