package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.blobstore.internal.layout.Sizing;
import io.tenon.blobstore.internal.layout.StoreLayout;
import java.util.Optional;

/** Makes an empty store, Format §12. What was on the device is lost. */
final class Format {
  /** At once. */
  private static final long DISCARDED_BYTES = 1L << 30;

  private Format() {}

  static OpenStore run(StoreDisk disk, long clusterBytes, int mdRatioPercent, String type)
      throws BlobstoreException {
    var superBlock =
        Sizing.superBlock(disk.sizeBytes(), disk.blockBytes(), clusterBytes, mdRatioPercent, type);
    var layout = new StoreLayout(superBlock, disk.sizeBytes(), disk.blockBytes());
    // The super block of what was here goes first, so that nothing half erased is ever loaded.
    disk.write(0, new byte[Page.BYTES]);
    disk.flush();
    disk.zero(Page.BYTES, (layout.gapStart() - 1) * Page.BYTES);
    disk.flush();
    // Only where it is worth something: first writes need not zero what is zeroes.
    boolean zeroes = disk.discardZeroes();
    long dataBytes = layout.totalClusters() * clusterBytes;
    long at = layout.mdClusters() * clusterBytes;
    for (; zeroes && at < dataBytes; at += DISCARDED_BYTES) {
      disk.discard(at, Math.min(DISCARDED_BYTES, dataBytes - at));
    }
    disk.write(0, superBlock.encode());
    disk.flush();
    var empty = new LoadedStore(layout, Optional.empty());
    empty.usedClusters.set(0, layout.mdClusters());
    var store = new OpenStore(disk, empty);
    if (zeroes) store.space().allFreeAreZero();
    return store;
  }
}
