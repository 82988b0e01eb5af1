package io.tenon.block;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Everybody who wants to know what happens to a slot's device, told one after the other. Any thread. */
final class SlotListeners implements DeviceListener {
  private final List<DeviceListener> all = new CopyOnWriteArrayList<>();
  private final AtomicLong disturbances = new AtomicLong();

  /** As {@link DeviceSlot#disturbances}. */
  long disturbances() {
    return disturbances.get();
  }

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
    disturbances.incrementAndGet();
    for (DeviceListener listener : all) listener.lost(reason);
  }

  @Override
  public void interrupted(IoStatus how, String reason) {
    disturbances.incrementAndGet();
    for (DeviceListener listener : all) listener.interrupted(how, reason);
  }

  @Override
  public void returned() {
    disturbances.incrementAndGet();
    for (DeviceListener listener : all) listener.returned();
  }

  @Override
  public void stateChanged(SlotStatus now) {
    for (DeviceListener listener : all) listener.stateChanged(now);
  }

  @Override
  public void reopenedBy(String uri) {
    for (DeviceListener listener : all) listener.reopenedBy(uri);
  }
}
