package io.tenon.pool;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The node's pools. A service. Any thread but a reactor's: every change blocks until it is done.
 *
 * <p>A node remembers its pools: those that were neither exported nor destroyed are loaded again by themselves when it starts. What
 * is loaded and what is absent then changes by itself.
 */
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

  /** As {@link #load(String, String, Optional)}, whatever the pool's name. */
  Pool load(String disk, Optional<UUID> uuid) throws PoolException;

  /** Pools that the node waits for, in the order of their names. */
  List<AbsentPool> absent();

  /**
   * Does not wait for an absent pool any more. Nothing is done to its disk.
   *
   * @return false when there was none of this name
   */
  boolean forget(String name);

  /** In the order of their names. */
  List<Pool> all();

  Optional<Pool> findByName(String name);

  Optional<Pool> findByUuid(UUID uuid);

  /** The replica, snapshot or clone with this uuid, in any pool. */
  Optional<Replica> findReplica(UUID uuid);
}
