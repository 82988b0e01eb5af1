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

  /**
   * The way to the device broke, and may come back by itself: the device may have been restarted, and what it had acknowledged
   * but not made durable may be gone. Whoever keeps copies elsewhere must not take this one for equal any more. I/O under
   * way when it broke ends as the device ends it.
   *
   * @param how {@link IoStatus#TIMED_OUT} when the other end fell silent, else {@link IoStatus#DEVICE_GONE}
   * @param reason a sentence for people
   */
  default void interrupted(IoStatus how, String reason) {}

  /** After {@link #interrupted}: the way to the device stands again, and it does what it is asked. */
  default void returned() {}

  /** Only a {@link DeviceSlot} says so: it has changed its state. {@link #lost} follows when that is FAILED. */
  default void stateChanged(SlotStatus now) {}

  /**
   * Only a {@link DeviceSlot} says so: the same device is open by another URI from now on. Who opens it after a restart of the node writes that down before this
   * returns; unlike the others it may block.
   */
  default void reopenedBy(String uri) {}
}
