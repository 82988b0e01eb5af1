package io.tenon.devices.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceUri;
import io.tenon.block.Handover;
import io.tenon.block.SlotState;
import io.tenon.devices.internal.Providers.Source;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device's way from whoever goes to who comes: vacate, wait, restore; past the deadline fail. A backend's device is opened here as
 * soon as there is a backend of its scheme; a device that a service has made is brought by the service's successor ({@link
 * io.tenon.block.BlockDevices#adopt}). On a virtual thread of its own.
 */
final class Reopening {
  private static final Logger log = LoggerFactory.getLogger(DeviceRegistry.class);

  /** A disk may stay busy for a moment after it was closed. */
  private static final long RETRY_MS = 200;

  private final Entry entry;
  private final String gone;
  private final String awaited;
  private final Providers providers;
  private final long deadlineMs;
  private final BooleanSupplier stopped;
  private final Sampler sampler;
  private final CompletionStage<Optional<Handover>> vacated;

  /**
   * Begins to vacate.
   *
   * @param gone who goes, as the subject of a sentence
   */
  Reopening(
      Entry entry,
      String gone,
      Providers providers,
      long deadlineMs,
      BooleanSupplier stopped,
      Sampler sampler) {
    this.entry = entry;
    this.gone = gone;
    this.awaited =
        entry.uri().map(uri -> "a backend for scheme " + uri.scheme()).orElse("a successor");
    this.providers = providers;
    this.deadlineMs = deadlineMs;
    this.stopped = stopped;
    this.sampler = sampler;
    this.vacated = vacate(entry, gone + " goes.", awaited + waits(), sampler);
  }

  /**
   * One that is on its way out already, or vacant.
   *
   * @param vacated as {@link #vacate} has answered
   */
  Reopening(
      Entry entry,
      String gone,
      Providers providers,
      long deadlineMs,
      BooleanSupplier stopped,
      Sampler sampler,
      CompletionStage<Optional<Handover>> vacated) {
    this.entry = entry;
    this.gone = gone;
    this.awaited = "a backend that opens it again";
    this.providers = providers;
    this.deadlineMs = deadlineMs;
    this.stopped = stopped;
    this.sampler = sampler;
    entry.slot.waitsFor(awaited + waits());
    this.vacated = vacated;
  }

  private String waits() {
    return " within " + deadlineMs + " ms";
  }

  /** Takes the device out, and keeps what was seen of it last with its entry. */
  static CompletionStage<Optional<Handover>> vacate(
      Entry entry, String why, String waits, Sampler sampler) {
    entry.seen = Optional.empty();
    return entry.slot.vacate(why, waits, device -> entry.seen = sampler.of(device));
  }

  /** Done when the device is closed. */
  CompletionStage<?> vacated() {
    return vacated;
  }

  /** By a thread of the system's: a virtual one keeps its carrier while it loads classes, which all who reopen do at once. */
  void start() {
    Thread.ofPlatform().daemon().name("reopen " + entry.slot.name()).start(this::run);
  }

  private Optional<Source> successor() {
    return entry
        .uri()
        .map(DeviceUri::scheme)
        .flatMap(scheme -> providers.find(scheme, entry.slot.name()));
  }

  private void run() {
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(deadlineMs);
    if (!Entry.await(vacated, deadlineMs)) {
      entry.slot.fail(
          "%s went, and its requests did not end within %d ms.".formatted(gone, deadlineMs));
      return;
    }
    if (entry.slot.state() != SlotState.VACANT) return;
    var left = new Entry.Legacy(vacated.toCompletableFuture().join(), entry.seen);
    try {
      if (!reopened(left, endNs)) left.handover.ifPresent(Handover::close);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      left.handover.ifPresent(Handover::close);
    }
  }

  private boolean reopened(Entry.Legacy left, long endNs) throws InterruptedException {
    String why = awaited + " did not come.";
    while (true) {
      long seen = providers.changes();
      boolean tryAgain = false;
      entry.changing.lock();
      try {
        if (entry.isDestroyed() || stopped.getAsBoolean()) return false;
        if (entry.slot.state() != SlotState.VACANT) return false;
        var source = successor().filter(found -> !left.silent.equals(Optional.of(found)));
        if (source.isPresent()) {
          try {
            entry.reopen(source.get(), left, sampler);
            return true;
          } catch (DeviceException e) {
            log.warn("device {}: {}", entry.slot.name(), e.getMessage());
            why = e.getMessage();
            entry.slot.waitsFor("what keeps it from being opened again: " + why);
            tryAgain = true;
          }
        }
      } finally {
        entry.changing.unlock();
      }
      long leftNs = endNs - System.nanoTime();
      if (leftNs <= 0) break;
      long pauseNs = tryAgain ? TimeUnit.MILLISECONDS.toNanos(RETRY_MS) : leftNs;
      providers.awaitChange(seen, Math.min(leftNs, pauseNs));
    }
    entry.slot.fail(
        "%s went, and it was not opened again within %d ms: %s".formatted(gone, deadlineMs, why));
    return false;
  }
}
