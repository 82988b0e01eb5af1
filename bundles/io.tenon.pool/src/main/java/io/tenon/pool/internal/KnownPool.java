package io.tenon.pool.internal;

import java.util.UUID;

/**
 * A pool that this node is to have.
 *
 * @param disk URI as given, or by which it was opened later
 */
record KnownPool(String name, UUID uuid, String disk) {
  static KnownPool of(PoolIdentity identity, PoolDisk disk) {
    return new KnownPool(identity.name(), identity.uuid(), disk.uri());
  }
}
