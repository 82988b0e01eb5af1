package io.tenon.block.testing;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.Reservations;
import io.tenon.block.Snapshots;
import io.tenon.reactor.Reactor;
import java.util.Optional;
import java.util.UUID;

/** A device as it is, but for what a test makes different. */
public abstract class ForwardingDevice implements BlockDevice {
  private final BlockDevice inner;

  protected ForwardingDevice(BlockDevice inner) {
    this.inner = inner;
  }

  protected final BlockDevice inner() {
    return inner;
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public UUID uuid() {
    return inner.uuid();
  }

  @Override
  public Geometry geometry() {
    return inner.geometry();
  }

  @Override
  public String productName() {
    return inner.productName();
  }

  @Override
  public boolean supports(IoOperation operation) {
    return inner.supports(operation);
  }

  @Override
  public boolean unmapZeroes() {
    return inner.unmapZeroes();
  }

  @Override
  public boolean outlivesClosing() {
    return inner.outlivesClosing();
  }

  @Override
  public Optional<Reservations> reservations() {
    return inner.reservations();
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return inner.snapshots();
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return inner.channel(reactor);
  }

  @Override
  public void listener(DeviceListener listener) {
    inner.listener(listener);
  }

  @Override
  public void close() {
    inner.close();
  }
}
