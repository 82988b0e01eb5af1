package io.tenon.pool;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What is on a disk.
 *
 * @param disk as given
 * @param usedBy who has it; empty when nobody does
 * @param name of the pool; empty when the disk does not say
 * @param uuid of the pool; likewise
 * @param clean it was closed in good order
 * @param capacityBytes for replicas and snapshots
 * @param contents replicas, snapshots and clones, in the order in which they lie on the disk
 * @param findings what is not in order; the worst first
 */
public record PoolCheck(
    String disk,
    Optional<String> usedBy,
    Optional<String> name,
    Optional<UUID> uuid,
    boolean clean,
    long capacityBytes,
    long freeBytes,
    long clusterBytes,
    int blockBytes,
    List<Content> contents,
    List<PoolFinding> findings) {
  public PoolCheck {
    contents = List.copyOf(contents);
    findings = List.copyOf(findings);
  }

  /**
   * A replica, snapshot or clone.
   *
   * @param kind empty when it cannot be opened
   * @param parent name of what it is based on; empty for none
   * @param shared hosts could reach it
   * @param problem why it cannot be opened, or not be changed; empty when all is well
   */
  public record Content(
      String name,
      Optional<UUID> uuid,
      Optional<ReplicaInfo.Kind> kind,
      long sizeBytes,
      long allocatedBytes,
      boolean thin,
      boolean shared,
      String parent,
      String problem) {}
}
