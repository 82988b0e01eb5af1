package io.tenon.devices.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.Handover;
import io.tenon.block.SlotState;
import io.tenon.devices.internal.Providers.Source;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listed device: its slot and where what is inside came from. What changes the inside holds {@link #changing}, so that
 * two never do so at a time.
 */
final class Entry {
  private static final Logger log = LoggerFactory.getLogger(DeviceRegistry.class);

  private static final Executor BLOCKING = Thread.ofVirtual().name("device-close")::start;

  final DeviceSlot slot;
  final ReentrantLock changing = new ReentrantLock();

  private volatile BlockDevice device;
  private volatile Optional<DeviceUri> uri;
  private volatile Optional<Source> source;
  private volatile boolean destroyed;

  /** Of the device that was left last, by the service that had made it. */
  volatile Optional<Sample> seen = Optional.empty();

  /** What a device has left behind: for whoever opens it next, and to know it by. One thread at a time. */
  static final class Legacy {
    Optional<Handover> handover;
    final Optional<Sample> seen;

    /** A backend whose device did not answer; to ask it once more would only keep others waiting. */
    Optional<Source> silent = Optional.empty();

    Legacy(Optional<Handover> handover, Optional<Sample> seen) {
      this.handover = handover;
      this.seen = seen;
    }
  }

  Entry(DeviceSlot slot, BlockDevice device, Optional<DeviceUri> uri, Optional<Source> source) {
    this.slot = slot;
    this.device = device;
    this.uri = uri;
    this.source = source;
  }

  /** Empty for a device that a service has made: nobody can reopen it. */
  Optional<DeviceUri> uri() {
    return uri;
  }

  /** The backend that the device inside came from; empty when that has gone. */
  Optional<Source> source() {
    return source;
  }

  boolean isFrom(Source candidate) {
    return source.isPresent() && source.get().isOf(candidate.provider());
  }

  boolean isDestroyed() {
    return destroyed;
  }

  boolean hasSchemeOf(Source candidate) {
    return uri.isPresent() && candidate.schemes().contains(uri.get().scheme());
  }

  /** Its backend has gone; who finds it so takes care of it, and nobody else. Holding {@link #changing}. */
  void orphan() {
    source = Optional.empty();
  }

  /**
   * Opens the device of this entry again by {@code from} and puts it into the slot. Holding {@link #changing}.
   *
   * @param left where what the device before has left is taken from; where it is again when this throws
   * @throws DeviceException also when its content went with the device that was inside: what would be opened is empty
   */
  void reopen(Source from, Legacy left, Sampler sampler) throws DeviceException {
    var same = uri.orElseThrow(() -> DeviceException.notFound(slot.name()));
    reopen(same, from, left, sampler, "It was opened again by " + from.who() + ".");
  }

  /** As above, by another URI, which is the device's from now on. */
  void reopenBy(DeviceUri other, Source from, Legacy left, Sampler sampler) throws DeviceException {
    reopen(other, from, left, sampler, "It was opened by %s.".formatted(other));
  }

  private void reopen(DeviceUri toOpen, Source from, Legacy left, Sampler sampler, String why)
      throws DeviceException {
    var handover = left.handover;
    if (handover.isEmpty() && !device.outlivesClosing()) {
      throw new DeviceException(
          Kind.MISMATCH,
          "Block device " + slot.name() + " was not opened again.",
          "Its content was in memory, which it has given back.",
          "Destroy it and create it anew; it will be empty.");
    }
    BlockDevice opened = from.open(toOpen, handover);
    if (opened.geometry().blockBytes() != slot.geometry().blockBytes()) {
      int blockBytes = opened.geometry().blockBytes();
      putBack(opened, CompletableFuture.completedFuture(null), left);
      throw new DeviceException(
          Kind.MISMATCH,
          "Block device " + slot.name() + " was not opened again.",
          "Its block size is %d, expected %d.".formatted(blockBytes, slot.geometry().blockBytes()),
          "Bring the device back that was there before.");
    }
    var refusal = sampler.check(left.seen, opened);
    if (refusal.isPresent()) {
      if (!refusal.get().idle().isDone()) left.silent = Optional.of(from);
      putBack(opened, refusal.get().idle(), left);
      throw refusal.get().reason();
    }
    var before = source;
    // First, for who is told that the slot is ready may ask by whom.
    source = Optional.of(from);
    try {
      slot.restore(opened, toOpen.text(), why);
      device = opened;
      uri = Optional.of(toOpen);
    } catch (DeviceException e) {
      source = before;
      putBack(opened, CompletableFuture.completedFuture(null), left);
      throw e;
    }
  }

  /**
   * Whoever comes next shall have what this one had got. One that does not answer cannot be asked for it, and has lost nothing of it
   * while it is open; without a legacy it is closed all the same, for it may keep others from its disk. What it still reads into is
   * never freed.
   */
  private static void putBack(BlockDevice refused, CompletableFuture<?> idle, Legacy left) {
    if (idle.isDone()) left.handover = refused.leave();
    else if (left.handover.isEmpty()) BLOCKING.execute(refused::close);
    else log.warn("device {}: is left open, for it does not answer", refused.name());
  }

  /**
   * Puts in what the successor of the service that had made the device has made. Holding {@link #changing}.
   *
   * @throws DeviceException when it is in use, or another one; {@code made} stays the caller's then
   */
  void takeUp(BlockDevice made, String shownUri, Sampler sampler) throws DeviceException {
    var state = slot.state();
    boolean waits = state == SlotState.VACANT || state == SlotState.FAILED;
    boolean same = slot.uri().equals(shownUri) && slot.uuid().equals(made.uuid());
    if (destroyed || uri.isPresent() || !waits || !same) {
      throw DeviceException.alreadyExists(slot.name());
    }
    if (state == SlotState.VACANT) {
      var refusal = sampler.check(seen, made);
      if (refusal.isPresent()) throw refusal.get().reason();
    }
    slot.restore(made, "It was made again by the service that had left it.");
    device = made;
  }

  /** Lets the backend change the open device with nothing in flight. Holding {@link #changing}. */
  void change(DeviceUri wanted, Source by, long drainWaitMs) throws DeviceException {
    if (!isFrom(by)) {
      throw new DeviceException(
          Kind.UNSUPPORTED,
          "Block device " + slot.name() + " was not changed.",
          "It was opened by another backend than " + by.who() + ".",
          "Destroy it and create it anew.");
    }
    var drained = slot.drain("Its backend changes it.");
    try {
      if (!await(drained, drainWaitMs)) {
        var waiting = slot.status().inFlight();
        throw new DeviceException(
            Kind.TIMED_OUT,
            "Block device " + slot.name() + " was not changed.",
            waiting + " requests were still in flight after " + drainWaitMs + " ms.",
            "Try again when it answers.");
      }
      by.provider().change(wanted, device);
    } finally {
      if (slot.state() == SlotState.DRAINING) slot.resume("Its backend has done.");
    }
  }

  /** Ends the device for good. Holding {@link #changing}. */
  void destroy(long drainWaitMs) throws DeviceException {
    if (slot.state() == SlotState.READY) {
      if (!await(slot.drain("It is being destroyed."), drainWaitMs)) {
        log.warn(
            "device {}: destroyed with {} requests in flight",
            slot.name(),
            slot.status().inFlight());
      }
    }
    destroyed = true;
    if (await(slot.fail("It was destroyed."), drainWaitMs)) return;
    throw new DeviceException(
        Kind.TIMED_OUT,
        "Block device " + slot.name() + " is not destroyed yet.",
        slot.status().inFlight() + " requests are still in flight; nothing new is let in.",
        "Destroy it again when they have ended.");
  }

  /**
   * @return false when the time was up; a failure counts as an end
   */
  static boolean await(CompletionStage<?> stage, long timeoutMs) {
    try {
      stage.toCompletableFuture().get(timeoutMs, TimeUnit.MILLISECONDS);
      return true;
    } catch (ExecutionException e) {
      log.debug("waited for what failed", e);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
