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
   * Makes a URI of a device that is already open take effect again: {@code rescan} of a file that has grown, {@code
   * resize} of memory.
   *
   * @throws DeviceException with {@link DeviceException.Kind#ALREADY_EXISTS} when the URI does not ask for such a change
   */
  default void reopen(DeviceUri uri, BlockDevice open) throws DeviceException {
    throw DeviceException.alreadyExists(open.name());
  }
}
