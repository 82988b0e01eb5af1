package io.tenon.pool;

import org.osgi.annotation.versioning.ConsumerType;

/** Sees a wipe go on and can end it. On the thread that wipes. */
@ConsumerType
public interface WipeWatcher {
  /** Before the first chunk and after each. */
  void wiped(WipeProgress progress);

  /** Asked often: false ends the wipe where it is. */
  boolean goesOn();
}
