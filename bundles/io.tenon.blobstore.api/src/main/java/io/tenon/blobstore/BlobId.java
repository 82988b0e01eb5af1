package io.tenon.blobstore;

import io.tenon.error.Check;

/** Identity of a blob in its store: bit 32, and below it the metadata page where the blob begins. */
public record BlobId(long value) implements Comparable<BlobId> {
  private static final long ALWAYS_SET = 1L << 32;
  private static final long PAGE_BITS = ALWAYS_SET - 1;

  public BlobId {
    Check.that(isValid(value), "%x is no blob id", value);
  }

  /** True for what can be an id at all. */
  public static boolean isValid(long value) {
    return (value & ~PAGE_BITS) == ALWAYS_SET;
  }

  /** The id of the blob whose root is metadata page {@code page}. */
  public static BlobId ofRootPage(int page) {
    return new BlobId(ALWAYS_SET | Integer.toUnsignedLong(page));
  }

  public int rootPage() {
    return (int) (value & PAGE_BITS);
  }

  @Override
  public int compareTo(BlobId other) {
    return Long.compareUnsigned(value, other.value);
  }

  @Override
  public String toString() {
    return "0x" + Long.toHexString(value);
  }
}
