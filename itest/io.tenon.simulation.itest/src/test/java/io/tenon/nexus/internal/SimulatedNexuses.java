package io.tenon.nexus.internal;

import io.tenon.block.BlockDevices;
import io.tenon.nexus.Nexuses;
import io.tenon.nvme.NvmeTarget;
import io.tenon.reactor.Reactors;
import java.util.concurrent.Executor;

/** The nexuses of a simulated node. */
public final class SimulatedNexuses {
  private SimulatedNexuses() {}

  public static Nexuses on(
      BlockDevices devices, NvmeTarget target, Reactors reactors, Executor blocking) {
    return new NexusService(devices, target, reactors, blocking, false);
  }
}
