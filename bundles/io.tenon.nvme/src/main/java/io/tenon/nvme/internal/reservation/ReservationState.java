package io.tenon.nvme.internal.reservation;

import io.tenon.block.ReservationStatus;
import io.tenon.block.ReservationStatus.Registrant;
import io.tenon.block.ReservationType;
import io.tenon.error.Check;
import io.tenon.nvme.ReservationLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Registrants of a namespace, and who of them holds a reservation.
 *
 * @param generation 32 bits, as hosts see it
 * @param persists it survives a restart (PTPL)
 * @param keys of registrants, by host id
 * @param held by a registrant
 */
public record ReservationState(
    long generation, boolean persists, SortedMap<UUID, Long> keys, Optional<Held> held) {
  private static final long GENERATION_MASK = 0xFFFF_FFFFL;

  /** Nobody has registered. */
  public static final ReservationState EMPTY =
      new ReservationState(0, false, new TreeMap<>(), Optional.empty());

  /**
   * A reservation.
   *
   * @param by where all registrants hold it: one of them
   */
  public record Held(ReservationType type, UUID by) {}

  public ReservationState {
    keys = Collections.unmodifiableSortedMap(new TreeMap<>(keys));
    var holder = held.map(Held::by);
    if (holder.isPresent() && !keys.containsKey(holder.get())) {
      throw Check.bug("a reservation is held by host %s, which is not registered", holder.get());
    }
  }

  public boolean isHolder(UUID host) {
    if (held.isEmpty()) return false;
    var it = held.get();
    return it.type().isHeldByAll() ? keys.containsKey(host) : it.by().equals(host);
  }

  ReservationState nextGeneration() {
    return new ReservationState(generation + 1 & GENERATION_MASK, persists, keys, held);
  }

  ReservationState persists(boolean now) {
    return new ReservationState(generation, now, keys, held);
  }

  ReservationState with(UUID host, long key) {
    var changed = new TreeMap<>(keys);
    changed.put(host, key);
    return new ReservationState(generation, persists, changed, held);
  }

  /** Its reservation goes with it, but for one that others hold as well. */
  ReservationState without(UUID host) {
    var changed = new TreeMap<>(keys);
    changed.remove(host);
    Optional<Held> left = held;
    if (held.isPresent() && held.get().by().equals(host)) {
      var type = held.get().type();
      left =
          type.isHeldByAll() && !changed.isEmpty()
              ? Optional.of(new Held(type, changed.firstKey()))
              : Optional.empty();
    }
    return new ReservationState(generation, persists, changed, left);
  }

  ReservationState heldBy(ReservationType type, UUID host) {
    return new ReservationState(generation, persists, keys, Optional.of(new Held(type, host)));
  }

  ReservationState released() {
    return new ReservationState(generation, persists, keys, Optional.empty());
  }

  /** For hosts and for people. */
  public ReservationStatus status() {
    var registrants = new ArrayList<Registrant>(keys.size());
    keys.forEach(
        (host, key) ->
            registrants.add(
                new Registrant(ReservationLayout.ANY_CONTROLLER, isHolder(host), key, host)));
    return new ReservationStatus(generation, held.map(Held::type), persists, registrants);
  }
}
