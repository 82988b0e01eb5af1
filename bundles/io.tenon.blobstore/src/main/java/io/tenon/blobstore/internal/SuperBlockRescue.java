package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.StoreFinding;
import io.tenon.blobstore.internal.layout.FlippedBit;
import io.tenon.blobstore.internal.layout.MetadataPage;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.blobstore.internal.layout.StoreLayout;
import io.tenon.blobstore.internal.layout.SuperBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The way past a super block that a load refuses: the same disk with another super block, size or block size, so that all behind it can
 * be looked at. Only looks.
 */
final class SuperBlockRescue {
  private final StoreDisk disk;
  private final String type;
  private final List<Finding> findings = new ArrayList<>();
  private StoreDisk view;
  private Optional<SuperBlock> rewritten = Optional.empty();

  private SuperBlockRescue(StoreDisk disk, String type) {
    this.disk = disk;
    this.view = disk;
    this.type = type;
  }

  /**
   * @throws BlobstoreException when there is no way past it; the load's own words
   */
  static SuperBlockRescue of(StoreDisk disk, String type) throws BlobstoreException {
    var rescue = new SuperBlockRescue(disk, type);
    // Super block, size and block size can each be wrong once.
    for (int attempt = 0; ; attempt++) {
      try {
        StoreHead.read(rescue.view, type);
        return rescue;
      } catch (BlobstoreException e) {
        if (attempt == 3 || !rescue.circumvent(e)) throw e;
      }
    }
  }

  /** The disk as it can be loaded. */
  StoreDisk view() {
    return view;
  }

  List<Finding> findings() {
    return findings;
  }

  /** What has to be written before anything else can be done. */
  Optional<SuperBlock> rewritten() {
    return rewritten;
  }

  private boolean circumvent(BlobstoreException refusal) throws BlobstoreException {
    return switch (refusal.kind()) {
      case NOT_A_BLOBSTORE, SUPER_BLOCK_CHECKSUM, BAD_SUPER_BLOCK -> anotherSuperBlock(refusal);
      case DEVICE_TOO_SMALL -> asLargeAsItSays();
      case BLOCK_SIZE_MISMATCH -> withItsBlocks();
      default -> false;
    };
  }

  private boolean anotherSuperBlock(BlobstoreException refusal) throws BlobstoreException {
    if (rewritten.isPresent()) return false;
    if (refusal.kind() == Kind.SUPER_BLOCK_CHECKSUM) {
      var turned = FlippedBit.anyTurnedBack(disk.read(0, 1)).map(SuperBlock::parseTorn);
      if (turned.isPresent() && hasRoots(turned.get())) {
        return take(turned.get(), refusal, "what its checksum says: one bit of it was wrong");
      }
      var stated = SuperBlock.parseTorn(disk.read(0, 1));
      if (SuperBlockEvidence.of(disk).confirms(stated, type) && hasRoots(stated)) {
        return take(stated, refusal, "its own fields, which what lies behind it confirms");
      }
    }
    var found = SuperBlockEvidence.of(disk).reconstruct(type);
    if (found.isEmpty() || !hasRoots(found.get())) return false;
    return take(found.get(), refusal, "the masks and the blobs behind it");
  }

  private boolean take(SuperBlock found, BlobstoreException refusal, String source) {
    var now = found.withClean(false);
    rewritten = Optional.of(now);
    findings.add(new StoreFinding.SuperBlockBroken(refusal.why(), source));
    var overlay = new OverlayDisk(disk, view.sizeBytes(), view.blockBytes());
    overlay.write(0, now.encode());
    view = overlay;
    return true;
  }

  /** At least one blob is where such a super block says that blobs are. */
  private boolean hasRoots(SuperBlock superBlock) throws BlobstoreException {
    StoreLayout layout;
    try {
      layout =
          new StoreLayout(
              superBlock, Math.max(superBlock.sizeBytes(), disk.sizeBytes()), disk.blockBytes());
    } catch (BlobstoreException e) {
      if (e.kind() == Kind.IO) throw e;
      return false;
    }
    for (int mdPage = 0; mdPage < layout.mdPages(); mdPage++) {
      byte[] page = disk.read(layout.diskPage(mdPage), 1);
      if (Page.isSealed(page) && MetadataPage.isRoot(page, mdPage)) return true;
    }
    return false;
  }

  private boolean asLargeAsItSays() throws BlobstoreException {
    long size = SuperBlock.parseTorn(view.read(0, 1)).sizeBytes();
    if (size <= view.sizeBytes()) return false;
    findings.add(new StoreFinding.LargerThanDevice(size, disk.sizeBytes()));
    view = new OverlayDisk(view, size, view.blockBytes());
    return true;
  }

  private boolean withItsBlocks() throws BlobstoreException {
    int block = SuperBlock.parseTorn(view.read(0, 1)).blockBytes();
    if (block == view.blockBytes() || block < 512 || Page.BYTES % block != 0) return false;
    findings.add(new StoreFinding.OtherBlockSize(block, view.blockBytes()));
    view = new OverlayDisk(view, view.sizeBytes(), block);
    return true;
  }
}
