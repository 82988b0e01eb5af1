package io.tenon.block;

import org.osgi.annotation.versioning.ConsumerType;

/** Told what happens to a device by itself. Any thread; must not block. */
@ConsumerType
public interface DeviceListener {
  default void resized(Geometry now) {}

  /**
   * The device will not work any more: unplugged, connection given up. A device that says so still ends every request
   * that it has, with {@link IoStatus#DEVICE_GONE}.
   *
   * @param reason a sentence for people
   */
  default void lost(String reason) {}

  /** Only a {@link DeviceSlot} says so: it has changed its state. {@link #lost} follows when that is FAILED. */
  default void stateChanged(SlotStatus now) {}
}
