package io.tenon.block.testing;

import io.tenon.block.DeviceOwner;
import io.tenon.block.DeviceSlot;

/** Another kind of owner than the one under test: it can be lent nothing. */
public final class StrangeOwner implements DeviceOwner {
  @Override
  public boolean has(DeviceSlot device) {
    return false;
  }

  @Override
  public void lend(DeviceSlot device, DeviceOwner to) {
    throw new AssertionError("a stranger is asked for " + device.name());
  }

  @Override
  public void takeUp(DeviceSlot device) {
    throw new AssertionError("a stranger is given " + device.name());
  }
}
