package io.tenon.nexus.internal;

import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.nexus.NexusException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The nexuses that a service before this one has left, or is still about to leave. Any thread but a reactor's. */
final class LeftNexuses {
  private static final Logger log = LoggerFactory.getLogger(LeftNexuses.class);
  static final String SCHEME = "nexus:///";

  private final Surroundings node;
  private final Taker taker;

  /** Gives a nexus its place in the node. */
  @FunctionalInterface
  interface Taker {
    void take(LeftNexus left, DeviceSlot slot) throws NexusException;
  }

  LeftNexuses(Surroundings node, Taker taker) {
    this.node = node;
    this.taker = taker;
  }

  /** Takes up those that are there, at the same time, and the others as soon as they are. Blocks. */
  void takeUp() {
    takeUp(node.devices().all().stream().filter(slot -> slot.uri().startsWith(SCHEME)).toList());
  }

  /** As above, this one alone. */
  void takeUp(DeviceSlot slot) {
    if (node.devices().all().contains(slot)) takeUp(List.of(slot));
  }

  private void takeUp(List<DeviceSlot> slots) {
    var there = new ArrayList<DeviceSlot>();
    for (DeviceSlot slot : slots) {
      switch (slot.state()) {
        case VACANT, FAILED -> there.add(slot);
        case DRAINING -> new Awaited(slot, this::takeUpLeft).await();
        case READY -> {} // somebody's
      }
    }
    if (there.isEmpty()) return;
    // Hosts of the last one are not to wait for all the others. This thread has one to do as well.
    var others =
        there.stream()
            .skip(1)
            .map(slot -> CompletableFuture.runAsync(() -> takeUpLeft(slot), node.blocking()))
            .toArray(CompletableFuture[]::new);
    takeUpLeft(there.getFirst());
    CompletableFuture.allOf(others).join();
  }

  private void takeUpLeft(DeviceSlot slot) {
    var handover = slot.left();
    if (handover.isEmpty()) {
      log.warn("nexus {}: it is {}, and nothing of it is left", slot, slot.state());
      return;
    }
    try {
      var left = LeftNexus.of(slot.name(), handover.get());
      if (slot.state() == SlotState.FAILED && !nobodyElseHas(left)) {
        log.error(
            "nexus {}: not taken up; its I/O has failed for so long that another node may have its children, and they are not reserved",
            slot);
        return;
      }
      taker.take(left, slot);
    } catch (NexusException e) {
      log.error("nexus {}: {}", slot, e.getMessage());
    }
  }

  /** Those of its children that are on other nodes say whose they are. */
  private static boolean nobodyElseHas(LeftNexus left) {
    return left.children().stream()
        .filter(LeftChild::takesChanges)
        .allMatch(
            child ->
                Child.isLocal(child.uri())
                    || child.reservation().filter(info -> info.held()).isPresent());
  }

  /** One whose I/O has not ended yet. */
  private final class Awaited implements DeviceListener {
    private final DeviceSlot slot;
    private final Consumer<DeviceSlot> then;
    private final AtomicBoolean over = new AtomicBoolean();

    Awaited(DeviceSlot slot, Consumer<DeviceSlot> then) {
      this.slot = slot;
      this.then = then;
    }

    void await() {
      slot.addListener(this);
      stateChanged(slot.status());
    }

    @Override
    public void stateChanged(SlotStatus now) {
      if (now.state() == SlotState.DRAINING || !over.compareAndSet(false, true)) return;
      slot.removeListener(this);
      if (now.state() == SlotState.VACANT) node.blocking().execute(() -> then.accept(slot));
    }
  }
}
