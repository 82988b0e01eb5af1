package io.tenon.pool;

import java.util.Optional;

/**
 * How far a wipe is.
 *
 * @param chunkBytes the last chunk may have less
 * @param checksum CRC-32C of what was wiped so far, where that was asked for
 */
public record WipeProgress(
    long totalBytes, long chunkBytes, long wipedBytes, Optional<Integer> checksum) {
  public long totalChunks() {
    return Math.ceilDiv(totalBytes, chunkBytes);
  }

  public long wipedChunks() {
    return Math.ceilDiv(wipedBytes, chunkBytes);
  }

  public long lastChunkBytes() {
    return totalBytes - (totalChunks() - 1) * chunkBytes;
  }
}
