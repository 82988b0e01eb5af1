package io.tenon.nexus.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Handover;
import io.tenon.block.IoOperation;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices of a nexus' children, opened and claimed; at its creation all or none. What was opened for the nexus is closed with it; what
 * was there before stays. May block; never on a reactor.
 */
final class ChildDevices {
  private static final Logger log = LoggerFactory.getLogger(ChildDevices.class);

  /** Format of what is left with the claims; all else is with the nexus' own device. */
  private static final String KEPT = "io.tenon.nexus.child";

  private static final int KEPT_VERSION = 1;

  private final String nexus;
  private final BlockDevices devices;
  private final ChildReservations reservations;
  private final List<Held> held = new ArrayList<>();

  /** Those that somebody is letting go of just now. */
  private final List<Held> goingOut = new ArrayList<>();

  /** What is released from now on is given back to others. */
  private volatile boolean leavesInOrder;

  /** A device, until the nexus lets go of it. */
  private static final class Held {
    final DeviceSlot slot;
    final DeviceSlot.Claim claim;
    final boolean openedHere;
    final CompletableFuture<Void> released = new CompletableFuture<>();

    /** Others may have it when it is released. */
    boolean isLeaving;

    Held(DeviceSlot slot, DeviceSlot.Claim claim, boolean openedHere) {
      this.slot = slot;
      this.claim = claim;
      this.openedHere = openedHere;
    }
  }

  private ChildDevices(NexusSpec spec, BlockDevices devices, Predecessor predecessor) {
    this.nexus = spec.name();
    this.devices = devices;
    this.reservations = new ChildReservations(nexus, spec.reservation(), predecessor);
  }

  /**
   * @throws NexusException naming the child that could not be had; nothing stays open then
   */
  static ChildDevices open(NexusSpec spec, BlockDevices devices, Predecessor predecessor)
      throws NexusException {
    var opened = new ChildDevices(spec, devices, predecessor);
    try {
      for (String uri : spec.childUris()) {
        var _ = opened.add(uri, "Nexus " + spec.name() + " was not created");
      }
    } catch (NexusException e) {
      opened.close();
      throw e;
    }
    return opened;
  }

  /**
   * @param refusal what did not happen when this throws, the first half of a sentence
   */
  DeviceSlot add(String uri, String refusal) throws NexusException {
    DeviceSlot slot;
    boolean openedHere;
    try {
      openedHere = devices.find(uri).isEmpty();
      slot = devices.findOrCreate(uri);
      var claim = claim(slot, openedHere);
      synchronized (this) {
        held.add(new Held(slot, claim, openedHere));
      }
      if (slot.supports(IoOperation.READ) && slot.supports(IoOperation.WRITE)) return slot;
    } catch (DeviceException e) {
      throw new NexusException(
          Kind.CHILD,
          "%s: child %s cannot be had.".formatted(refusal, uri),
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy(),
          e);
    }
    release(slot);
    throw new NexusException(
        Kind.CHILD,
        "%s: child %s cannot be read and written.".formatted(refusal, uri),
        "",
        "Use a device that takes reads and writes.");
  }

  private DeviceSlot.Claim claim(DeviceSlot slot, boolean openedHere) throws DeviceException {
    try {
      return slot.claim("nexus " + nexus);
    } catch (DeviceException e) {
      if (openedHere) devices.destroy(slot);
      throw e;
    }
  }

  synchronized List<DeviceSlot> slots() {
    return held.stream().map(one -> one.slot).toList();
  }

  ChildReservations reservations() {
    return reservations;
  }

  /**
   * Takes the reservations of all that are open.
   *
   * @param uris of the devices, in the order of their opening
   */
  void reserve(List<String> uris) throws NexusException {
    var slots = slots();
    var wanted = new ArrayList<ChildReservations.Wanted>();
    for (int i = 0; i < slots.size(); i++) {
      wanted.add(new ChildReservations.Wanted(slots.get(i), uris.get(i)));
    }
    reservations.take(wanted, "Nexus " + nexus + " was not created");
  }

