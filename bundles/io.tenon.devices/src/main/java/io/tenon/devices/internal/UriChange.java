package io.tenon.devices.internal;

import io.tenon.block.DeviceChanges.Change;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceUri;
import io.tenon.block.Handover;
import io.tenon.block.SlotState;
import io.tenon.devices.internal.Providers.Source;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device's way from one URI to another, below whoever uses it. Holding {@link Entry#changing}; blocks.
 *
 * <pre>
 * drain ─► look, close ─► open by the new URI ─► the same? ─► I/O goes on
 *                              └────────────────────┴─► open by the old one ─► I/O goes on
 * </pre>
 */
final class UriChange {
  private static final Logger log = LoggerFactory.getLogger(DeviceRegistry.class);

  /** Takes care of a device that is not back yet. */
  interface Care {
    /**
     * @param why it is away, as the subject of a sentence
     */
    void take(Entry entry, String why, CompletionStage<Optional<Handover>> vacated);
  }

  private final Entry entry;
  private final String name;
  private final DeviceUri before;
  private final DeviceUri wanted;
  private final Source by;
  private final Sampler sampler;
  private final long drainWaitMs;
  private final Care care;

  /**
   * @throws DeviceException when there is nothing that could be changed
   */
  UriChange(Entry entry, DeviceUri wanted, Source by, Sampler sampler, long drainWaitMs, Care care)
      throws DeviceException {
    this.entry = entry;
    this.name = entry.slot.name();
    this.wanted = wanted;
    this.by = by;
    this.sampler = sampler;
    this.drainWaitMs = drainWaitMs;
    this.care = care;
    var opened = entry.uri();
    if (opened.isEmpty()) {
      throw refused(
          Kind.UNSUPPORTED,
          "A service of this node has made it; no URI opens it.",
          "Change the disks below it.");
    }
    this.before = opened.get();
  }

  Change run() throws DeviceException {
    var from = before.text();
    if (wanted.text().equals(from)) return new Change(from, from, Duration.ZERO);
    var old = check();
    long startNs = System.nanoTime();
    drain();
    var left = takeOut();
    try {
      entry.reopenBy(wanted, by, left, sampler);
    } catch (DeviceException e) {
      goBack(old, left);
      throw refused(e.kind(), because(e), advice(e));
    }
    return new Change(from, wanted.text(), Duration.ofNanos(System.nanoTime() - startNs));
  }

  /**
   * All that can be said before anybody has to wait.
   *
   * @return who has it open now
   */
  private Source check() throws DeviceException {
    var status = entry.slot.status();
    var old = entry.source();
    if (entry.isDestroyed() || status.state() != SlotState.READY || old.isEmpty()) {
      throw refused(
          Kind.IN_USE,
          "It is %s: %s".formatted(status.state(), status.reason()),
          "Do it when it is ready.");
    }
    if (old.get().onlyFor().isPresent()) {
      throw refused(
          Kind.IN_USE,
          "A new version of its backend is being tried with it.",
          "Do it when the trial has ended.");
    }
    String other = by.provider().deviceName(wanted);
    if (!other.equals(name)) {
      throw refused(
          Kind.MISMATCH, "That is another device, " + other + ".", "Name the same disk by it.");
    }
    Schemes.checkUuid(wanted, entry.slot);
    if (!entry.slot.outlivesClosing()) {
      throw refused(
          Kind.MISMATCH,
          "Its content is in memory, which it gives back when it is closed.",
          "Make another device and copy what it holds.");
    }
    return old.get();
  }

  private void drain() throws DeviceException {
    if (Entry.await(entry.slot.drain("It is to be opened by " + wanted + "."), drainWaitMs)) return;
    long inFlight = entry.slot.status().inFlight();
    if (entry.slot.state() == SlotState.DRAINING) entry.slot.resume("It did not come to rest.");
    throw refused(
        Kind.TIMED_OUT,
        "%d requests were still in flight after %d ms.".formatted(inFlight, drainWaitMs),
        "Try again when it answers.");
  }

  private Entry.Legacy takeOut() throws DeviceException {
    String why = "It is to be opened by " + wanted + ".";
    var vacated = Reopening.vacate(entry, why, "the one that opens it", sampler);
    boolean closed = Entry.await(vacated, drainWaitMs);
    if (closed && entry.slot.state() == SlotState.VACANT) {
      return new Entry.Legacy(vacated.toCompletableFuture().join(), entry.seen);
    }
    care.take(entry, "Who had it open", vacated);
    throw refused(
        closed ? Kind.IO : Kind.TIMED_OUT,
        closed
            ? entry.slot.status().reason()
            : "It was not closed within %d ms.".formatted(drainWaitMs),
        "Look at it: it returns by its former URI, or has failed.");
  }

  private void goBack(Source old, Entry.Legacy left) {
    try {
      entry.reopen(old, left, sampler);
    } catch (DeviceException e) {
      log.error("device {}: does not go back to {} at once: {}", name, before, e.getMessage());
      care.take(entry, "What had it open", CompletableFuture.completedFuture(left.handover));
    }
  }

  /** Without what a slot or a backend says of the device's opening, which is said already. */
  private static String because(DeviceException e) {
    return e.why().isEmpty() ? e.what() : e.why();
  }

  private String advice(DeviceException e) {
    boolean isBack = entry.slot.state() == SlotState.READY;
    return (isBack ? "It is open by %s as before. " : "It returns by %s. ").formatted(before)
        + (e.kind() == Kind.MISMATCH ? "Name the same disk, with the same blocks." : e.remedy());
  }

  private DeviceException refused(Kind kind, String why, String remedy) {
    return new DeviceException(
        kind, "Block device %s was not opened by %s.".formatted(name, wanted), why, remedy);
  }
}
