package io.tenon.devices.internal;

import java.util.Arrays;

/** What a {@link Look} has seen: a checksum of each block. */
final class Sample {
  static final Sample EMPTY = new Sample(0, new long[0]);

  private final long blocks;
  private final long[] sums;

  /**
   * @param blocks of the device; says which were looked at
   */
  Sample(long blocks, long[] sums) {
    this.blocks = blocks;
    this.sums = sums.clone();
  }

  long blocks() {
    return blocks;
  }

  boolean isSameAs(Sample other) {
    return Arrays.equals(sums, other.sums);
  }
}