  /** As {@link #reserve(List)}, of one that comes later. */
  void reserve(DeviceSlot slot, String uri, String refusal) throws NexusException {
    reservations.take(List.of(new ChildReservations.Wanted(slot, uri)), refusal);
  }

  /** This one is removed: when it is released, others may have it. */
  synchronized void leaveInOrder(DeviceSlot slot) {
    find(slot).ifPresent(one -> one.isLeaving = true);
  }

  /** The nexus ends: what is released from now on, others may have. */
  void leaveInOrder() {
    leavesInOrder = true;
  }

  /** Whether the nexus has this device open already. */
  synchronized boolean holds(String uri) {
    return devices.find(uri).flatMap(this::find).isPresent();
  }

  private Optional<Held> find(DeviceSlot slot) {
    return held.stream().filter(one -> one.slot == slot).findFirst();
  }

  /** Closes one that is used no more. Idempotent. */
  void release(DeviceSlot slot) {
    Held one;
    synchronized (this) {
      one = find(slot).orElse(null);
      if (one == null) return;
      held.remove(one);
      goingOut.add(one);
    }
    try {
      letGo(one);
    } finally {
      synchronized (this) {
        goingOut.remove(one);
      }
      one.released.complete(null);
    }
  }

  private void letGo(Held one) {
    if (one.isLeaving || leavesInOrder) reservations.giveBack(one.slot);
    one.claim.close();
    try {
      if (one.openedHere) devices.destroy(one.slot);
    } catch (DeviceException e) {
      log.warn("nexus {}: child device {} stays open: {}", nexus, one.slot.name(), e.getMessage());
    }
  }

  // ---- from one nexus to its successor

  /**
   * Takes up what the nexus before has left. Its claims were kept for this one, so nobody has used the devices since.
   *
   * @throws NexusException when one is not there any more; all are kept for another one then
   */
  static ChildDevices takeUp(LeftNexus left, BlockDevices devices, Predecessor predecessor)
      throws NexusException {
    var taken = new ChildDevices(left.spec(), devices, predecessor);
    try {
      for (LeftChild child : left.children()) {
        if (child.held() != LeftChild.Held.NOT) taken.takeUp(child);
      }
    } catch (NexusException e) {
      taken.leave();
      throw e;
    }
    taken.reservations.takeUp(left.children());
    return taken;
  }

  private void takeUp(LeftChild child) throws NexusException {
    var slot = child.slot();
    try {
      boolean isListed = devices.find(slot.name()).filter(listed -> listed == slot).isPresent();
      if (!isListed) throw DeviceException.notFound(slot.name());
      var claim = slot.claim("nexus " + nexus);
      if (claim.left().filter(kept -> kept.format().equals(KEPT)).isEmpty()) {
        claim.close();
        throw DeviceException.notFound(slot.name());
      }
      synchronized (this) {
        held.add(new Held(slot, claim, child.held() == LeftChild.Held.OPENED));
      }
    } catch (DeviceException e) {
      throw new NexusException(
          Kind.CHILD,
          "Nexus %s was not taken up: child %s is not as it was left."
              .formatted(nexus, child.uri()),
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          "Destroy the nexus, and make it anew of its children.",
          e);
    }
  }

  /** Keeps all that is held for a successor of this nexus: nobody else gets it. */
  synchronized void leave() {
    for (Held one : held) one.claim.leave(new Handover(KEPT, KEPT_VERSION, Map.of()));
    held.clear();
  }

  synchronized LeftChild.Held held(DeviceSlot slot) {
    return find(slot)
        .map(one -> one.openedHere ? LeftChild.Held.OPENED : LeftChild.Held.CLAIMED)
        .orElse(LeftChild.Held.NOT);
  }

  /** When the nexus has let go of it. */
  synchronized CompletableFuture<Void> released(DeviceSlot slot) {
    return find(slot).map(one -> one.released).orElse(CompletableFuture.completedFuture(null));
  }

  /** Waits for those that another thread is letting go of: whoever ends the nexus may count on its children being free. Idempotent. */
  void close() {
    for (DeviceSlot slot : slots()) release(slot);
    List<Held> others;
    synchronized (this) {
      others = List.copyOf(goingOut);
    }
    for (Held one : others) one.released.join();
  }
}
