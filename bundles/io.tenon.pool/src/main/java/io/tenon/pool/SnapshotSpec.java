package io.tenon.pool;

import java.time.Instant;
import java.util.UUID;

/**
 * What a snapshot is asked to be. Nothing of it may be empty.
 *
 * @param entityId the volume that it is a snapshot of
 * @param txnId of the operation that made it
 */
public record SnapshotSpec(
    String name, UUID uuid, String entityId, String txnId, Instant createdAt) {}
