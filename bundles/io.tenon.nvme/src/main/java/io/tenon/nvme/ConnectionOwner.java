package io.tenon.nvme;

import io.tenon.error.TenonException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Who serves connections of hosts, and can do without those of one subsystem for a while: another version of its bundle, beside it, tries those alone.
 * What {@link io.tenon.block.DeviceOwner} is for devices. A service of the transport's bundle. Any thread but a reactor's.
 *
 * <pre>
 * the trial's bundle starts ─► lend: left by the one, taken up by the other ─► its bundle goes, and leaves them ─► takeUp
 * </pre>
 *
 * A bundle with {@link io.tenon.block.DeviceOwner#TRIAL_HEADER} has no port. Who connects to the subsystem meanwhile is served by the one that has.
 */
@ConsumerType
public interface ConnectionOwner {
  /**
   * Leaves the connections of a subsystem's hosts with the target, as when its bundle is replaced, and has the other one take them up. Blocks, within
   * bounds.
   *
   * @throws TenonException when no host is connected, they do not come to rest, or the other one does not take them; this one goes on with them then
   */
  void lend(String nqn, ConnectionOwner to) throws TenonException;

  /**
   * Goes on with what was left of a subsystem; does nothing when nothing was. Those that it had lent and that were not left end: nobody serves them
   * any more. Blocks until it serves them, within bounds.
   *
   * @throws TenonException when it cannot go on with them; they are left still
   */
  void takeUp(String nqn) throws TenonException;
}
