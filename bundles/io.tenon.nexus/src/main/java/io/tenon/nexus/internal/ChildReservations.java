package io.tenon.nexus.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationStatus;
import io.tenon.block.Reservations;
import io.tenon.block.Reservations.Persistence;
import io.tenon.block.SlotState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.ReservationInfo;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
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
  private final Predecessor predecessor;

  /** Guarded by itself. */
  private final List<Entry> entries = new ArrayList<>();

  /** Taken once more, and it is not known yet whether somebody had it in between. Guarded by the entries. */
  private final Set<DeviceSlot> unconfirmed = new LinkedHashSet<>();

  private record Entry(DeviceSlot slot, ReservationInfo info) {}

  /** A device that is to be taken, and the child that it becomes. */
  record Wanted(DeviceSlot slot, String uri) {}

  ChildReservations(String nexus, Optional<ReservationClaim> claim, Predecessor predecessor) {
    this.nexus = nexus;
    this.claim = claim;
    this.predecessor = predecessor;
  }

  /**
   * Takes devices from whoever the nexus was told to take them from. When this returns nobody serves anything of them any more; also when it
   * throws, as what is given back then would look like nobody's to the next one.
   *
   * @param refusal what did not happen when this throws, the first half of a sentence
   * @throws NexusException when another node keeps one, or it does not answer
   */
  void take(List<Wanted> wanted, String refusal) throws NexusException {
    if (claim.isEmpty()) return;
    var round = new Round(claim.get(), refusal);
    NexusException failure = null;
    try {
      for (var one : wanted) round.take(one);
    } catch (NexusException e) {
      failure = e;
    }
    if (round.mayBeServed) predecessor.outwait(refusal);
    else if (round.hasLocal) predecessor.outwaitStart(refusal);
    round.taken.forEach(this::note);
    if (failure != null) throw failure;
  }

  /** Devices that are taken together. What is not noted in the end stays this node's. */
  private final class Round {
    private final ReservationClaim wish;
    private final String refusal;
    private final List<Entry> taken = new ArrayList<>();

    /** Somebody may serve the data still, and not know. */
    private boolean mayBeServed;

    /** One of them is this node's own. */
    private boolean hasLocal;

    Round(ReservationClaim wish, String refusal) {
      this.wish = wish;
      this.refusal = refusal;
    }

    void take(Wanted wanted) throws NexusException {
      var offered = wanted.slot().reservations();
      if (offered.isEmpty()) {
        hasLocal = true;
        mayBeServed |= predecessor.mayServe(wanted.slot());
        taken(wanted, false, "its device offers no reservations");
        return;
      }
      try {
        take(wanted, offered.get());
      } catch (DeviceException e) {
        throw new NexusException(
            Kind.CHILD,
            "%s: child %s cannot be reserved for it.".formatted(refusal, wanted.uri()),
            e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
            e.remedy(),
            e);
      }
    }

    private void take(Wanted wanted, Reservations device) throws DeviceException {
      var before = device.status();
      var kept = Persistence.FORGOTTEN;
      try {
        kept = establish(device, wish);
      } finally {
        mayBeServed |= Predecessor.mayServe(before, device.hostId(), kept);
      }
      mayBeServed |= Predecessor.cameSince(before, device.status());
      taken(wanted, true, "taken, " + holder(before, device));
    }

    private void taken(Wanted wanted, boolean held, String detail) {
      log.info("nexus {}: child {}: {}", nexus, wanted.uri(), detail);
      taken.add(new Entry(wanted.slot(), new ReservationInfo(wanted.uri(), held, detail)));
    }
  }

  private static String holder(ReservationStatus before, Reservations device) {
    return before
        .holder()
        .map(
            one ->
                one.hostId().equals(device.hostId())
                    ? "as it was this node's before"
                    : "from host %s with key 0x%x".formatted(one.hostId(), one.key()))
        .orElse("as nobody had it");
  }

  /** Kept over a restart of the other node where that can; it says so by refusing. */
  private static Persistence establish(Reservations device, ReservationClaim claim)
      throws DeviceException {
    try {
      with(claim, Persistence.KEPT).establish(device);
      return Persistence.KEPT;
    } catch (DeviceException e) {
      if (e.kind() != DeviceException.Kind.INVALID_PARAMETER) throw e;
      log.debug("its reservations end with its node", e);
      with(claim, Persistence.FORGOTTEN).establish(device);
      return Persistence.FORGOTTEN;
    }
  }

  private static ReservationClaim with(ReservationClaim claim, Persistence persistence) {
    return new ReservationClaim(
        claim.key(), claim.type(), claim.policy(), claim.preemptedKey(), persistence);
  }

  // ---- whether they are still ours

  /**
   * @param record that of the nexus
   * @param blocking runs the questions
   */
  void ask(
      List<Child> children,
      RetirementRecord record,
      Executor blocking,
      Consumer<Vigil.Verdict> then) {
    blocking.execute(() -> then.accept(verdict(children, record)));
  }

  private Vigil.Verdict verdict(List<Child> children, RetirementRecord record) {
    var answer = Vigil.Answer.OURS;
    for (Child child : children) {
      var only = children.size() == 1 ? Optional.of(record) : Optional.<RetirementRecord>empty();
      var said = isOurs(child.slot(), only);
      switch (said) {
        case OURS -> {}
        case TAKEN, FOLLOWED -> {
          return new Vigil.Verdict(said, List.of(child));
        }
        case UNKNOWN -> answer = Vigil.Answer.UNKNOWN;
      }
    }
    return new Vigil.Verdict(answer, List.of());
  }

  /**
   * @param only the record, where no other child can be newer: when it has forgotten whose it was, as after a restart of a node that keeps nothing,
   *     it is taken once more. Not when somebody has had it since, and given it back
   */
  private Vigil.Answer isOurs(DeviceSlot slot, Optional<RetirementRecord> only) {
    boolean held;
    synchronized (entries) {
      held = entries.stream().anyMatch(entry -> entry.slot() == slot && entry.info().held());
    }
    if (!held) return Vigil.Answer.OURS;
    var offered = slot.reservations();
    if (offered.isEmpty()) return Vigil.Answer.UNKNOWN;
    var device = offered.get();
    var wanted = claim.orElseThrow();
    try {
      var status = device.status();
      if (only.isPresent() && Predecessor.hasForgotten(status)) {
        return takeOnceMore(slot, device, wanted, only.get());
      }
      // Where all registrants hold it, somebody does though this node is none of them any more.
      boolean registered =
          status.registrant(device.hostId()).filter(one -> one.key() == wanted.key()).isPresent();
      if (!registered || !wanted.holds(status, device)) return Vigil.Answer.TAKEN;
      return only.isPresent() ? confirmed(slot, only.get()) : Vigil.Answer.OURS;
    } catch (DeviceException e) {
      log.debug("nexus {}: {} does not say whose it is", nexus, slot.name(), e);
      return e.kind() == DeviceException.Kind.RESERVATION_CONFLICT
          ? Vigil.Answer.TAKEN
          : Vigil.Answer.UNKNOWN;
    }
  }

  /**
   * Of a child that nobody has registered with. Somebody may have had it without a reservation, on its own node: the record says so. It is looked at
   * before, so that nothing is taken from him, and afterwards, for who comes in between finds it taken.
   */
  private Vigil.Answer takeOnceMore(
      DeviceSlot slot, Reservations device, ReservationClaim wanted, RetirementRecord record)
      throws DeviceException {
    var before = record.isOurs();
    if (before != Vigil.Answer.OURS) return before;
    synchronized (entries) {
      unconfirmed.add(slot);
    }
    var _ = establish(device, wanted);
    return confirmed(slot, record);
  }

  private Vigil.Answer confirmed(DeviceSlot slot, RetirementRecord record) {
    synchronized (entries) {
      if (!unconfirmed.contains(slot)) return Vigil.Answer.OURS;
    }
    var answer = record.isOurs();
    if (answer == Vigil.Answer.OURS) {
      synchronized (entries) {
        unconfirmed.remove(slot);
      }
    }
    return answer;
  }

  private void note(Entry taken) {
    synchronized (entries) {
      entries.removeIf(entry -> entry.info().childUri().equals(taken.info().childUri()));
      entries.add(taken);
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

  // ---- from one nexus to its successor

  /** This node has them already. */
  void takeUp(List<LeftChild> left) {
    for (LeftChild child : left) {
      child.reservation().ifPresent(info -> note(new Entry(child.slot(), info)));
    }
  }

  Optional<ReservationInfo> info(DeviceSlot slot) {
    synchronized (entries) {
      return entries.stream().filter(entry -> entry.slot() == slot).map(Entry::info).findFirst();
    }
  }

  /** In the order of their taking. */
  List<ReservationInfo> infos() {
    synchronized (entries) {
      return entries.stream().map(Entry::info).toList();
    }
  }
}
