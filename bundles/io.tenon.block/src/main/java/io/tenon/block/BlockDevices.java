package io.tenon.block;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The node's block devices, by name. A service. Any thread but a reactor's: opening and destroying blocks.
 *
 * <p>Schemes come and go with the bundles that provide them; a device whose backend goes away stays listed, with a slot that
 * says what it waits for.
 */
@ProviderType
public interface BlockDevices {
  /**
   * Opens a device by URI and lists it; or gives one that is open another name ({@code bdev:///name}), or changes it (a
   * URI with {@code rescan} or {@code resize}), or brings a failed one back.
   *
   * @throws DeviceException when the URI is malformed, its scheme unknown, or the backend refuses
   */
  DeviceSlot create(String uri) throws DeviceException;

  /**
   * Lists a device that a service of this node has made (a nexus, a replica). When a device of the same name, uuid and URI was left
   * or has failed, this one is put into its slot: whoever uses it goes on.
   *
   * @param uri as shown to people and found by {@link #find}
   */
  DeviceSlot adopt(BlockDevice device, String uri) throws DeviceException;

  /**
   * Takes out devices that a service of this node has made, since its bundle is being replaced. Their I/O waits until a successor
   * adopts their equals; past the node's deadline they have failed, as disks that were unplugged.
   *
   * @param devices that were adopted; one that has failed stays so
   * @param who leaves them, for people
   * @return done when all of them are closed
   */
  CompletionStage<Void> leave(List<DeviceSlot> devices, String who);

  /** The device with this name, uuid, URI or alias. */
  Optional<DeviceSlot> find(String nameOrUri);

  /**
   * As {@link #find}, but opens the device when the URI is not open yet. {@code bdev:///name} and {@code loopback:///name}
   * find only.
   */
  DeviceSlot findOrCreate(String uri) throws DeviceException;

  /** In the order of their names. */
  List<DeviceSlot> all();

  /**
   * Closes a device and forgets it. Waits for what is in flight.
   *
   * @throws DeviceException when it is not there, or claimed by someone
   */
  void destroy(DeviceSlot device) throws DeviceException;

  /**
   * Destroys what it finds; but of a device that is found by a {@code bdev:///} or {@code loopback:///} alias only the
   * alias goes.
   */
  void destroy(String nameOrUri) throws DeviceException;

  /** Schemes that can be opened now, each with the bundle that provides it. */
  List<Backend> backends();

  /**
   * A scheme and who provides it.
   *
   * @param devices how many devices are open through it
   */
  record Backend(String scheme, String bundle, String version, int devices) {}

  /** Schemes in lower case, sorted. */
  Set<String> schemes();
}
