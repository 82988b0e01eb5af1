package io.tenon.simulation.itest;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import io.tenon.transport.nvmetcp.internal.initiator.SimulatedInitiator;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A machine without storage, whose host reaches a volume with the real initiator. */
final class HostMachine {
  /** Longer than a nexus needs to find out about its children. */
  private static final long IO_TIMEOUT_MS = 500;

  /** It does not give up while a volume moves. */
  private static final long GIVE_UP_MS = 100_000;

  private static final long AGAIN_MS = 20;

  final SimReactors reactors;
  final SimThreads threads;
  private final SimWorld world;
  private final NodeDevices devices;
  private Optional<DeviceSlot> slot = Optional.empty();

  HostMachine(SimWorld world, int number, int cores) {
    this.world = world;
    reactors = world.node("host" + number, cores);
    threads = new SimThreads(reactors);
    devices =
        new NodeDevices(
            SimulatedInitiator.on(reactors, threads, 100 + number, IO_TIMEOUT_MS, GIVE_UP_MS),
            world.clock(),
            threads);
  }

  /**
   * In one of its threads: until it is connected, or nobody wants it any more.
   *
   * @return whether it is
   */
  boolean connect(String uri, BooleanSupplier wanted) {
    while (wanted.getAsBoolean()) {
      try {
        slot = Optional.of(devices.create(uri));
        return true;
      } catch (DeviceException e) {
        world.trace().note(e.kind().name());
        pause();
      }
    }
    return false;
  }

  private void pause() {
    try {
      threads.sleep(AGAIN_MS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  DeviceSlot device() {
    return slot.orElseThrow();
  }

  /** In one of its threads, after its last I/O. */
  void disconnect() throws DeviceException {
    if (slot.isPresent()) devices.destroy(slot.get());
    slot = Optional.empty();
  }

  /** After that: nothing is left over. */
  void checkRest() {
    int sockets = world.network().sockets(reactors);
    if (sockets != 0)
      throw new AssertionError(reactors.name() + " has " + sockets + " sockets left");
    int buffers = reactors.buffersTaken();
    if (buffers != 0)
      throw new AssertionError(reactors.name() + " has lost " + buffers + " buffers");
  }
}
