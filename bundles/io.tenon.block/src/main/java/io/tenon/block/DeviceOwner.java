package io.tenon.block;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Who has made devices and listed them ({@link BlockDevices#adopt}), and can do without one of them for a while: another version of its bundle, beside
 * it, tries that one alone. A service of the bundle that can be replaced. Any thread but a reactor's.
 *
 * <pre>
 * the trial's bundle starts ─► lend: left by the one, taken up by the other ─► its bundle goes, and leaves the device ─► takeUp
 * </pre>
 */
@ConsumerType
public interface DeviceOwner {
  /** In the manifest of a bundle that is there for a trial: what it finds left when it starts is not for it. */
  String TRIAL_HEADER = "Tenon-Trial";

  /** It serves the device now. One that it has lent it does not. */
  boolean has(DeviceSlot device);

  /**
   * Leaves a device as when its bundle is replaced, and has the other one take it up. Who asks for it meanwhile is shown what the other one
   * makes of it. Blocks until it is left, within bounds; does nothing when it has no such device.
   *
   * @throws DeviceException when the other one does not offer what this one does; nothing was left then
   */
  void lend(DeviceSlot device, DeviceOwner to) throws DeviceException;

  /** Goes on with a device that was left; not when somebody serves it, or when it is no more. Blocks. */
  void takeUp(DeviceSlot device);
}
