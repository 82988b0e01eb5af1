package io.tenon.block;

import java.time.Duration;
import org.osgi.annotation.versioning.ProviderType;

/** Has devices opened in another way while they are used. A service. Any thread but a reactor's: it blocks until that is done. */
@ProviderType
public interface DeviceChanges {
  /**
   * Opens a device by another URI: by another backend, or with other parameters. Whoever uses it goes on, and only waits meanwhile. What the new URI opens
   * must be the same disk: of the same name, uuid, blocks and content; else the device is opened as before.
   *
   * @return when everybody has heard of it who opens it after a restart: {@link DeviceListener#reopenedBy}
   * @throws DeviceException when it was opened by no URI, or the new one does not open it; it is as before then, or on its way back
   */
  Change change(DeviceSlot device, String uri) throws DeviceException;

  /**
   * What was done.
   *
   * @param pause how long nothing was let in; zero when the device was open by this URI already
   */
  record Change(String from, String to, Duration pause) {}
}
