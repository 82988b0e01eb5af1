package io.tenon.pool.internal;

import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevices;
import io.tenon.nvme.NvmeTarget;
import io.tenon.pool.Pools;
import io.tenon.reactor.Reactor;
import java.time.InstantSource;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Executor;

/** The pools of a simulated node. */
public final class SimulatedPools {
  private static final long PATIENCE_NS = 3_000_000_000L;

  private final PoolService service;

  private SimulatedPools(PoolService service) {
    this.service = service;
  }

  /** A data folder, which outlives its node. */
  public static final class DataFolder {
    private final PoolMemory memory;

    public DataFolder(String node) {
      memory = new PassingMemory(new ServingNode(new UUID(1, node.hashCode()), node));
    }
  }

  /** In a thread: begins to bring back what the folder knows. */
  public static SimulatedPools start(
      DataFolder folder,
      BlockDevices devices,
      NvmeTarget target,
      Blobstores blobstores,
      Reactor reactor,
      Executor blocking,
      InstantSource clock,
      long seed) {
    var parts =
        new PoolParts(
            devices, target, blobstores, reactor, blocking, folder.memory, clock, PATIENCE_NS);
    var service = new PoolService(parts, new SplittableRandom(seed));
    var _ = service.start();
    return new SimulatedPools(service);
  }

  public Pools pools() {
    return service;
  }

  /** The bundle goes, and a successor is expected. */
  public void leave() {
    service.leave();
  }

  /** The node stops in order. */
  public void close() {
    service.close();
  }
}
