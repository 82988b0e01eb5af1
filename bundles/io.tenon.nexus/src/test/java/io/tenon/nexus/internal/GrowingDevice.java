package io.tenon.nexus.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.reactor.Reactor;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A device that seems smaller than it is, until it is told to grow. */
final class GrowingDevice implements BlockDevice {
  private final BlockDevice whole;
  private volatile Geometry seen;
  private volatile @Nullable DeviceListener listener;

  GrowingDevice(BlockDevice whole, long blocks) {
    this.whole = whole;
    seen = new Geometry(whole.geometry().blockBytes(), blocks);
  }

  void grow() {
    seen = whole.geometry();
    var told = listener;
    if (told != null) told.resized(seen);
  }

  @Override
  public String name() {
    return whole.name();
  }

  @Override
  public UUID uuid() {
    return whole.uuid();
  }

  @Override
  public Geometry geometry() {
    return seen;
  }

  @Override
  public String productName() {
    return whole.productName();
  }

  @Override
  public boolean supports(IoOperation operation) {
    return whole.supports(operation);
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return whole.channel(reactor);
  }

  @Override
  public void listener(DeviceListener told) {
    listener = told;
  }

  @Override
  public void close() {
    whole.close();
  }
}
