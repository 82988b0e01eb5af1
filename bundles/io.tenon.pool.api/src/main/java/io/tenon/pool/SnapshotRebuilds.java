package io.tenon.pool;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Replicas of this node that are being filled with what a snapshot, here or on another node, holds. A service. Any thread but a
 * reactor's. What has ended stays listed until somebody destroys it, or the node stops.
 */
@ProviderType
public interface SnapshotRebuilds {
  /**
   * Begins to copy; or gives the one that is there already by this uuid. Nobody else can use the replica until it has ended.
   *
   * @throws PoolException when the replica is none of this node, is used, or is too small; when the snapshot cannot be read
   */
  SnapshotRebuildInfo create(SnapshotRebuildSpec spec) throws PoolException;

  /** In the order of their coming. */
  List<SnapshotRebuildInfo> all();

  Optional<SnapshotRebuildInfo> find(UUID uuid);

  /**
   * Ends it if it is under way, waits for what is in flight, and forgets it. The replica stays as it is.
   *
   * @throws PoolException when there is none
   */
  void destroy(UUID uuid) throws PoolException;
}
