package io.tenon.nexus.internal;

import io.tenon.block.BlockDevices;
import io.tenon.metadata.MetadataStore;
import io.tenon.nexus.Nexuses;
import io.tenon.nvme.NvmeTarget;
import io.tenon.reactor.Reactors;
import java.time.InstantSource;
import java.util.concurrent.Executor;

/** The nexuses of a simulated node. */
public final class SimulatedNexuses {
  /** In proportion to the time-outs of simulated initiators. */
  private static final long WINDOW_NS = 300_000_000L;

  private SimulatedNexuses() {}

  /** Nexuses that can record who holds all data. */
  public static Nexuses on(
      BlockDevices devices,
      NvmeTarget target,
      Reactors reactors,
      Executor blocking,
      MetadataStore store,
      InstantSource clock) {
    var timing = timing(reactors, clock);
    var service = new NexusService(devices, target, reactors, blocking, false, timing);
    service.storeCame(store);
    return service;
  }

  public static Nexuses on(
      BlockDevices devices,
      NvmeTarget target,
      Reactors reactors,
      Executor blocking,
      InstantSource clock) {
    var timing = timing(reactors, clock);
    return new NexusService(devices, target, reactors, blocking, false, timing);
  }

  private static Timing timing(Reactors reactors, InstantSource clock) {
    var home = reactors.all().getFirst();
    long startedNs = home.nowNs();
    return new Timing(clock, StoredRecord.Limits.USUAL, WINDOW_NS, () -> home.nowNs() - startedNs);
  }
}
