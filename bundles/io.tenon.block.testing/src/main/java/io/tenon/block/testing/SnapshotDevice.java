package io.tenon.block.testing;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.Snapshots;
import io.tenon.reactor.Reactor;
import java.util.Optional;
import java.util.UUID;

/** A device as it is, that takes snapshots as a test wants. */
public record SnapshotDevice(BlockDevice plain, Snapshots taker) implements BlockDevice {
  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.of(taker);
  }

  @Override
  public String name() {
    return plain.name();
  }

  @Override
  public UUID uuid() {
    return plain.uuid();
  }

  @Override
  public Geometry geometry() {
    return plain.geometry();
  }

  @Override
  public String productName() {
    return plain.productName();
  }

  @Override
  public boolean supports(IoOperation operation) {
    return plain.supports(operation);
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return plain.channel(reactor);
  }

  @Override
  public void listener(DeviceListener listener) {
    plain.listener(listener);
  }

  @Override
  public void close() {
    plain.close();
  }
}
