package io.tenon.block;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Who may do what with a device that hosts share, as Reservation Report tells it.
 *
 * @param generation another number after each change of registrants
 * @param type empty when nobody holds a reservation
 * @param persists registrations and reservation survive a restart of the node that has the device
 */
public record ReservationStatus(
    long generation,
    Optional<ReservationType> type,
    boolean persists,
    List<Registrant> registrants) {
  /**
   * A host that has registered.
   *
   * @param controllerId 0xFFFF when the device does not say
   * @param isHolder of the reservation; all registrants are where the type says so
   * @param hostId of hosts with an id of 64 bits its lower half
   */
  public record Registrant(int controllerId, boolean isHolder, long key, UUID hostId) {}

  public ReservationStatus {
    registrants = List.copyOf(registrants);
  }

  /** The first holder. */
  public Optional<Registrant> holder() {
    return registrants.stream().filter(Registrant::isHolder).findFirst();
  }

  public Optional<Registrant> registrant(UUID hostId) {
    return registrants.stream().filter(one -> one.hostId().equals(hostId)).findFirst();
  }
}
