package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Simulated disks, and a nexus over them with nothing around it: no store, no reservations, no share. */
final class SimChildren {
  static final int BLOCK_BYTES = 512;
  private static final int BLOCKS = 20_000;
  private static final long NEXUS_BYTES = 1 << 20;

  private final SimWorld world;
  private final SimReactors node;
  private final SimDisk.Observer observer;
  private final List<SimDisk> disks = new ArrayList<>();
  private final List<Child> children = new ArrayList<>();
  private final List<DataArea.Shape> shapes = new ArrayList<>();

  SimChildren(SimWorld world, SimReactors node, SimDisk.Observer observer) {
    this.world = world;
    this.node = node;
    this.observer = observer;
  }

  SimDisk add(String uri, SimDisk.Faults faults) {
    var geometry = new Geometry(BLOCK_BYTES, BLOCKS);
    var disk = new SimDisk(uri, geometry, new SimMedium(), world, faults, observer, false);
    var slot = new DeviceSlot(disk, uri, world.clock(), node.main()::execute);
    children.add(new Child("n", disks.size(), uri, slot));
    shapes.add(new DataArea.Shape(uri, geometry));
    disks.add(disk);
    return disk;
  }

  /** In the order of their coming, as the nexus counts them. */
  List<SimDisk> disks() {
    return disks;
  }

  NexusDevice nexus(ReadPolicy policy) throws NexusException {
    return new NexusDevice(
        new NexusDevice.Plan(
            "n",
            new UUID(1, 1),
            DataArea.of("n", NEXUS_BYTES, shapes),
            children,
            policy,
            node.all(),
            4,
            RetirementRecord.NOTHING,
            world.clock(),
            new ServedNexus.Watcher(node.main()::execute),
            new NexusParts()));
  }
}
