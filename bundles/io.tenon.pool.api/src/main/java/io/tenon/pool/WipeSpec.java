package io.tenon.pool;

/**
 * How a replica is wiped.
 *
 * @param chunkBytes after so many the watcher is told; a whole number of blocks, 0 for all at once
 * @param pattern 32 bits that are repeated, lowest byte first; of {@link Method#WRITE_PATTERN} only
 */
public record WipeSpec(Method method, long chunkBytes, int pattern) {
  /** What is done with each chunk. */
  public enum Method {
    /** Nothing: it is only counted. */
    NONE,
    WRITE_ZEROES,
    /** Whole clusters of a thin replica go back to the pool. */
    UNMAP,
    WRITE_PATTERN,
    /** Nothing is changed: CRC-32C of the content. */
    CHECKSUM;

    public boolean overwrites() {
      return switch (this) {
        case NONE, CHECKSUM -> false;
        case WRITE_ZEROES, UNMAP, WRITE_PATTERN -> true;
      };
    }
  }
}
