package io.tenon.reactor;

import org.osgi.annotation.versioning.ConsumerType;

/** Something that must be looked at every round, such as a completion ring in memory. */
@ConsumerType
public interface Poller {
  /**
   * @return how much was done; 0 lets the reactor idle
   */
  int poll();

  /**
   * The reactor wants to sleep. Arm whatever will wake it (an eventfd that it watches).
   *
   * @return false when there is work after all, so that it does not sleep
   */
  boolean prepareToSleep();

  /** The reactor is awake again: wake-ups may be disarmed. */
  default void awake() {}
}
