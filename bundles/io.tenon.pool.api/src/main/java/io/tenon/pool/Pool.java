package io.tenon.pool;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/** A loaded pool. Any thread but a reactor's; changes wait for each other. */
@ProviderType
public interface Pool {
  String name();

  UUID uuid();

  PoolInfo info();

  /** All replicas, snapshots and clones, in the order in which they lie on the disk. */
  List<ReplicaInfo> replicas();

  Optional<Replica> findReplica(UUID uuid);

  Replica create(ReplicaSpec spec) throws PoolException;

  /** Takes in what the disk has grown by; nothing changes when it has not. */
  void grow() throws PoolException;

  /**
   * Closes the pool so that it can be loaded anywhere. Refused while somebody else uses a replica; shares end here, and stand
   * again after the next load.
   */
  void export() throws PoolException;

  /** Deletes all replicas and snapshots, and the pool from its disk. Refused while somebody else uses a replica. */
  void destroy() throws PoolException;
}
