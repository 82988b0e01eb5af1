package io.tenon.block;

import io.tenon.error.Check;

/**
 * Shape of a block device.
 *
 * @param blockBytes logical block size: a power of two, at least 512
 * @param blockCount number of logical blocks, 0 or more
 */
public record Geometry(int blockBytes, long blockCount) {
  public Geometry {
    Check.that(
        blockBytes >= 512 && Integer.bitCount(blockBytes) == 1,
        "block size %d is not a power of two of at least 512",
        blockBytes);
    Check.that(
        blockCount >= 0 && blockCount <= Long.MAX_VALUE / blockBytes,
        "block count %d of %d bytes is out of range",
        blockCount,
        blockBytes);
  }

  public long sizeBytes() {
    return blockBytes * blockCount;
  }

  /** log2 of the block size. */
  public int blockShift() {
    return Integer.numberOfTrailingZeros(blockBytes);
  }

  public boolean contains(long lba, long blocks) {
    return lba >= 0 && blocks >= 0 && lba <= blockCount - blocks;
  }
}
