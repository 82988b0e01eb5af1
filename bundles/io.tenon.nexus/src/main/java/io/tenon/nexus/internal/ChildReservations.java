package io.tenon.nexus.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.ReservationClaim;
import io.tenon.block.Reservations;
import io.tenon.block.Reservations.Persistence;
import io.tenon.block.SlotState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.ReservationInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a nexus makes its children its own: the reservation that it was asked to take on each, when it is made, and when a child is added or
 * comes back. Any thread but a reactor's: it blocks.
 *
 * <p>Devices that offer no reservations are taken as they are: what is on this node belongs to whoever has claimed it, and cannot be shared
 * meanwhile.
 */
final class ChildReservations {
  private static final Logger log = LoggerFactory.getLogger(ChildReservations.class);

  private final String nexus;
  private final Optional<ReservationClaim> claim;

  /** Guarded by itself. */
  private final List<Entry> entries = new ArrayList<>();

  private record Entry(DeviceSlot slot, ReservationInfo info) {}

  ChildReservations(String nexus, Optional<ReservationClaim> claim) {
    this.nexus = nexus;
    this.claim = claim;
  }

  /**
   * Takes the device from whoever the nexus was told to take it from.
   *
   * @param refusal what did not happen when this throws, the first half of a sentence
   * @throws NexusException when another node keeps it, or it does not answer
   */
  void take(DeviceSlot slot, String uri, String refusal) throws NexusException {
    if (claim.isEmpty()) return;
    var offered = slot.reservations();
    if (offered.isEmpty()) {
      note(slot, new ReservationInfo(uri, false, "its device offers no reservations"));
      return;
    }
    var device = offered.get();
    try {
      String before = holder(device);
      establish(device, claim.get());
      note(slot, new ReservationInfo(uri, true, "taken, " + before));
      log.info("nexus {}: child {} is reserved for this node, {}", nexus, uri, before);
    } catch (DeviceException e) {
      throw new NexusException(
          Kind.CHILD,
          "%s: child %s cannot be reserved for it.".formatted(refusal, uri),
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy(),
          e);
    }
  }

  private static String holder(Reservations device) throws DeviceException {
    return device
        .status()
        .holder()
        .map(
            one ->
                one.hostId().equals(device.hostId())
                    ? "as it was this node's before"
                    : "from host %s with key 0x%x".formatted(one.hostId(), one.key()))
        .orElse("as nobody had it");
  }

  /** Kept over a restart of the other node where that can; it says so by refusing. */
  private static void establish(Reservations device, ReservationClaim claim)
      throws DeviceException {
    try {
      with(claim, Persistence.KEPT).establish(device);
    } catch (DeviceException e) {
      if (e.kind() != DeviceException.Kind.INVALID_PARAMETER) throw e;
      log.debug("its reservations end with its node", e);
      with(claim, Persistence.FORGOTTEN).establish(device);
    }
  }

  private static ReservationClaim with(ReservationClaim claim, Persistence persistence) {
    return new ReservationClaim(
        claim.key(), claim.type(), claim.policy(), claim.preemptedKey(), persistence);
  }

  private void note(DeviceSlot slot, ReservationInfo info) {
    synchronized (entries) {
      entries.removeIf(entry -> entry.info().childUri().equals(info.childUri()));
      entries.add(new Entry(slot, info));
    }
  }

  /** The nexus needs the device no more: others may have it. Without an effect when it was never taken, or cannot be reached. */
  void giveBack(DeviceSlot slot) {
    boolean held;
    synchronized (entries) {
      held = entries.removeIf(entry -> entry.slot() == slot && entry.info().held());
    }
    var offered = slot.reservations();
    if (!held || offered.isEmpty() || slot.state() != SlotState.READY) return;
    try {
      offered.get().unregister(claim.orElseThrow().key());
    } catch (DeviceException e) {
      // Whoever wants it takes it from the holder.
      log.warn("nexus {}: {} stays reserved for this node: {}", nexus, slot.name(), e.getMessage());
    }
  }

  /** In the order of their taking. */
  List<ReservationInfo> infos() {
    synchronized (entries) {
      return entries.stream().map(Entry::info).toList();
    }
  }
}
