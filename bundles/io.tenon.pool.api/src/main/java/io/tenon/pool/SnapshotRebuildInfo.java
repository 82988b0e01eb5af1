package io.tenon.pool;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * A snapshot rebuild as it is now.
 *
 * @param spec as asked for, with the uuid of the replica
 * @param totalBytes of the snapshot
 * @param doneBytes what the replica holds already
 * @param isRemote the snapshot is on another node
 * @param detail why it is in this state, a sentence
 */
public record SnapshotRebuildInfo(
    SnapshotRebuildSpec spec,
    State state,
    long totalBytes,
    long doneBytes,
    boolean isRemote,
    Instant startedAt,
    Optional<Instant> endedAt,
    String detail) {
  /** Running ends in one of the others. */
  public enum State {
    RUNNING,
    SUCCESSFUL,
    /** Also when it was stopped. */
    FAILED
  }

  public UUID uuid() {
    return spec.uuid();
  }

  public long remainingBytes() {
    return totalBytes - doneBytes;
  }

  /** Whole percent; 100 only when nothing remains. */
  public int progress() {
    return totalBytes == 0 ? 100 : (int) (doneBytes * 100.0 / totalBytes);
  }
}
