package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Inspection;
import io.tenon.blobstore.Inspection.Unopened;
import io.tenon.blobstore.Span;
import io.tenon.blobstore.StoreFinding;
import io.tenon.blobstore.internal.layout.BlobDecoder;
import io.tenon.blobstore.internal.layout.JournalRecord;
import io.tenon.blobstore.internal.layout.SuperBlock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Looks at a whole disk and says what is not in order. It reads what a load reads, by the same code, and then what a load has no need
 * of: whether masks and blobs agree, and whether there is more on the disk than they say.
 */
final class DiskCheck {
  private final LookedAtDisk disk;
  private final SuperBlockRescue rescue;
  private final LoadedStore loaded;
  private final StoreDisk view;
  private final NavigableMap<Long, byte[]> turnedBack;
  private final List<Finding> findings = new ArrayList<>();

  private DiskCheck(LookedAtDisk disk, SuperBlockRescue rescue, String type)
      throws BlobstoreException {
    this.disk = disk;
    this.rescue = rescue;
    var corrected = new OverlayDisk(rescue.view());
    turnedBack = BitFlips.turnedBack(rescue.view(), StoreHead.read(rescue.view(), type));
    turnedBack.forEach(corrected::write);
    view = corrected;
    loaded = StoreLoader.load(view, type);
  }

  /**
   * @throws BlobstoreException when there is nothing that can be looked at
   */
  static DiskCheck of(StoreDisk device, String type) throws BlobstoreException {
    var disk = new LookedAtDisk(device);
    var rescue = SuperBlockRescue.of(disk, type);
    var check = new DiskCheck(disk, rescue, type);
    check.run();
    return check;
  }

  LoadedStore loaded() {
    return loaded;
  }

  List<Finding> findings() {
    return findings;
  }

  /** What has to be written before the store can be loaded at all. */
  Optional<SuperBlock> newSuperBlock() {
    return rescue.rewritten();
  }

  /** Pages with one wrong bit, as they were written. */
  NavigableMap<Long, byte[]> turnedBack() {
    return turnedBack;
  }

  private void run() throws BlobstoreException {
    findings.addAll(rescue.findings());
    if (!turnedBack.isEmpty()) {
      var pages = new BitSet();
      for (long page : turnedBack.keySet()) pages.set(Math.toIntExact(page));
      findings.add(new StoreFinding.BitsFlipped(Span.of(pages)));
    }
    journal();
    closing();
    owner();
    new MaskCheck(loaded, view, findings).run();
    new BlobCheck(loaded, view, findings).run();
    if (!disk.unreadable().isEmpty()) {
      findings.addFirst(new StoreFinding.PagesUnreadable(Span.of(disk.unreadable())));
    }
  }

  /** A record whose pages are all as it wants them is no interrupted change: it is the last one that was made. */
  private void journal() throws BlobstoreException {
    if (loaded.record().isEmpty()) return;
    var record = loaded.record().get();
    if (record.isComplete(page -> disk.read(page, 1))) return;
    findings.add(new StoreFinding.ChangeInterrupted(pagesOf(record)));
  }

  private static List<Span> pagesOf(JournalRecord record) {
    var pages = new BitSet();
    record.forEach((page, _) -> pages.set(Math.toIntExact(page)));
    return Span.of(pages);
  }

  /** Stores of the versions without a mask of blobs are never left clean. */
  private void closing() {
    var superBlock = loaded.layout().superBlock();
    if (superBlock.clean() || superBlock.blobidMaskPages() == 0) return;
    findings.add(new StoreFinding.NotClosed(List.copyOf(loaded.unknownBlobs)));
  }

  private void owner() {
    var superBlock = loaded.layout().superBlock();
    if (superBlock.superBlob() == SuperBlock.NO_BLOB) return;
    var id = superBlock.superBlobId();
    if (id.isPresent() && loaded.blobs.containsKey(id.get())) return;
    findings.add(new StoreFinding.OwnerMissing("0x" + Long.toHexString(superBlock.superBlob())));
  }

  Inspection result() throws BlobstoreException {
    var unopened = new ArrayList<Unopened>();
    for (var blob : loaded.unopened.entrySet()) {
      unopened.add(new Unopened(blob.getKey(), blob.getValue(), glimpse(blob.getKey())));
    }
    var store = new OpenStore(view, loaded);
    return new Inspection(
        Facts.of(store),
        loaded.layout().superBlock().type(),
        loaded.layout().superBlock().superBlobId(),
        loaded.blobs.values().stream().map(Facts::of).toList(),
        unopened,
        others(),
        findings);
  }

  private List<Unopened> others() throws BlobstoreException {
    var named = new TreeSet<BlobId>();
    for (Finding finding : findings) named.addAll(finding.place().blobs());
    named.removeAll(loaded.blobs.keySet());
    named.removeAll(loaded.unopened.keySet());
    var others = new ArrayList<Unopened>();
    for (BlobId id : named) {
      if (!loaded.layout().isMdPage(id.rootPage())) continue;
      others.add(new Unopened(id, "", glimpse(id)));
    }
    return others;
  }

  private Map<String, byte[]> glimpse(BlobId id) throws BlobstoreException {
    return BlobDecoder.glimpse(view.read(loaded.layout().diskPage(id.rootPage()), 1));
  }
}
