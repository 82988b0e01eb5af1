package io.tenon.simulation.itest;

import io.tenon.block.DeviceProvider;
import io.tenon.block.Geometry;
import io.tenon.error.TenonException;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.internal.Target;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import io.tenon.transport.nvmetcp.internal.initiator.SimulatedInitiator;
import io.tenon.transport.nvmetcp.internal.target.SimulatedPort;

/** One life of a node: its target and port, its initiator, and perhaps a disk whose medium outlives it. */
final class SimNode {
  final SimReactors reactors;
  final SimThreads threads;
  final NodeDevices devices;
  final Target target;
  final DeviceProvider initiator;

  private SimulatedPort port;
  private SimDisk disk;

  SimNode(SimWorld world, String name, int number, int cores, long ioTimeoutMs) {
    reactors = world.node(name, cores);
    threads = new SimThreads(reactors);
    initiator = SimulatedInitiator.on(reactors, threads, number, ioTimeoutMs);
    devices = new NodeDevices(initiator, world.clock(), threads);
    try {
      target = new Target("", 8, "1.2.3");
    } catch (TenonException e) {
      throw new AssertionError(e);
    }
  }

  /** In one of its threads. */
  void listen() throws TenonException {
    port = new SimulatedPort(reactors, target);
    target.addTransport(port.transport());
  }

  /** Another version of the transport's bundle goes on with its hosts. In one of its threads. */
  void replaceTransport() throws TenonException {
    target.removeTransport(port.transport());
    target.handOver(port.leave());
    listen();
  }

  SimDisk plug(
      SimWorld world,
      Geometry geometry,
      SimMedium medium,
      SimDisk.Faults faults,
      SimDisk.Observer observer)
      throws TenonException {
    disk = new SimDisk(name(), geometry, medium, world, faults, observer, false);
    var _ = devices.adopt(disk, localUri());
    return disk;
  }

  Subsystem share() throws TenonException {
    var slot = devices.find(localUri()).orElseThrow();
    return target.share(slot, ShareOptions.anyHost());
  }

  private String name() {
    return "disk-" + reactors.name();
  }

  String localUri() {
    return "sim:///" + name();
  }

  String remoteUri(String parameters) {
    return "nvmf://%s:%d/%s%s%s"
        .formatted(
            reactors.address().getHostAddress(),
            SimulatedPort.PORT,
            Target.NQN_PREFIX,
            name(),
            parameters);
  }

  /** Ends everything; in one of its threads. */
  void close() throws TenonException {
    target.close();
    if (port != null) {
      target.removeTransport(port.transport());
      port.close();
    }
    for (var slot : devices.all()) devices.destroy(slot);
  }

  /** After everything: nothing is left over. */
  void checkRest(SimWorld world) {
    if (!reactors.isUp()) return;
    String name = reactors.name();
    int sockets = world.network().sockets(reactors);
    if (sockets != 0) throw new AssertionError(name + " has " + sockets + " sockets left");
    int buffers = reactors.buffersTaken();
    if (buffers != 0) throw new AssertionError(name + " has lost " + buffers + " buffers");
    if (disk != null && disk.openChannels() != 0) {
      throw new AssertionError(name + ": its disk is in use");
    }
  }
}
