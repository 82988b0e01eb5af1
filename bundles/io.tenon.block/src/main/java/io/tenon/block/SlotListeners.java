package io.tenon.block;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Everybody who wants to know what happens to a slot's device, told one after the other. Any thread. */
final class SlotListeners implements DeviceListener {
  private final List<DeviceListener> all = new CopyOnWriteArrayList<>();

  void add(DeviceListener listener) {
    all.add(listener);
  }

  void remove(DeviceListener listener) {
    all.remove(listener);
  }

  @Override
  public void resized(Geometry now) {
    for (DeviceListener listener : all) listener.resized(now);
  }

  @Override
  public void lost(String reason) {
    for (DeviceListener listener : all) listener.lost(reason);
  }

  @Override
  public void interrupted(IoStatus how, String reason) {
    for (DeviceListener listener : all) listener.interrupted(how, reason);
  }

  @Override
  public void returned() {
    for (DeviceListener listener : all) listener.returned();
  }

  @Override
  public void stateChanged(SlotStatus now) {
    for (DeviceListener listener : all) listener.stateChanged(now);
  }
}
