package io.tenon.nexus;

import java.util.List;
import java.util.UUID;

/**
 * What a nexus is asked to be.
 *
 * @param name name of its block device, part of its NQN; the control plane gives the volume's uuid
 * @param uuid of the nexus itself
 * @param sizeBytes more than 0; what the children hold behind their metadata area limits it
 * @param childUris at least one, each once
 * @param minControllerId 1 to 0xFFEF
 * @param maxControllerId {@code minControllerId} to 0xFFEF
 * @param readPolicy where reads go
 */
public record NexusSpec(
    String name,
    UUID uuid,
    long sizeBytes,
    List<String> childUris,
    int minControllerId,
    int maxControllerId,
    ReadPolicy readPolicy) {
  public NexusSpec {
    childUris = List.copyOf(childUris);
  }

  /** Which healthy child serves a read. */
  public enum ReadPolicy {
    /** A child on this node when there is one, else round-robin. */
    LOCAL_FIRST,
    ROUND_ROBIN
  }
}
