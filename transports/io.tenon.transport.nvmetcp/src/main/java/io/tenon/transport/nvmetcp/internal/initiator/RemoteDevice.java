package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.Reservations;
import io.tenon.block.Snapshots;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.reactor.Reactor;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;

/** Namespace 1 of a controller of another node, as a block device. */
final class RemoteDevice implements BlockDevice {
  private final RemoteController controller;
  private final Consumer<RemoteDevice> closed;

  /**
   * @param closed told once, by {@link #close}
   */
  RemoteDevice(RemoteController controller, Consumer<RemoteDevice> closed) {
    this.controller = controller;
    this.closed = closed;
  }

  @Override
  public String name() {
    return controller.deviceName();
  }

  @Override
  public UUID uuid() {
    return controller.uuid();
  }

  @Override
  public Geometry geometry() {
    return controller.namespace().geometry();
  }

  @Override
  public String productName() {
    return "NVMe disk";
  }

  @Override
  public boolean supports(IoOperation operation) {
    var namespace = controller.namespace();
    return switch (operation) {
      case READ, WRITE, FLUSH -> true;
      case UNMAP -> namespace.unmaps();
      case WRITE_ZEROES -> namespace.writesZeroes();
      case COMPARE -> namespace.compares();
      // Left to the slot, for blocks of any number: targets do it for one block only.
      case COMPARE_AND_WRITE -> false;
    };
  }

  /** That there are none, only the other side can say. */
  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.of(new RemoteSnapshots(controller));
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new RemoteChannel(controller, controller.lanes().get(reactor.index()));
  }

  @Override
  public void listener(DeviceListener listener) {
    controller.listener(listener);
  }

  @Override
  public Optional<Reservations> reservations() {
    return controller.namespace().reserves()
        ? Optional.of(new RemoteReservations(controller))
        : Optional.empty();
  }

  @Override
  public void close() {
    controller.close();
    closed.accept(this);
  }

  /** Its connections stay, unless the node itself ends. */
  @Override
  public Optional<Handover> leave() {
    if (nodeEnds()) {
      close();
      return Optional.empty();
    }
    var left = controller.leave();
    closed.accept(this);
    return Optional.of(left);
  }

  private static boolean nodeEnds() {
    var bundle = FrameworkUtil.getBundle(RemoteDevice.class);
    if (bundle == null) return false; // without OSGi nothing says so
    var context = bundle.getBundleContext();
    return context != null
        && context.getBundle(Constants.SYSTEM_BUNDLE_ID).getState() == Bundle.STOPPING;
  }

  InitiatorControllers.Controller describe() {
    Geometry geometry = geometry();
    return new InitiatorControllers.Controller(
        controller.name(),
        controller.state(),
        geometry.sizeBytes(),
        geometry.blockBytes(),
        stats(geometry.blockBytes()));
  }

  private InitiatorControllers.Stats stats(int blockBytes) {
    long[] operations = new long[IoOperation.COUNT];
    long[] blocks = new long[IoOperation.COUNT];
    for (Lane lane : controller.lanes()) {
      for (IoOperation operation : IoOperation.values()) {
        operations[operation.index()] += lane.operations(operation);
        blocks[operation.index()] += lane.blocks(operation);
      }
    }
    int read = IoOperation.READ.index();
    int write = IoOperation.WRITE.index();
    int unmap = IoOperation.UNMAP.index();
    return new InitiatorControllers.Stats(
        operations[read],
        operations[write],
        operations[unmap],
        blocks[read] * blockBytes,
        blocks[write] * blockBytes,
        blocks[unmap] * blockBytes,
        controller.reconnects());
  }
}
