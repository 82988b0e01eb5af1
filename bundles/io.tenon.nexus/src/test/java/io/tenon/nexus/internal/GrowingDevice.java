package io.tenon.nexus.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.testing.ForwardingDevice;
import org.jspecify.annotations.Nullable;

/** A device that seems smaller than it is, until it is told to grow. */
final class GrowingDevice extends ForwardingDevice {
  private volatile Geometry seen;
  private volatile @Nullable DeviceListener listener;

  GrowingDevice(BlockDevice whole, long blocks) {
    super(whole);
    seen = new Geometry(whole.geometry().blockBytes(), blocks);
  }

  void grow() {
    seen = inner().geometry();
    var told = listener;
    if (told != null) told.resized(seen);
  }

  @Override
  public Geometry geometry() {
    return seen;
  }

  @Override
  public void listener(DeviceListener told) {
    listener = told;
  }
}
