package io.tenon.nexus.internal;

import io.tenon.block.BlockDevices;
import io.tenon.metadata.MetadataStore;
import io.tenon.nexus.Nexuses;
import io.tenon.nvme.NvmeTarget;
import io.tenon.reactor.Reactors;
import java.util.concurrent.Executor;

/** The nexuses of a simulated node. */
public final class SimulatedNexuses {
  private SimulatedNexuses() {}

  /** Nexuses that can record who holds all data. */
  public static Nexuses on(
      BlockDevices devices,
      NvmeTarget target,
      Reactors reactors,
      Executor blocking,
      MetadataStore store) {
    var service = new NexusService(devices, target, reactors, blocking, false);
    service.storeCame(store);
    return service;
  }

  public static Nexuses on(
      BlockDevices devices, NvmeTarget target, Reactors reactors, Executor blocking) {
    return new NexusService(devices, target, reactors, blocking, false);
  }
}
