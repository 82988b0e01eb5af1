package io.tenon.pool;

import java.util.Optional;
import java.util.UUID;

/**
 * What a pool is asked to be.
 *
 * @param name 1 to 63 bytes
 * @param uuid a random one when absent; an existing pool must have it when given
 * @param disk URI, or path, which means {@code aio://}
 * @param clusterBytes a power of two, 1 MiB to 1 GiB; 4 MiB when absent
 * @param metadataRatio metadata pages per cluster, more than 0; 1 when absent
 * @param overwrite name of the block device whose content may be lost; whatever is there goes when it is this disk's name
 */
public record PoolSpec(
    String name,
    Optional<UUID> uuid,
    String disk,
    Optional<Long> clusterBytes,
    Optional<Float> metadataRatio,
    Optional<String> overwrite) {
  /** With all that can be left out. */
  public static PoolSpec of(String name, String disk) {
    return new PoolSpec(
        name, Optional.empty(), disk, Optional.empty(), Optional.empty(), Optional.empty());
  }

  public PoolSpec withUuid(UUID wanted) {
    return new PoolSpec(name, Optional.of(wanted), disk, clusterBytes, metadataRatio, overwrite);
  }

  public PoolSpec withClusterBytes(long bytes) {
    return new PoolSpec(name, uuid, disk, Optional.of(bytes), metadataRatio, overwrite);
  }

  public PoolSpec overwriting(String device) {
    return new PoolSpec(name, uuid, disk, clusterBytes, metadataRatio, Optional.of(device));
  }
}
