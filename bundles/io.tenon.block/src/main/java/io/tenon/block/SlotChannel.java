package io.tenon.block;

import io.tenon.error.Check;
import io.tenon.reactor.Reactor;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One user's way through a {@link DeviceSlot} on one reactor. Everything here is touched by that reactor's thread only,
 * but for the counters, which anyone may read.
 *
 * <p>While the slot is ready a request costs one test of a bit set ({@link #direct}); whatever is out of the ordinary (the
 * slot is not ready, the device lacks the operation, a range is locked, a fault is injected) clears bits there and goes by {@link #detour}.
 */
final class SlotChannel extends IoChannel {
  private static final Logger log = LoggerFactory.getLogger(DeviceSlot.class);
  private static final IoOperation[] OPERATIONS = IoOperation.values();
  private static final int MUTATING =
      bit(IoOperation.WRITE)
          | bit(IoOperation.UNMAP)
          | bit(IoOperation.WRITE_ZEROES)
          | bit(IoOperation.COMPARE_AND_WRITE);

  private enum Mode {
    PASSING,
    PARKING,
    GONE,
    CLOSED
  }

  private final DeviceSlot slot;
  private final Reactor reactor;
  private final SlotCounters counters = new SlotCounters();
  private final RequestQueue parked = new RequestQueue();
  private final RequestQueue behindLock = new RequestQueue();
  final Runnable lockMessage = this::lockRange;
  final Runnable unlockMessage = this::unlockRange;

  /** What it has counted up to now counts no more; set under the slot's lock. */
  volatile boolean resetIsDue;

  private Mode mode = Mode.PARKING;
  private int direct;
  private boolean consumesInline;
  private boolean attention;
  private int inFlight;

  /** That the device has not answered yet. */
  private int questions;

  private @Nullable IoChannel inner;
  private @Nullable BlockDevice device;
  private @Nullable Emulation emulation;

  /** Counts locked ranges, so that requests from before a lock can be told from those after. */
  private int epoch;

  private @Nullable RangeLock lock;
  private int beforeLock;
  private boolean lockReported;
  private int beyondLocks;

  /** Played on I/O that is not {@link #direct}, and so at no cost when there are none. */
  private List<InjectedFault> faults = List.of();

  private @Nullable Round drained;
  private @Nullable Round emptied;

  SlotChannel(DeviceSlot slot, Reactor reactor) {
    this.slot = slot;
    this.reactor = reactor;
  }

  private static int bit(IoOperation operation) {
    return 1 << operation.index();
  }

  Reactor reactor() {
    return reactor;
  }

  DeviceSlot slot() {
    return slot;
  }

  @Override
  protected void take(IoRequest request) {
    int operation = request.operation().index();
    IoChannel to = inner;
    if ((direct >>> operation & 1) == 0 || to == null) {
      detour(request);
      return;
    }
    admit(request);
    pass(request, to);
  }

  private void admit(IoRequest request) {
    request.admittedBy(this);
    request.epoch = epoch;
    request.admittedNs = reactor.nowNs();
    counters.inFlight(++inFlight);
  }

  /** By the request, when it no longer uses the device. */
  void ended(IoRequest request) {
    counters.inFlight(--inFlight);
    if (attention) noticeEnd(request);
  }

  /** By the request, before {@link #ended}, or {@link #failed}. */
  void succeeded(IoRequest request) {
    counters.succeeded(
        request.operation().index(), request.blocks(), reactor.nowNs() - request.admittedNs);
  }

  void failed(IoRequest request) {
    counters.failed(request.operation().index());
  }

  private void noticeEnd(IoRequest request) {
    if (beforeLock > 0 && request.epoch != epoch && request.epoch != EmulatedIo.BEYOND_LOCKS) {
      beforeLock--;
      if (beforeLock == 0) {
        reportLocked();
        refresh();
      }
    }
    if (isQuiet()) quiet();
  }

  /** The device has nothing to answer. */
  private boolean isQuiet() {
    return inFlight == 0 && questions == 0;
  }

  /** While the slot is not ready nobody is kept waiting: everything may hold data. */
  @Override
  protected void look(AllocationQuery query) {
    IoChannel to = inner;
    if (mode == Mode.CLOSED) throw Check.bug("%s asked of a closed channel of %s", query, slot);
    if (mode != Mode.PASSING || to == null || !query.isWithin(slot.geometry().blockCount())) {
      query.answerUnknown();
      return;
    }
    query.admittedBy(this);
    questions++;
    pass(query, to);
  }

  /** By the question, when the device has answered. */
  void answered() {
    questions--;
    if (attention && isQuiet()) quiet();
  }

  private void quiet() {
    Round drain = drained;
    if (drain != null) {
      drained = null;
      drain.arrive();
    }
    Round empty = emptied;
    if (empty != null) {
      emptied = null;
      // Not from here: the device's channel may be the caller of the completion that brought us
      // here.
      reactor.execute(() -> closeInner(empty));
    }
    refresh();
  }

  private void detour(IoRequest request) {
    switch (mode) {
      case PARKING -> park(request);
      case GONE -> request.complete(IoStatus.DEVICE_GONE);
      case CLOSED -> throw Check.bug("%s submitted to a closed channel of %s", request, slot);
      case PASSING -> special(request);
    }
  }

  // Injected faults.

  /** A message, or part of making this channel. */
  void adopt(List<InjectedFault> now) {
    faults = now;
    refresh();
  }

  /**
   * @return whether the request is in the hands of a fault now
   */
  private boolean isStruck(IoRequest request, BlockDevice inside, IoChannel to) {
    for (InjectedFault fault : faults) {
      if (!fault.strikes(request)) continue;
      // Lent memory could not be given back, and what the device does not do it cannot answer.
      boolean asksDevice =
          fault.stage() == InjectedFault.Stage.COMPLETION
              && inside.supports(request.operation())
              && !request.isLendable();
      if (asksDevice) {
        admit(request);
        to.submit(new FaultedIo(request, fault, reactor));
      } else if (fault.delays()) {
        var _ = reactor.schedule(fault.delayNs(), () -> goOn(request));
      } else {
        admit(request);
        request.complete(fault.status());
      }
      return true;
    }
    return false;
  }

  /** After its delay; the slot may be in another state than before. */
  private void goOn(IoRequest request) {
    if (mode == Mode.PASSING) special(request, true);
    else detour(request);
  }

  private void countParked() {
    counters.parked((long) parked.size() + behindLock.size());
  }

  private void park(IoRequest request) {
    parked.add(request);
    countParked();
  }

  /** Ready, but the range may be locked, or the device needs help. */
  private void special(IoRequest request) {
    special(request, false);
  }

  private void special(IoRequest request, boolean wasStruck) {
    IoOperation operation = request.operation();
    RangeLock locked = lock;
    if (locked != null
        && (MUTATING & bit(operation)) != 0
        && operation != IoOperation.COMPARE_AND_WRITE
        && locked.overlaps(request.lba(), request.blocks())) {
      behindLock.add(request);
      countParked();
      return;
    }
    BlockDevice inside = device;
    IoChannel to = inner;
    if (inside == null || to == null) throw Check.bug("channel of %s passes to nothing", slot);
    if (!wasStruck && isStruck(request, inside, to)) return;
    if (inside.supports(operation)) {
      admit(request);
      if (request.isLendable() && !to.lendsMemory())
        emulation().start(request, to, slot.geometry());
      else pass(request, to);
      return;
    }
    switch (operation) {
      case READ, WRITE, UNMAP -> request.complete(IoStatus.UNSUPPORTED);
      // Without a cache there is nothing to flush: what it has completed is as durable as it gets.
      case FLUSH -> request.complete(IoStatus.SUCCESS);
      case COMPARE, WRITE_ZEROES -> {
        if (!slot.supports(operation)) {
          request.complete(IoStatus.UNSUPPORTED);
          return;
        }
        admit(request);
        emulation().start(request, to, slot.geometry());
      }
      case COMPARE_AND_WRITE -> {
        if (!slot.supports(operation)) {
          request.complete(IoStatus.UNSUPPORTED);
          return;
        }
        admit(request);
        request.epoch = EmulatedIo.BEYOND_LOCKS;
        beyondLocks++;
        emulation().start(request, to, slot.geometry());
      }
    }
  }

  private Emulation emulation() {
    var present = emulation;
    if (present == null) emulation = present = new Emulation(this);
    return present;
  }

  /** An emulated compare-and-write is about to complete. */
  void leftLock() {
    beyondLocks--;
  }

  @Override
  public boolean consumesInline() {
    return consumesInline;
  }

  @Override
  public boolean lendsMemory() {
    var to = inner;
    return to != null && mode == Mode.PASSING && faults.isEmpty() && to.lendsMemory();
  }

  /** Works out the bit set anew after anything out of the ordinary began or ended. */
  private void refresh() {
    direct = 0;
    consumesInline = false;
    attention = drained != null || emptied != null || beforeLock > 0;
    int bits = 0;
    boolean inline = false;
    var inside = device;
    var to = inner;
    if (mode == Mode.PASSING && inside != null && to != null) {
      for (IoOperation operation : OPERATIONS) {
        if (inside.supports(operation)) bits |= bit(operation);
      }
      if (lock != null) bits &= ~MUTATING;
      for (InjectedFault fault : faults) bits &= ~fault.operations();
      inline = lock == null && faults.isEmpty() && to.consumesInline();
    }
    direct = bits;
    consumesInline = inline;
  }

  // What the slot asks for, as messages to this channel's reactor.

  /** The slot is ready with {@code now} inside; tells {@code round} when this channel is. */
  void open(BlockDevice now, Round round) {
    try {
      open(now);
    } finally {
      round.arrive();
    }
  }

  /** As a part of making this channel, on a slot that is ready. */
  void open(BlockDevice now) {
    if (mode == Mode.CLOSED) return;
    try {
      if (inner == null) {
        inner = now.channel(reactor);
        device = now;
      }
      mode = Mode.PASSING;
      refresh();
    } catch (RuntimeException | LinkageError e) {
      // A bug of the backend, or its bundle has lost its classes; other reactors may fare better.
      log.error("{}: no I/O channel on reactor {}", slot, reactor.name(), e);
      gone();
      return;
    }
    resubmit(parked);
    countParked();
  }

  private void resubmit(RequestQueue queue) {
    IoRequest next = queue.takeAll();
    while (next != null) {
      IoRequest request = next;
      next = request.nextParked;
      request.nextParked = null;
      // A lendable request was made for the device of before, which lent; this one may not.
      if (mode == Mode.PASSING) special(request);
      else detour(request);
    }
  }

  /** New requests park; tells {@code round} when nothing is in flight. */
  void drain(Round round) {
    if (mode == Mode.CLOSED || isQuiet()) {
      if (mode == Mode.PASSING) mode = Mode.PARKING;
      refresh();
      round.arrive();
      return;
    }
    if (mode == Mode.PASSING) mode = Mode.PARKING;
    drained = round;
    refresh();
  }

  /** Closes the channel of the device inside when nothing is in flight, and tells {@code round}. */
  void empty(Round round) {
    if (mode == Mode.PASSING) mode = Mode.PARKING;
    if (isQuiet()) {
      closeInner(round);
      return;
    }
    emptied = round;
    refresh();
  }

  /** The slot has failed: so does what waits for it. */
  void gone() {
    if (mode == Mode.CLOSED) return;
    mode = Mode.GONE;
    refresh();
    resubmit(parked);
    countParked();
  }

  private void closeInner(Round round) {
    closeInner();
    round.arrive();
  }

  private void closeInner() {
    var to = inner;
    inner = null;
    device = null;
    refresh();
    if (to != null) to.close();
  }

  @Override
  public void close() {
    if (mode == Mode.CLOSED) return;
    if (!isQuiet() || !parked.isEmpty() || !behindLock.isEmpty()) {
      throw Check.bug("channel of %s closed with %d requests in flight", slot, inFlight);
    }
    mode = Mode.CLOSED;
    closeInner();
    slot.forget(this);
  }

  // Locked ranges: messages from the lock's owner.

  private void lockRange() {
    adopt(slot.activeLock());
    beforeLock = inFlight - beyondLocks;
    lockReported = false;
    if (beforeLock == 0) reportLocked();
    refresh();
  }

  /** Also for a channel that is opened while a range is locked: it has nothing in flight to wait for. */
  void adopt(@Nullable RangeLock active) {
    lock = active;
    lockReported = true;
    epoch = (epoch + 1) & Integer.MAX_VALUE;
    refresh();
  }

  private void reportLocked() {
    var active = lock;
    if (active == null || lockReported) throw Check.bug("no lock of %s to report", slot);
    lockReported = true;
    active.reached();
  }

  private void unlockRange() {
    lock = null;
    refresh();
    resubmit(behindLock);
    countParked();
  }

  // Counters, for any thread.

  SlotCounters counters() {
    return counters;
  }

  /** A message: this channel counts from zero, and tells {@code round}. */
  void resetCounters(Round round) {
    counters.reset();
    resetIsDue = false;
    round.arrive();
  }

  @Override
  public String toString() {
    return "channel of %s on %s".formatted(slot, reactor.name());
  }
}
