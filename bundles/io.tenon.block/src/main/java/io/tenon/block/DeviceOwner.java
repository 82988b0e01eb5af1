package io.tenon.block;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Who has made devices and listed them ({@link BlockDevices#adopt}), and can do without one of them for a while: another version of its bundle, beside
 * it, tries that one alone. A service of the bundle that can be replaced, whose other services nobody may take for the old one's. Any thread but a
 * reactor's.
 *
 * <pre>
 * the trial's bundle starts ─► lend: left by the one, taken up by the other ─► its bundle goes, and leaves the device ─► takeUp
 * </pre>
 */
@ConsumerType
public interface DeviceOwner {
  /** In the manifest of a bundle that is there for a trial: what it finds left when it starts is not for it. */
  String TRIAL_HEADER = "Tenon-Trial";

  /**
   * Property of this service: interface of a service that it makes its devices with. For a bundle that is there for a trial of that there is another
   * owner, with the property {@link #TRIES}.
   */
  String MADE_WITH = "tenon.made.with";

  /** Property of this service: symbolic name of the bundle that is there for a trial, with whose services it makes the devices that it is lent. */
  String TRIES = "tenon.tries";

  /** It serves the device now. One that it has lent it does not. */
  boolean has(DeviceSlot device);

  /**
   * Devices that cannot be parted, for they are on one disk: all of them, whether it is asked for one of them or for the disk. Empty when it
   * serves no such device.
   */
  default List<DeviceSlot> lentWith(DeviceSlot device) {
    return has(device) ? List.of(device) : List.of();
  }

  /**
   * Leaves a device, and those that cannot be parted from it, as when its bundle is replaced, and has the other one take them up. Who asks for
   * them meanwhile is shown what the other one makes of them. Blocks until they are left, within bounds; does nothing when it has no such
   * device.
   *
   * @throws DeviceException of kind {@link DeviceException.Kind#IO} when the other one could not go on with what was left; otherwise nothing
   *     was left
   */
  void lend(DeviceSlot device, DeviceOwner to) throws DeviceException;

  /** Goes on with a device that was left, and those that went with it; not when somebody serves it, or when it is no more. Blocks. */
  void takeUp(DeviceSlot device);
}
