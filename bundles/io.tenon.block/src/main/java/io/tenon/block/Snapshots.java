package io.tenon.block;

import org.osgi.annotation.versioning.ConsumerType;

/** Snapshots that a device takes of itself. */
@ConsumerType
public interface Snapshots {
  /**
   * Keeps the content as it is at some moment before this returns: with every write that was answered before the call. Blocks;
   * never on a reactor.
   *
   * @throws DeviceException when it was not taken; after {@link DeviceException.Kind#TIMED_OUT} it may have been
   */
  void take(SnapshotSpec spec) throws DeviceException;
}
