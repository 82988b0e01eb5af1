package io.tenon.block;

/** What can be asked of a block device. */
public enum IoOperation {
  READ,
  WRITE,
  /** Everything completed before is durable when this completes. */
  FLUSH,
  /** The range holds nothing of worth any more; reads of it return zeroes or old data, as the device can. */
  UNMAP,
  WRITE_ZEROES,
  /** Compares the range with the buffer: {@link IoStatus#MISCOMPARE} when they differ. */
  COMPARE,
  /**
   * Compares the range with the first half of the buffer and, when equal, writes the second half; nothing gets in
   * between. NVM Command Set 1.0 §2.1.4.1 (fused compare and write).
   */
  COMPARE_AND_WRITE
}
