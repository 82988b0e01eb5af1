package io.tenon.nexus;

import java.time.Instant;
import java.util.Optional;

/**
 * A rebuild, under way or over.
 *
 * @param sourceUri the healthy child that was read last; empty before the first read
 * @param partial only what the child had missed is copied
 * @param blocksTotal of the nexus
 * @param blocksRecovered that the child holds as its source does, as far as this rebuild knows; with those that it had never missed, and
 *     those that neither of the two has allocated
 * @param blocksTransferred that were copied, or made zeroes
 * @param blocksPerTask in one copy while hosts do I/O; without them, and where nothing is allocated, it may be longer
 * @param tasksTotal most copies at once
 * @param tasksActive copies under way
 * @param detail a sentence: what it does or waits for, or why it ended
 */
public record RebuildInfo(
    String childUri,
    Optional<String> sourceUri,
    RebuildState state,
    boolean partial,
    long blocksTotal,
    long blocksRecovered,
    long blocksTransferred,
    int blocksPerTask,
    int blockBytes,
    int tasksTotal,
    int tasksActive,
    Instant startedAt,
    Optional<Instant> endedAt,
    String detail) {
  public long blocksRemaining() {
    return blocksTotal - blocksRecovered;
  }

  /** Percent that is done; 100 only when all is. */
  public int progress() {
    return (int) (100 * (blocksRecovered / (double) blocksTotal));
  }
}
