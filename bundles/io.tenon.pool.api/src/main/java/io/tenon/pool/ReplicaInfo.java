package io.tenon.pool;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A replica, snapshot or clone as it is now.
 *
 * @param shared over NVMe-oF
 * @param uri of the share, or {@code bdev:///} for this node only; with the uuid
 * @param allowedHosts NQNs that may connect; empty for any
 * @param sourceSnapshot of a clone
 * @param snapshot what only a snapshot has
 * @param problem why it has no block device; empty when it has
 */
public record ReplicaInfo(
    String name,
    UUID uuid,
    String poolName,
    UUID poolUuid,
    Kind kind,
    long sizeBytes,
    boolean thin,
    boolean shared,
    String uri,
    Set<String> allowedHosts,
    Optional<String> entityId,
    Optional<UUID> sourceSnapshot,
    Usage usage,
    Optional<SnapshotInfo> snapshot,
    String problem) {
  public ReplicaInfo {
    allowedHosts = Collections.unmodifiableSet(new LinkedHashSet<>(allowedHosts));
  }

  /** What it is. */
  public enum Kind {
    REPLICA,
    SNAPSHOT,
    CLONE
  }

  /**
   * Space that it takes.
   *
   * @param clusters its size
   * @param allocatedClusters its own
   * @param ancestorClusters of all snapshots that it builds on
   * @param ancestorClustersSinceClone of those that are younger than the clone in its line; empty when there is no clone
   */
  public record Usage(
      long clusterBytes,
      long clusters,
      long allocatedClusters,
      long ancestorClusters,
      Optional<Long> ancestorClustersSinceClone) {
    public long allocatedBytes() {
      return allocatedClusters * clusterBytes;
    }

    public long ancestorBytes() {
      return ancestorClusters * clusterBytes;
    }

    /** What a snapshot of it refers to in others: of a clone only what came after it was cloned. */
    public long referencedBytes() {
      return ancestorClustersSinceClone.orElse(ancestorClusters) * clusterBytes;
    }
  }
}
