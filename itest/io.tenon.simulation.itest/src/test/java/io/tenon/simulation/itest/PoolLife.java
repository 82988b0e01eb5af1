package io.tenon.simulation.itest;

import io.tenon.blobstore.internal.SimulatedBlobstores;
import io.tenon.error.TenonException;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.testing.SilentTarget;
import io.tenon.pool.Pools;
import io.tenon.pool.internal.SimulatedPools;
import io.tenon.pool.internal.SimulatedPools.DataFolder;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import java.util.Optional;

/** One life of a node with a disk and the service of pools. */
final class PoolLife {
  final SimReactors reactors;
  final SimThreads threads;
  final PluggedDevices devices;
  private final SimWorld world;
  private final Platter platter;
  private final DataFolder folder;
  private final Target target;
  private SimulatedPools service;
  private Optional<PlatterDisk> disk = Optional.empty();
  private boolean pluggedIn = true;
  private int services;

  PoolLife(SimWorld world, Platter platter, DataFolder folder) {
    this.world = world;
    this.platter = platter;
    this.folder = folder;
    reactors = world.node("node", 2);
    threads = new SimThreads(reactors);
    devices = new PluggedDevices(this::open, world.clock(), threads);
    try {
      target = SilentTarget.open();
    } catch (TenonException e) {
      throw new AssertionError(e);
    }
  }

  private Optional<io.tenon.block.BlockDevice> open() {
    if (!pluggedIn) return Optional.empty();
    var opened = new PlatterDisk(platter, world);
    disk = Optional.of(opened);
    return Optional.of(opened);
  }

  /** In a thread. */
  void start() {
    service =
        SimulatedPools.start(
            folder,
            devices,
            target,
            SimulatedBlobstores.on(reactors, threads),
            reactors.main(),
            threads::start,
            world.clock(),
            ++services);
  }

  /** In a thread: as when a bundle is updated. */
  void replaceService() {
    service.leave();
    start();
  }

  Pools pools() {
    return service.pools();
  }

  int subsystems() {
    return target.subsystems().size();
  }

  /** In a thread. */
  void close() {
    service.close();
    target.close();
  }

  void unplug() {
    pluggedIn = false;
    disk.ifPresent(PlatterDisk::unplug);
  }

  void plugIn() {
    pluggedIn = true;
  }

  boolean isPluggedIn() {
    return pluggedIn;
  }

  void failOnce(int after) {
    disk.ifPresent(one -> one.failOnce(after));
  }

  void failNone() {
    disk.ifPresent(PlatterDisk::failNone);
  }

  void losePower() {
    disk.ifPresent(PlatterDisk::losePower);
    reactors.crash(true);
  }
}
