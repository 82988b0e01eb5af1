package io.tenon.block;

import org.osgi.annotation.versioning.ConsumerType;

/** Told what happens to a device by itself. Any thread; must not block. */
@ConsumerType
public interface DeviceListener {
  default void resized(Geometry now) {}

  /**
   * The device will not work any more: unplugged, connection given up.
   *
   * @param reason a sentence for people
   */
  default void lost(String reason) {}
}
