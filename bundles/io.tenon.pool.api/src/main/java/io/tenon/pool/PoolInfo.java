package io.tenon.pool;

import java.util.List;
import java.util.UUID;

/**
 * A pool as it is now.
 *
 * @param disk URI as given
 * @param reason why it is in this state; empty when it is online
 * @param capacityBytes for replicas and snapshots: {@code usedBytes} and what is free
 * @param usedBytes sum of what replicas, clones and snapshots have allocated
 * @param committedBytes what they may come to need: the sizes of replicas and clones, and what snapshots hold
 * @param diskBytes size of the disk; what is beyond the pool's size is taken in by growing
 * @param findings sentences about what is not as it should be
 */
public record PoolInfo(
    String name,
    UUID uuid,
    String disk,
    PoolState state,
    String reason,
    long capacityBytes,
    long usedBytes,
    long committedBytes,
    long clusterBytes,
    long diskBytes,
    int metadataPageBytes,
    int metadataPages,
    int metadataUsedPages,
    List<String> findings) {
  public PoolInfo {
    findings = List.copyOf(findings);
  }

  public long freeBytes() {
    return capacityBytes - usedBytes;
  }
}
