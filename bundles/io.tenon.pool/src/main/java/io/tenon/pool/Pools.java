package io.tenon.pool;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/** The node's pools. A service. Any thread but a reactor's: every change blocks until it is done. */
@ProviderType
public interface Pools {
  /**
   * Imports the pool when the disk carries the one of this name, else makes it. A disk that carries anything else is left
   * as it is, unless {@link PoolSpec#overwrite} names it.
   */
  Pool create(PoolSpec spec) throws PoolException;

  /**
   * Loads the pool that is on the disk, shares again what was shared, and ends deletions that wait for nothing any more.
   *
   * @param disk URI, or path, which means {@code aio://}
   * @param name that the pool must have
   * @param uuid that it must have, if given
   */
  Pool load(String disk, String name, Optional<UUID> uuid) throws PoolException;

  /** In the order of their names. */
  List<Pool> all();

  Optional<Pool> findByName(String name);

  Optional<Pool> findByUuid(UUID uuid);

  /** The replica, snapshot or clone with this uuid, in any pool. */
  Optional<Replica> findReplica(UUID uuid);
}
