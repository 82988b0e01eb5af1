package io.tenon.pool.internal;

import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevices;
import io.tenon.nvme.NvmeTarget;
import io.tenon.reactor.Reactor;
import java.util.concurrent.Executor;

/**
 * What pools of this node are made with.
 *
 * @param reactor for I/O of the pools' own
 * @param blocking runs what may block and follows from events: a disk that went or came back
 */
record PoolParts(
    BlockDevices devices,
    NvmeTarget target,
    Blobstores blobstores,
    Reactor reactor,
    Executor blocking) {}
