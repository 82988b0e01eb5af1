package io.tenon.block;

import java.util.OptionalLong;
import java.util.UUID;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * NVMe reservations of a device that several nodes can reach: how a node keeps others from writing to it. Base 2.0c §8.19. What
 * it forbids fails with {@link IoStatus#RESERVATION_CONFLICT}.
 *
 * <p>Registrations are the device's: they survive a lost connection, and a restart of the node that has the device only when they
 * persist. Nothing here registers again by itself.
 *
 * <p>Blocks until the device has answered, or throws; never on a reactor. Every method throws a {@link DeviceException} of kind
 * {@link DeviceException.Kind#RESERVATION_CONFLICT} when a key is not the right one or this host not in the place for it. After
 * any other exception of a change it may or may not have happened: ask for the {@link #status}.
 */
@ConsumerType
public interface Reservations {
  /** What becomes of registrations when the node that has the device restarts. */
  enum Persistence {
    AS_IT_IS,
    /** They are forgotten. */
    FORGOTTEN,
    /** They are kept; a device that cannot keep them refuses. */
    KEPT
  }

  /** By which the device knows this node. */
  UUID hostId();

  /**
   * Registers this host; again with the same key is no error.
   *
   * @param key not 0
   */
  void register(long key, Persistence persistence) throws DeviceException;

  /**
   * Gives this host another key.
   *
   * @param currentKey empty for whatever it is; then a host without a registration gets one
   * @param key not 0
   */
  void replace(OptionalLong currentKey, long key, Persistence persistence) throws DeviceException;

  /** Ends this host's registration, and the reservation with it when nobody else holds it. */
  void unregister(long key) throws DeviceException;

  /** Takes the reservation when nobody has it; again with the same type is no error. */
  void acquire(long key, ReservationType type) throws DeviceException;

  /**
   * Ends the registration of everyone with {@code preemptedKey}; when it was the holder's, this host holds the reservation then.
   * When this returns, nothing of what they have sent is executed any more.
   *
   * @param preemptedKey 0 for everybody else, where all registrants hold the reservation
   * @param abort also ends what waits to be executed for them and would be allowed
   */
  void preempt(long key, ReservationType type, long preemptedKey, boolean abort)
      throws DeviceException;

  /** Gives the reservation up, and stays registered; without an effect when this host does not hold it. */
  void release(long key, ReservationType type) throws DeviceException;

  /** Ends the reservation and everybody's registration. */
  void clear(long key) throws DeviceException;

  ReservationStatus status() throws DeviceException;
}
