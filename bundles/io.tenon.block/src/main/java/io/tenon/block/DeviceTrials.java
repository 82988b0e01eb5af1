package io.tenon.block;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Has a new version of a backend tried by one device, while all others stay with the version that runs. A service. Any thread but a
 * reactor's.
 */
@ProviderType
public interface DeviceTrials {
  /**
   * Announces a bundle that will come beside the one that serves the device: whatever it provides is for this device alone. To be
   * asked before the bundle starts.
   *
   * @param bundle its symbolic name; nobody else's
   * @param device opened by a URI
   */
  Trial announce(String bundle, DeviceSlot device);

  /** One that was announced. Closing ends the announcement, not the bundle; to be closed when the bundle has gone. */
  @ProviderType
  interface Trial extends AutoCloseable {
    /**
     * Takes the device from its backend, as when that is replaced, and gives it to the bundle, which must have started. Waits for
     * neither; when the bundle goes, the device returns by itself.
     *
     * @throws DeviceException when the bundle does not provide the device's scheme, or the device has gone
     */
    void begin() throws DeviceException;

    /** The device is served by the bundle now. */
    boolean isServing();

    @Override
    void close();
  }
}
