package io.tenon.pool;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * What a snapshot has besides what every replica has. A text that is missing on the disk is empty.
 *
 * @param source the replica that it was taken from
 * @param createdAt empty when it cannot be read
 * @param discarded deleted, but clones need it
 * @param valid nothing is missing of what a snapshot has
 */
public record SnapshotInfo(
    Optional<UUID> source,
    String entityId,
    String txnId,
    Optional<Instant> createdAt,
    boolean discarded,
    boolean valid,
    int clones) {}
