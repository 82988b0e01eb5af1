package io.tenon.nexus;

import io.tenon.block.ReservationClaim;
import java.util.List;
import java.util.Optional;
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
 * @param infoKey of its record in the metadata store: who holds all data. Empty: nothing is recorded, and nothing is known of its
 *     children after a crash
 * @param reservation how it keeps other nodes from its children, where they can; empty: not at all
 */
public record NexusSpec(
    String name,
    UUID uuid,
    long sizeBytes,
    List<String> childUris,
    int minControllerId,
    int maxControllerId,
    ReadPolicy readPolicy,
    Optional<String> infoKey,
    Optional<ReservationClaim> reservation) {
  public NexusSpec {
    childUris = List.copyOf(childUris);
  }

  /** Without a record and without reservations. */
  public NexusSpec(
      String name,
      UUID uuid,
      long sizeBytes,
      List<String> childUris,
      int minControllerId,
      int maxControllerId,
      ReadPolicy readPolicy) {
    this(
        name,
        uuid,
        sizeBytes,
        childUris,
        minControllerId,
        maxControllerId,
        readPolicy,
        Optional.empty(),
        Optional.empty());
  }

  /** Which healthy child serves a read. */
  public enum ReadPolicy {
    /** A child on this node when there is one, else round-robin. */
    LOCAL_FIRST,
    ROUND_ROBIN
  }
}
