package io.tenon.pool;

import java.util.Optional;
import java.util.UUID;

/**
 * A replica that is to hold what a snapshot holds.
 *
 * @param uuid of the rebuild
 * @param replicaUri of a replica of this node, {@code bdev:///name}; empty: it is found by its uuid
 * @param replica its uuid, if the caller knows it
 * @param snapshotUri where the snapshot is read, on this or another node
 * @param snapshot its uuid, as the caller says it
 */
public record SnapshotRebuildSpec(
    UUID uuid,
    String replicaUri,
    Optional<UUID> replica,
    String snapshotUri,
    Optional<UUID> snapshot) {}
