package io.tenon.swap.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.swap.DevicePause;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Watches the devices that there are while a bundle is replaced: which have to wait, and for how long. Any thread. */
final class Pauses implements AutoCloseable {
  private final BlockDevices devices;
  private final Runnable change;
  private final List<Watched> watched = new ArrayList<>();

  /** A device of before. */
  private final class Watched implements DeviceListener {
    final DeviceSlot slot;
    private boolean concerned;
    private boolean waiting;
    private boolean failed;
    private long sinceNs;
    private long longestNs;

    Watched(DeviceSlot slot) {
      this.slot = slot;
    }

    @Override
    public void stateChanged(SlotStatus now) {
      note(now.state(), System.nanoTime());
      change.run();
    }

    private synchronized void note(SlotState now, long nowNs) {
      switch (now) {
        case DRAINING -> {
          concerned = true;
          waiting = true;
          sinceNs = nowNs;
        }
        case VACANT -> {} // it waits already
        case READY, FAILED -> {
          if (waiting) longestNs = Math.max(longestNs, nowNs - sinceNs);
          waiting = false;
        }
      }
      failed = now == SlotState.FAILED;
    }

    /** A change that comes while this looks is told afterwards. */
    synchronized void startLate(SlotStatus now, Instant leftSince) {
      boolean waits = now.state() == SlotState.DRAINING || now.state() == SlotState.VACANT;
      if (concerned || !waits || now.since().isBefore(leftSince)) return;
      if (slot.state() == SlotState.READY) return;
      concerned = true;
      waiting = true;
      sinceNs = System.nanoTime() - Duration.between(now.since(), Instant.now()).toNanos();
    }

    synchronized boolean isConcerned() {
      return concerned;
    }

    synchronized boolean isWell() {
      return !waiting && !failed;
    }

    /** Until now, for one that waits still. */
    synchronized Duration pause() {
      return Duration.ofNanos(
          waiting ? Math.max(longestNs, System.nanoTime() - sinceNs) : longestNs);
    }
  }

  /**
   * @param change is run after each change of a device; must not block
   * @param leftSince devices that wait already, and only since then, count as well
   */
  Pauses(BlockDevices devices, Runnable change, Instant leftSince) {
    this.devices = devices;
    this.change = change;
    for (DeviceSlot slot : devices.all()) {
      var watch = new Watched(slot);
      watched.add(watch);
      slot.addListener(watch);
      watch.startLate(slot.status(), leftSince);
    }
  }

  private List<Watched> concerned() {
    var listed = devices.all();
    return watched.stream()
        .filter(watch -> watch.isConcerned() && listed.contains(watch.slot))
        .toList();
  }

  /** A device that waits or has failed since; a sentence. */
  Optional<String> lacks() {
    for (Watched watch : concerned()) {
      if (watch.isWell()) continue;
      var status = watch.slot.status();
      return Optional.of(
          "Block device %s is %s: %s%s"
              .formatted(
                  watch.slot.name(),
                  status.state(),
                  status.reason(),
                  status.waitsFor().isEmpty() ? "" : " It waits for " + status.waitsFor()));
    }
    return Optional.empty();
  }

  List<DevicePause> taken() {
    return concerned().stream()
        .map(watch -> new DevicePause(watch.slot.name(), watch.pause()))
        .toList();
  }

  @Override
  public void close() {
    for (Watched watch : watched) watch.slot.removeListener(watch);
  }
}
