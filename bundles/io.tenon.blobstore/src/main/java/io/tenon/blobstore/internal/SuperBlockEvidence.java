package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.Mask;
import io.tenon.blobstore.internal.layout.MetadataPage;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.blobstore.internal.layout.Sizing;
import io.tenon.blobstore.internal.layout.SuperBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a disk says about its super block elsewhere: the masks begin with their lengths, once the store was closed, and each root page
 * with the number that it has in the metadata region, Format §4 to §6. Only looks.
 */
final class SuperBlockEvidence {
  /** Where metadata begins on the largest disks that are known: 28 for 1 TiB in clusters of 4 MiB. */
  private static final int MOST_PAGES_BEFORE_METADATA = 64 << 10;

  private static final int PIECE = 256;
  private static final long MIB = 1 << 20;
  private static final long MOST_CLUSTER_BYTES = 1024 * MIB;

  private final StoreDisk disk;
  private final OptionalLong mdPages;
  private final long clusterMaskStart;
  private final OptionalLong clusters;

  private SuperBlockEvidence(StoreDisk disk) throws BlobstoreException {
    this.disk = disk;
    mdPages = Mask.PAGES.statedBits(page(1));
    clusterMaskStart = 1 + Mask.pagesFor(mdPages.orElse(0));
    clusters =
        mdPages.isPresent()
            ? Mask.CLUSTERS.statedBits(page(clusterMaskStart))
            : OptionalLong.empty();
  }

  static SuperBlockEvidence of(StoreDisk disk) throws BlobstoreException {
    return new SuperBlockEvidence(disk);
  }

  private byte[] page(long diskPage) throws BlobstoreException {
    return diskPage < disk.sizeBytes() / Page.BYTES ? disk.read(diskPage, 1) : new byte[Page.BYTES];
  }

  /** Nothing contradicts these fields, and their cluster size is what something else says too. */
  boolean confirms(SuperBlock stated, String type) {
    if (!stated.type().equals(type) || stated.clusterBytes() < Page.BYTES) return false;
    if (stated.version() < 1 || stated.version() > SuperBlock.NEWEST_VERSION) return false;
    long size = stated.sizeBytes() == 0 ? disk.sizeBytes() : stated.sizeBytes();
    long total = size / stated.clusterBytes();
    if (mdPages.isPresent() && clusters.isPresent()) {
      // A mask is of the last clean end; the store may have grown since.
      return mdPages.getAsLong() == stated.mdPages()
          && clusterMaskStart == stated.clusterMaskStart()
          && clusters.getAsLong() <= total
          && Mask.pagesFor(total) == stated.clusterMaskPages();
    }
    return Sizing.layouts(size, stated.blockBytes(), stated.clusterBytes(), type).stream()
        .anyMatch(usual -> samePlaces(usual, stated));
  }

  private static boolean samePlaces(SuperBlock a, SuperBlock b) {
    return a.mdStart() == b.mdStart()
        && a.mdPages() == b.mdPages()
        && a.pageMaskPages() == b.pageMaskPages()
        && a.clusterMaskStart() == b.clusterMaskStart();
  }

  /** A super block of which everything follows from the rest of the disk; empty when more than one would fit, or none. */
  Optional<SuperBlock> reconstruct(String type) throws BlobstoreException {
    var mdStart = metadataStart();
    if (mdStart.isEmpty()) return Optional.empty();
    List<SuperBlock> fitting = new ArrayList<>();
    for (long bytes = Page.BYTES; bytes <= MOST_CLUSTER_BYTES; bytes = nextSize(bytes)) {
      if (bytes > disk.sizeBytes()) break;
      for (SuperBlock usual : Sizing.layouts(disk.sizeBytes(), disk.blockBytes(), bytes, type)) {
        if (fits(usual, mdStart.getAsInt())) fitting.add(usual);
      }
    }
    if (fitting.size() != 1) return Optional.empty();
    // Whoever makes a store begins with the blob that says whose it is.
    boolean first = MetadataPage.isRoot(disk.read(mdStart.getAsInt(), 1), 0);
    return Optional.of(
        fitting
            .getFirst()
            .withSuperBlob(first ? BlobId.ofRootPage(0).value() : SuperBlock.NO_BLOB));
  }

  private static long nextSize(long bytes) {
    return bytes < MIB ? bytes * 2 : bytes + MIB;
  }

  private boolean fits(SuperBlock usual, int mdStart) {
    if (usual.mdStart() != mdStart) return false;
    if (mdPages.isPresent() && mdPages.getAsLong() != usual.mdPages()) return false;
    return clusters.isEmpty() || clusters.getAsLong() == disk.sizeBytes() / usual.clusterBytes();
  }

  /** The first root page tells its own number, and so where page 0 is. */
  private OptionalInt metadataStart() throws BlobstoreException {
    long pages = Math.min(MOST_PAGES_BEFORE_METADATA, disk.sizeBytes() / Page.BYTES);
    for (int first = 0; first < pages; first += PIECE) {
      int count = (int) Math.min(PIECE, pages - first);
      byte[] read = disk.read(first, count);
      for (int i = 0; i < count; i++) {
        var own = MetadataPage.ownNumber(Page.of(read, i));
        if (own.isPresent() && own.getAsInt() < first + i) {
          return OptionalInt.of(first + i - own.getAsInt());
        }
      }
    }
    return OptionalInt.empty();
  }
}
