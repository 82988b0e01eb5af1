package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.Geometry;
import java.util.UUID;

/**
 * What a controller says about itself and its namespace 1.
 *
 * @param queueEntries most entries of an I/O queue
 * @param maxTransferBytes most data of one command
 * @param capsuleBytes data that fits into the capsule of an I/O queue
 * @param reportsAllocation it can be asked where it holds data
 */
record RemoteNamespace(
    UUID uuid,
    Geometry geometry,
    int queueEntries,
    int maxTransferBytes,
    int capsuleBytes,
    boolean compares,
    boolean unmaps,
    boolean writesZeroes,
    boolean hasCache,
    boolean reserves,
    boolean reportsAllocation) {
  RemoteNamespace resized(Geometry now) {
    return new RemoteNamespace(
        uuid,
        now,
        queueEntries,
        maxTransferBytes,
        capsuleBytes,
        compares,
        unmaps,
        writesZeroes,
        hasCache,
        reserves,
        reportsAllocation);
  }
}
