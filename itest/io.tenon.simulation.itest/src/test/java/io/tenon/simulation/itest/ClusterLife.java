package io.tenon.simulation.itest;

import io.tenon.blobstore.internal.SimulatedBlobstores;
import io.tenon.block.DeviceProvider;
import io.tenon.error.TenonException;
import io.tenon.nexus.Nexuses;
import io.tenon.nexus.internal.SimulatedNexuses;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.internal.reservation.ReservationStore;
import io.tenon.pool.Pools;
import io.tenon.pool.internal.SimulatedPools;
import io.tenon.pool.internal.SimulatedPools.DataFolder;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimStore;
import io.tenon.simulation.SimStoreClient;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import io.tenon.transport.nvmetcp.internal.initiator.SimulatedInitiator;
import io.tenon.transport.nvmetcp.internal.target.SimulatedPort;
import java.util.Optional;

/** One life of a node: devices, target and port, initiator, pools and nexuses, as a node has them. */
final class ClusterLife {
  private static final long IO_TIMEOUT_MS = 60;

  final SimReactors reactors;
  final SimThreads threads;

  /** What callers ask of it, one after the other. */
  final Turns control;

  final PluggedDevices devices;
  final Target target;
  final Nexuses nexuses;

  /** Its way to the metadata store. */
  final SimStoreClient client;

  private final SimWorld world;
  private final DataFolder folder;
  private final long seed;
  private Optional<SimulatedPort> port = Optional.empty();
  private Optional<SimulatedPools> service = Optional.empty();

  ClusterLife(
      SimWorld world,
      String name,
      int number,
      int cores,
      PluggedDevices.Socket disk,
      DataFolder folder,
      Optional<ReservationShelf> shelf,
      SimStore store) {
    this.world = world;
    this.folder = folder;
    seed = world.chance().nextLong();
    reactors = world.node(name, cores);
    threads = new SimThreads(reactors);
    control = new Turns(threads);
    DeviceProvider initiator = SimulatedInitiator.on(reactors, threads, number, IO_TIMEOUT_MS);
    devices = new PluggedDevices(disk, Optional.of(initiator), world.clock(), threads);
    try {
      long saveNs = world.chance().nextLong(1_000_000);
      var kept = shelf.map(one -> one.of(reactors, saveNs)).orElse(ReservationStore.NONE);
      target = new Target("", 64, "1.2.3", kept, threads::start);
    } catch (TenonException e) {
      throw new AssertionError(e);
    }
    client = store.client();
    nexuses =
        SimulatedNexuses.on(devices, target, reactors, control.beside(), client, world.clock());
  }

  /** In one of its threads. */
  void start() throws TenonException {
    service =
        Optional.of(
            SimulatedPools.start(
                folder,
                devices,
                target,
                SimulatedBlobstores.on(reactors, threads),
                reactors.main(),
                threads::start,
                world.clock(),
                seed));
    var listening = new SimulatedPort(reactors, target);
    target.addTransport(listening.transport());
    port = Optional.of(listening);
  }

  /** Empty while it starts. */
  Optional<Pools> pools() {
    return service.map(SimulatedPools::pools);
  }

  /** In one of its threads: everything ends in order. */
  void close() throws TenonException {
    service.ifPresent(SimulatedPools::close);
    target.close();
    port.ifPresent(
        open -> {
          target.removeTransport(open.transport());
          open.close();
        });
    for (var slot : devices.all()) devices.destroy(slot);
  }

  /** After that: nothing is left over. */
  void checkRest() {
    if (!reactors.isUp()) return;
    String name = reactors.name();
    int sockets = world.network().sockets(reactors);
    if (sockets != 0) throw new AssertionError(name + " has " + sockets + " sockets left");
    int buffers = reactors.buffersTaken();
    if (buffers != 0) throw new AssertionError(name + " has lost " + buffers + " buffers");
  }
}
