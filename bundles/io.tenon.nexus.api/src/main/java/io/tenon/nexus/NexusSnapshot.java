package io.tenon.nexus;

import io.tenon.block.DeviceException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * How a snapshot over all children went. It is one only when nobody {@link #failed} and nobody was skipped.
 *
 * @param createdAt the same on every child
 * @param outcomes by uuid of the replica: empty when its snapshot was taken
 * @param skipped replicas that were left out by request
 */
public record NexusSnapshot(
    Instant createdAt, Map<UUID, Optional<DeviceException>> outcomes, List<UUID> skipped) {
  /** Whether some child has no snapshot that should have one. */
  public boolean failed() {
    return outcomes.values().stream().anyMatch(Optional::isPresent);
  }

  /**
   * What a snapshot over all children is asked to be.
   *
   * @param entityId the volume
   * @param txnId of the operation that makes it
   * @param uuids of the snapshots, by uuid of the replica; empty for one to be skipped. Every child stands here once.
   */
  public record Order(
      String name, String entityId, String txnId, Map<UUID, Optional<UUID>> uuids) {}
}
