package io.tenon.block;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A backend: opens device URIs of its scheme. A service with the property {@value #SCHEME} (one or several values).
 *
 * <p>The bundle also states {@code Provide-Capability: tenon.backend; scheme=...}, so that features can ask for it.
 */
@ConsumerType
public interface DeviceProvider {
  /** Service property: the URI scheme, in lower case. */
  String SCHEME = "scheme";

  /**
   * The name that a device of this URI has, so that it can be found again by its URI.
   *
   * @throws DeviceException when the URI is not one that this provider could open
   */
  String deviceName(DeviceUri uri) throws DeviceException;

  /**
   * Opens the device. May block; never on a reactor. Nothing half-made stays behind when it throws.
   *
   * @throws DeviceException saying what, why and what to do
   */
  BlockDevice open(DeviceUri uri) throws DeviceException;

  /**
   * Opens the device with what its predecessor, of this or an earlier version of the bundle, has left. As {@link #open};
   * the handover is this method's when it returns, and stays the caller's when it throws.
   */
  default BlockDevice adopt(DeviceUri uri, Handover left) throws DeviceException {
    throw new DeviceException(
        DeviceException.Kind.UNSUPPORTED,
        "Block device " + deviceName(uri) + " was not taken over from its former backend.",
        "Scheme " + uri.scheme() + " does not know state of format " + left.format() + ".",
        "Install the backend that was there before.");
  }

  /**
   * @return true when the URI asks for a change of a device that is open already: {@code rescan} of a file that has
   *     grown, {@code resize} of memory
   */
  default boolean changesOpenDevice(DeviceUri uri) throws DeviceException {
    return false;
  }

  /**
   * Makes the change that {@link #changesOpenDevice} has found. Nothing is in flight meanwhile. May block.
   *
   * @param open made by this provider
   */
  default void change(DeviceUri uri, BlockDevice open) throws DeviceException {
    throw DeviceException.alreadyExists(open.name());
  }
}
