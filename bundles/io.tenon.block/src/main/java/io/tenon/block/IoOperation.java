package io.tenon.block;

/** What can be asked of a block device. */
public enum IoOperation {
  READ(0),
  WRITE(1),
  /** Everything completed before is durable when this completes. */
  FLUSH(2),
  /** The range holds nothing of worth any more; reads of it return zeroes or old data, as the device can. */
  UNMAP(3),
  WRITE_ZEROES(4),
  /** Compares the range with the buffer: {@link IoStatus#MISCOMPARE} when they differ. */
  COMPARE(5),
  /**
   * Compares the range with the first half of the buffer and, when equal, writes the second half; nothing gets in
   * between. NVM Command Set 1.0 §2.1.4.1 (fused compare and write).
   */
  COMPARE_AND_WRITE(6);

  /** How many there are: the length of an array kept per operation. */
  public static final int COUNT = 7;

  private final int index;

  IoOperation(int index) {
    this.index = index;
  }

  /** Place in an array kept per operation: 0 to {@link #COUNT} - 1. */
  public int index() {
    return index;
  }
}
