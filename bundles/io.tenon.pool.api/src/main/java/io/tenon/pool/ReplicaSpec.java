package io.tenon.pool;

import java.util.Optional;
import java.util.UUID;

/**
 * What a replica is asked to be.
 *
 * @param name 1 to 63 bytes; of its block device, and part of its NQN. The control plane gives the uuid
 * @param sizeBytes more than 0, rounded up to whole clusters, at most the pool's capacity
 * @param thin takes space with its first writes; else all of it now
 * @param entityId what it belongs to
 * @param cleared a thick one is zeroes from its first to its last byte; else only where a filesystem would be found
 */
public record ReplicaSpec(
    String name,
    UUID uuid,
    long sizeBytes,
    boolean thin,
    Optional<String> entityId,
    boolean cleared) {
  /** As the control plane asks for it. */
  public ReplicaSpec(
      String name, UUID uuid, long sizeBytes, boolean thin, Optional<String> entityId) {
    this(name, uuid, sizeBytes, thin, entityId, false);
  }
}
