package io.tenon.blobstore.itest;

import static io.tenon.blobstore.itest.Bytes.ceil;
import static io.tenon.blobstore.itest.Bytes.u32;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.List;

/** Disk page 0; format §3. Positions are in pages from the disk's begin, sizes in bytes. */
record SuperPage(
    long version,
    long length,
    long cleanFlag,
    long superBlob,
    long clusterSize,
    long pageMaskStart,
    long pageMaskLen,
    long clusterMaskStart,
    long clusterMaskLen,
    long mdStart,
    long mdLen,
    String type,
    long blobMaskStart,
    long blobMaskLen,
    long size,
    long ioUnitSize) {
  static final long NO_BLOB = -1;
  private static final byte[] SIGNATURE = "SPDKBLOB".getBytes(ISO_8859_1);

  static SuperPage parse(ByteBuffer page, long deviceSize) throws UnreadableDisk {
    long version = u32(page, 8);
    if (version < 1 || version > 3) throw new UnreadableDisk("Version %d.".formatted(version));
    for (int i = 0; i < SIGNATURE.length; i++) {
      if (page.get(i) != SIGNATURE[i]) throw new UnreadableDisk("The signature is missing.");
    }
    if (!Bytes.crcIsRight(page)) throw new UnreadableDisk("The super block's checksum is wrong.");
    long size = page.getLong(80);
    long ioUnit = u32(page, 88);
    var found =
        new SuperPage(
            version,
            u32(page, 12),
            u32(page, 16),
            page.getLong(20),
            u32(page, 28),
            u32(page, 32),
            u32(page, 36),
            u32(page, 40),
            u32(page, 44),
            u32(page, 48),
            u32(page, 52),
            Bytes.text(Bytes.copy(page, 56, 16)),
            u32(page, 72),
            u32(page, 76),
            size == 0 ? deviceSize : size,
            ioUnit == 0 ? 4096 : ioUnit);
    if (found.size < 0 || found.size > deviceSize) {
      throw new UnreadableDisk(
          "The store has %d bytes, the disk %d.".formatted(found.size, deviceSize));
    }
    if (found.clusterSize < DiskImage.PAGE || found.clusterSize % DiskImage.PAGE != 0) {
      throw new UnreadableDisk("Clusters of %d bytes.".formatted(found.clusterSize));
    }
    if (found.mdStart + found.mdLen > found.size / DiskImage.PAGE) {
      throw new UnreadableDisk("The metadata end behind the store's end.");
    }
    return found;
  }

  /** The masks are to be believed. */
  boolean isClean() {
    return cleanFlag == 1 && blobMaskLen != 0;
  }

  long totalClusters() {
    return size / clusterSize;
  }

  /** Clusters at the disk's begin that no blob can have. */
  long mdClusters() {
    return ceil(mdStart + mdLen, clusterSize / DiskImage.PAGE);
  }

  long dataClusters() {
    return totalClusters() - mdClusters();
  }

  /** Pages of a mask of so many items; format §4. */
  private static long maskPages(long items) {
    return ceil(5 + ceil(items, 8), DiskImage.PAGE);
  }

  void check(ByteBuffer page, List<String> problems) {
    if (version != 3) problems.add("The super block has version %d.".formatted(version));
    if (length != DiskImage.PAGE)
      problems.add("The super block says to have " + length + " bytes.");
    if (cleanFlag > 1) problems.add("The clean flag is " + cleanFlag + ".");
    if (!Bytes.isZero(page, 92, 4092))
      problems.add("Reserved bytes of the super block are not zero.");
    if (page.getLong(80) == 0) problems.add("The store's size is not stated.");
    if (4096 % ioUnitSize != 0 || ioUnitSize < 512) {
      problems.add("Blocks of %d bytes.".formatted(ioUnitSize));
    }
    if (mdLen == 0) problems.add("There are no metadata pages.");
    if (mdClusters() > totalClusters()) problems.add("The metadata do not end within a cluster.");
    checkRegion("page mask", pageMaskStart, pageMaskLen, mdLen, clusterMaskStart, problems);
    checkRegion(
        "cluster mask",
        clusterMaskStart,
        clusterMaskLen,
        totalClusters(),
        blobMaskLen == 0 ? mdStart : blobMaskStart,
        problems);
    if (blobMaskLen != 0) {
      checkRegion("blob mask", blobMaskStart, blobMaskLen, mdLen, mdStart, problems);
    }
    if (pageMaskStart < 1) problems.add("The page mask lies on the super block.");
  }

  private static void checkRegion(
      String name, long start, long pages, long items, long end, List<String> problems) {
    if (pages < maskPages(items)) {
      problems.add("The %s has %d pages for %d items.".formatted(name, pages, items));
    }
    if (start + pages > end) {
      problems.add("The %s reaches into what follows it.".formatted(name));
    }
  }
}
