package io.tenon.pool.internal;

import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevices;
import io.tenon.nvme.NvmeTarget;
import io.tenon.reactor.Reactor;
import java.time.InstantSource;
import java.util.concurrent.Executor;

/**
 * What pools of this node are made with.
 *
 * @param reactor for I/O of the pools' own
 * @param blocking runs what may block and follows from events: a disk that went or came back
 * @param memory of pools that are to come back after a restart
 * @param patienceNs that a change waits for the one before it
 */
record PoolParts(
    BlockDevices devices,
    NvmeTarget target,
    Blobstores blobstores,
    Reactor reactor,
    Executor blocking,
    PoolMemory memory,
    InstantSource clock,
    long patienceNs) {}
