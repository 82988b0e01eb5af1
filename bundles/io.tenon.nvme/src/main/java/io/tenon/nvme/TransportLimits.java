package io.tenon.nvme;

/**
 * What a transport offers to hosts.
 *
 * @param maxQueueDepth most entries of an I/O queue (CAP.MQES + 1)
 * @param maxQueues most queues of a controller, the admin queue included
 * @param maxIoBytes most data of one command (MDTS); a power of two of at least 4096
 * @param inCapsuleBytes data that fits into a capsule of an I/O queue (IOCCSZ); a multiple of 16
 * @param adminQueueDepth entries of the admin queue
 */
public record TransportLimits(
    TransportType type,
    int maxQueueDepth,
    int maxQueues,
    int maxIoBytes,
    int inCapsuleBytes,
    int adminQueueDepth) {}
