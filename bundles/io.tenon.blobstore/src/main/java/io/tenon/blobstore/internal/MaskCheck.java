package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.MaskFinding;
import io.tenon.blobstore.Span;
import io.tenon.blobstore.internal.layout.Mask;
import io.tenon.blobstore.internal.layout.MetadataPage;
import io.tenon.blobstore.internal.layout.Page;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Whether the masks of a cleanly closed store say what its blobs have. */
final class MaskCheck {
  private static final int SCAN_PAGES = 256;

  /** For 2^31 clusters. */
  private static final int MOST_MASK_PAGES = 65537;

  private final LoadedStore loaded;
  private final StoreDisk disk;
  private final List<Finding> findings;

  MaskCheck(LoadedStore loaded, StoreDisk disk, List<Finding> findings) {
    this.loaded = loaded;
    this.disk = disk;
    this.findings = findings;
  }

  void run() throws BlobstoreException {
    if (!loaded.badMask.isEmpty()) findings.add(new MaskFinding.Unusable(loaded.badMask));
    if (loaded.masks.isEmpty()) {
      brokenRoots();
      return;
    }
    var masks = loaded.masks.get();
    var claims = Claims.of(loaded.blobs.values(), loaded.failed);
    for (BlobId erased : loaded.toErase) claims.pages().set(erased.rootPage());
    behindTheBits();
    clusters(masks, claims);
    pages(masks, claims);
    unknownRoots(masks, claims);
  }

  private void behindTheBits() throws BlobstoreException {
    var layout = loaded.layout();
    var superBlock = layout.superBlock();
    var pages = new ArrayList<Span>();
    behind(
        Mask.PAGES,
        superBlock.pageMaskStart(),
        superBlock.pageMaskPages(),
        layout.mdPages(),
        pages);
    behind(
        Mask.CLUSTERS,
        superBlock.clusterMaskStart(),
        superBlock.clusterMaskPages(),
        layout.totalClusters(),
        pages);
    behind(
        Mask.BLOBIDS,
        superBlock.blobidMaskStart(),
        superBlock.blobidMaskPages(),
        layout.mdPages(),
        pages);
    if (!pages.isEmpty()) findings.add(new MaskFinding.BehindTheBits(pages));
  }

  private void behind(Mask mask, long start, long count, int bits, List<Span> pages)
      throws BlobstoreException {
    // More pages than any device has are a super block's mistake, which the layout has refused.
    byte[] read = disk.read(start, Math.toIntExact(Math.min(count, MOST_MASK_PAGES)));
    if (mask.endsWithZeroes(read, bits)) return;
    pages.add(new Span(start, start + count - 1));
  }

  /** What belongs to a blob whose map is not known is not lost. */
  private boolean allIsKnown() {
    return loaded.failed.stream().allMatch(BlobLoader::allFound);
  }

  private void clusters(LoadedStore.Masks masks, Claims claims) {
    var layout = loaded.layout();
    var lost = (BitSet) masks.clusters().clone();
    lost.clear(0, layout.mdClusters());
    lost.andNot(claims.clusters());
    if (allIsKnown() && !lost.isEmpty()) findings.add(new MaskFinding.ClustersLost(Span.of(lost)));
    for (StoredBlob blob : loaded.blobs.values()) {
      var notMarked = new BitSet();
      blob.map()
          .forEach(
              (_, cluster) -> {
                if (!masks.clusters().get(cluster)) notMarked.set(cluster);
              });
      if (notMarked.isEmpty()) continue;
      findings.add(new MaskFinding.ClustersNotMarked(blob.id(), Span.of(notMarked)));
    }
  }

  private void pages(LoadedStore.Masks masks, Claims claims) {
    var lost = (BitSet) masks.pages().clone();
    lost.andNot(claims.pages());
    if (!allIsKnown()) lost.clear();
    var notMarked = (BitSet) claims.pages().clone();
    notMarked.andNot(masks.pages());
    if (lost.isEmpty() && notMarked.isEmpty()) return;
    findings.add(new MaskFinding.PagesWrong(onDisk(lost), onDisk(notMarked)));
  }

  private List<Span> onDisk(BitSet mdPages) {
    long first = loaded.layout().diskPage(0);
    return Span.of(mdPages).stream()
        .map(span -> new Span(first + span.first(), first + span.last()))
        .toList();
  }

  /** Pages that would be blobs after an unclean end; Format §18, number 8. */
  private void unknownRoots(LoadedStore.Masks masks, Claims claims) throws BlobstoreException {
    var layout = loaded.layout();
    var unknown = new ArrayList<BlobId>();
    for (int first = 0; first < layout.mdPages(); first += SCAN_PAGES) {
      int count = Math.min(SCAN_PAGES, layout.mdPages() - first);
      byte[] read = disk.read(layout.diskPage(first), count);
      for (int i = 0; i < count; i++) {
        int mdPage = first + i;
        if (masks.blobids().get(mdPage) || claims.pages().get(mdPage)) continue;
        if (MetadataPage.isRoot(Page.of(read, i), mdPage)) unknown.add(BlobId.ofRootPage(mdPage));
      }
    }
    if (unknown.isEmpty()) return;
    var sound = soundAfterRecovery(unknown);
    for (BlobId id : unknown) {
      findings.add(new MaskFinding.BlobNotMarked(id, sound.contains(id)));
    }
  }

  /** Where no mask says which pages begin blobs, a root that is broken is not seen, and its space is taken for free. */
  private void brokenRoots() throws BlobstoreException {
    var layout = loaded.layout();
    var claims = Claims.of(loaded.blobs.values(), loaded.failed);
    var reader = new PageReader(disk);
    loaded.record().ifPresent(record -> record.forEach(reader::overlay));
    for (int first = 0; first < layout.mdPages(); first += SCAN_PAGES) {
      int count = Math.min(SCAN_PAGES, layout.mdPages() - first);
      byte[] read = reader.pages(layout.diskPage(first), count);
      for (int i = 0; i < count; i++) {
        int mdPage = first + i;
        byte[] page = Page.of(read, i);
        if (claims.pages().get(mdPage) || !MetadataPage.looksLikeRoot(page, mdPage)) continue;
        if (Page.isSealed(page)) continue;
        findings.add(new BlobFinding.RootBroken(BlobId.ofRootPage(mdPage)));
      }
    }
  }

  /** Which of them would hang together with the rest of the store if the masks were not believed. */
  private Set<BlobId> soundAfterRecovery(List<BlobId> unknown) throws BlobstoreException {
    var superBlock = loaded.layout().superBlock();
    var dirty = new OverlayDisk(disk);
    dirty.write(0, superBlock.withClean(false).encode());
    var recovered = StoreLoader.load(dirty, superBlock.type());
    var sound = new TreeSet<BlobId>();
    for (BlobId id : unknown) {
      var blob = recovered.blobs.get(id);
      if (blob != null && blob.restriction().isEmpty()) sound.add(id);
    }
    return sound;
  }
}
