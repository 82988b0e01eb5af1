package io.tenon.swap.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoOperation;
import io.tenon.block.SlotState;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One device that tries a new bundle, by its own load: whether its I/O fails, or is not answered. One thread. */
final class Watched {
  /** I/O that does not end for so long is no answer. */
  static final long SILENCE_NS = TimeUnit.SECONDS.toNanos(1);

  private final DeviceSlot device;
  private final boolean isAlone;
  private final long errorsBefore;
  private long first;
  private long seen;
  private long seenNs;

  /**
   * @param isAlone no other one is watched, so that sentences need not name it
   */
  Watched(DeviceSlot device, boolean isAlone) {
    this.device = device;
    this.isAlone = isAlone;
    errorsBefore = errors();
  }

  DeviceSlot device() {
    return device;
  }

  /** That it is not ready; a sentence. */
  Optional<String> away() {
    if (device.state() == SlotState.READY) return Optional.empty();
    var status = device.status();
    return Optional.of(
        "Block device %s is %s: %s %s"
            .formatted(device.name(), status.state(), status.reason(), status.waitsFor())
            .strip());
  }

  void start() {
    first = ended(device);
    seen = first;
    seenNs = System.nanoTime();
  }

  /** I/Os since the {@link #start}. */
  long done() {
    return ended(device) - first;
  }

  /** What is wrong with its I/O since the {@link #start}; a sentence. */
  Optional<String> trouble(long nowNs) {
    long failed = errors() - errorsBefore;
    if (failed > 0) {
      String it = isAlone ? "it" : "block device " + device.name();
      return Optional.of(failed + " I/Os of " + it + " failed.");
    }
    long ended = ended(device);
    if (ended != seen || device.status().inFlight() == 0) {
      seen = ended;
      seenNs = nowNs;
    }
    if (nowNs - seenNs <= SILENCE_NS) return Optional.empty();
    String it = isAlone ? "It" : "Block device " + device.name();
    return Optional.of(it + " does not answer I/O any more.");
  }

  private long errors() {
    long sum = 0;
    for (IoOperation operation : IoOperation.values()) sum += device.counters(operation).errors();
    return sum;
  }

  /** I/Os of a device so far. */
  static long ended(DeviceSlot device) {
    long sum = 0;
    for (IoOperation operation : IoOperation.values()) {
      var counters = device.counters(operation);
      sum += counters.operations() + counters.errors();
    }
    return sum;
  }
}
