package io.tenon.pool;

import io.tenon.block.DeviceSlot;
import io.tenon.block.SnapshotSpec;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/** A replica, snapshot or clone of a pool. Any thread but a reactor's. */
@ProviderType
public interface Replica {
  Pool pool();

  UUID uuid();

  /**
   * @throws PoolException when it does not exist any more
   */
  ReplicaInfo info() throws PoolException;

  /** Its block device, as listed in {@link io.tenon.block.BlockDevices}; empty when {@link ReplicaInfo#problem} says why. */
  Optional<DeviceSlot> device();

  /**
   * Makes it reachable over NVMe-oF, also after the next load of the pool; when it is already, only the hosts change.
   *
   * @param hosts NQNs that may connect; empty for any
   * @return the share URI
   */
  String share(Set<String> hosts) throws PoolException;

  /** Idempotent. */
  void unshare() throws PoolException;

  /**
   * Also while it is in use; but it is not made smaller then.
   *
   * @param bytes rounded up to whole clusters
   */
  void resize(long bytes) throws PoolException;

  /** Says what it belongs to; the control plane names the volume. */
  void entityId(String id) throws PoolException;

  /** The content as it is, for good. A thick replica is thin from then on. */
  Replica snapshot(SnapshotSpec spec) throws PoolException;

  /** A replica that begins as this snapshot is. */
  Replica cloneTo(String name, UUID uuid, Instant createdAt) throws PoolException;

  /**
   * Overwrites all of it, or reads all of it, part by part. What overwrites it is refused while somebody else uses the replica, and
   * nobody else can use it meanwhile.
   *
   * @throws PoolException {@link PoolException.Kind#CANCELLED} when the watcher ends it
   */
  void wipe(WipeSpec spec, WipeWatcher watcher) throws PoolException;

  /** Made of this snapshot. */
  List<ReplicaInfo> clones() throws PoolException;

  /**
   * Deletes it. A snapshot with clones is only marked as discarded: no more clones can be made of it, and it goes with
   * the last one.
   */
  void destroy() throws PoolException;
}
