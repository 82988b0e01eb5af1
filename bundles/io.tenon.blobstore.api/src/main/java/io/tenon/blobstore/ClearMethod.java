package io.tenon.blobstore;

import io.tenon.error.Check;

/** What happens to a blob's clusters when they are given back. Format §15. */
public enum ClearMethod {
  /** As {@link #UNMAP}. */
  DEFAULT(0),
  NONE(1),
  /** Where the device can; else nothing. */
  UNMAP(2),
  WRITE_ZEROES(3);

  private final int number;

  ClearMethod(int number) {
    this.number = number;
  }

  /**
   * @param number 0 to 3, as on the disk
   */
  public static ClearMethod ofNumber(int number) {
    return switch (number) {
      case 0 -> DEFAULT;
      case 1 -> NONE;
      case 2 -> UNMAP;
      case 3 -> WRITE_ZEROES;
      default -> throw Check.bug("there is no clear method %d", number);
    };
  }

  public int number() {
    return number;
  }
}
