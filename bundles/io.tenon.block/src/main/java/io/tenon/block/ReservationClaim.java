package io.tenon.block;

import io.tenon.block.DeviceException.Kind;
import io.tenon.block.ReservationStatus.Registrant;
import io.tenon.block.Reservations.Persistence;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a node makes a device its own before it writes to it: what a nexus does with each child when it is created, and when a child
 * is added or comes back. The order of the steps is Mayastor's, so that either gets a device back from the other.
 *
 * @param key of this node, not 0
 * @param policy whom to take the device from
 * @param preemptedKey of {@link Policy#KEY}: whose; empty to take it from nobody
 */
public record ReservationClaim(
    long key,
    ReservationType type,
    Policy policy,
    OptionalLong preemptedKey,
    Persistence persistence) {
  /** Whom a node takes a device from. */
  public enum Policy {
    /** From whoever has the key that was given; where nobody has it, from nobody. */
    KEY,
    /** From whoever holds it. */
    HOLDER
  }

  public ReservationClaim {
    if (key == 0) throw new IllegalArgumentException("reservation key must not be 0");
    if (policy == Policy.HOLDER && preemptedKey.isPresent()) {
      throw new IllegalArgumentException("a key to preempt, and the policy to preempt the holder");
    }
  }

  /**
   * Registers, takes the reservation, and sees whether this node has it. As {@link Reservations}: blocks, never on a reactor.
   *
   * @throws DeviceException of kind RESERVATION_CONFLICT when another node has it in the end
   */
  public void establish(Reservations device) throws DeviceException {
    device.replace(OptionalLong.empty(), key, persistence);
    switch (policy) {
      case KEY -> takeFromKey(device);
      case HOLDER -> takeFromHolder(device);
    }
    verify(device);
  }

  /** Of a child that comes back, or whose node has forgotten everything, nobody has that key any more. */
  private void takeFromKey(Reservations device) throws DeviceException {
    if (preemptedKey.isPresent() && isRegistered(device, preemptedKey.getAsLong())) {
      device.preempt(key, type, preemptedKey.getAsLong(), false);
      // Where nobody held the device, its registration has ended and that is all.
      if (device.status().holder().isPresent()) return;
    }
    device.acquire(key, type);
  }

  private static boolean isRegistered(Reservations device, long key) throws DeviceException {
    return device.status().registrants().stream().anyMatch(one -> one.key() == key);
  }

  private void takeFromHolder(Reservations device) throws DeviceException {
    var status = device.status();
    var holder = status.holder();
    if (status.type().isEmpty() || holder.isEmpty()) {
      device.acquire(key, type);
      return;
    }
    var held = status.type().get();
    if (held.isHeldByAll()) {
      if (type.isHeldByAll()) return;
      device.release(key, held);
      device.acquire(key, type);
      return;
    }
    boolean wasOurs = holder.get().hostId().equals(device.hostId());
    if (wasOurs && held == type && holder.get().key() == key) return;
    device.preempt(key, type, holder.get().key(), false);
    // Where a replaced key is not the holder's yet, preempting it has ended our own registration.
    if (wasOurs) device.replace(OptionalLong.empty(), key, persistence);
    device.acquire(key, type);
  }

  private void verify(Reservations device) throws DeviceException {
    var status = device.status();
    if (holds(status, device)) return;
    throw new DeviceException(
        Kind.RESERVATION_CONFLICT,
        "Host " + device.hostId() + " did not get the reservation.",
        "It is held "
            + status.type().map(Enum::name).orElse("by nobody")
            + status.holder().map(one -> " by host " + one.hostId()).orElse("")
            + ".",
        "Another node has taken it meanwhile: see which one should have it.");
  }

  /** Whether the device is this node's, as this claim says. */
  public boolean holds(ReservationStatus status, Reservations device) {
    if (status.type().isEmpty()) return false;
    var held = status.type().get();
    Optional<Registrant> holder = status.holder();
    if (type.isHeldByAll()) return held.isHeldByAll() && holder.isPresent();
    return held == type
        && holder.isPresent()
        && holder.get().key() == key
        && holder.get().hostId().equals(device.hostId());
  }
}
