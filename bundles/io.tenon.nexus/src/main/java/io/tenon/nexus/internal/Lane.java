package io.tenon.nexus.internal;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A nexus on one reactor: a channel to each child, the I/O under way, and what this reactor knows of the children. That reactor's
 * thread only; lanes share nothing but the {@link RangeLock}.
 *
 * <p>In which state a child is, as seen from here, {@link LaneChildren} knows.
 */
class Lane {
  private static final int FIRST_PARKING = 256;

  private final Reactor reactor;
  private final NexusDevice nexus;
  private final RangeLock range;
  private final @Nullable Child[] children;
  private final ChildChannels channels;
  private final WriteLog log;
  private final LatencyMeter meter;
  private final int blockShift;

  private final LaneChildren known;
  private boolean lastFaultTold;
  private boolean changeIsTold;

  private final IoList free = new IoList();
  private final WaitList forRange = new WaitList();
  private final WaitList forVerdict = new WaitList();
  private final IoList forScratch = new IoList();
  private final ArrayDeque<IoRequest> parked = new ArrayDeque<>(FIRST_PARKING);
  private final Scratch scratch = new Scratch();
  private final Runnable resumeTask = this::resumeWaiting;
  private final Runnable wakeTask = this::wakeUp;
  private boolean resumeIsDue;
  private boolean rangeMayBeFree;
  private boolean admitting;

  private int users;
  private final List<NexusIo> made = new ArrayList<>();
  private int underWay;
  private IoStatus stopStatus = IoStatus.SUCCESS;
  private @Nullable Runnable whenStopped;

  Lane(Reactor reactor, NexusDevice nexus) {
    this.reactor = reactor;
    this.nexus = nexus;
    range = nexus.range();
    children = nexus.children();
    channels = new ChildChannels(reactor);
    blockShift = nexus.geometry().blockShift();
    log = nexus.parts().log(blockShift, nexus.geometry().blockCount());
    meter = new LatencyMeter();
    known = new LaneChildren(nexus.readsLocalFirst());
    for (Child child : children) if (child != null) known.begin(child);
  }

  // ---- from one nexus to its successor

  /** Goes on for a nexus that is no more. By the thread that makes the nexus; before any I/O. */
  final void takeUp(LeftNexus left) {
    if (left.isStopped()) stopStatus = IoStatus.DEVICE_GONE;
    // One lane is enough to remember what any of them has logged.
    boolean remembers = index() == 0;
    if (remembers) log.takeUp(left.recent());
    for (LeftChild child : left.children()) {
      if (!child.standing().hasLog() || child.lacks().isEmpty()) continue;
      log.takeUp(child.index(), remembers ? child.lacks().get() : left.recent().none());
    }
  }

  /** What has been changed here. When it has stopped. */
  final Leaving.Logged logged() {
    return new Leaving.Logged(log.recent(), log.missing());
  }

  final Reactor reactor() {
    return reactor;
  }

  final int index() {
    return reactor.index();
  }

  final RangeLock range() {
    return range;
  }

  final int blockShift() {
    return blockShift;
  }

  // ---- users

  final void join() {
    if (users++ > 0 || isStopped()) return;
    for (Child child : children) {
      if (child != null && ((takers() | unsettled()) & child.bit()) != 0) {
        channels.open(child);
      }
    }
  }

  final void leave() {
    if (--users == 0) closeChannels();
  }

  private void closeChannels() {
    channels.closeAll();
    scratch.free();
  }

  // ---- requests

  final void take(IoRequest request) {
    var refusal = refusal(request);
    if (refusal != null) {
      request.complete(refusal);
    } else if (parked.isEmpty() && canStart()) {
      start(request);
    } else {
      parked.addLast(request);
    }
  }

  private @Nullable IoStatus refusal(IoRequest request) {
    if (isStopped()) return stopStatus;
    if (request.operation() == IoOperation.FLUSH) return null;
    if (!nexus.geometry().contains(request.lba(), request.blocks())) return IoStatus.OUT_OF_RANGE;
    if (!nexus.supports(request.operation())) return IoStatus.UNSUPPORTED;
    if (request.isLendable()) throw Check.bug("a nexus lends no memory: %s", request);
    return request.blocks() == 0 ? IoStatus.SUCCESS : null;
  }

  private boolean canStart() {
    return !free.isEmpty() || made.size() < nexus.depth();
  }

  private void start(IoRequest request) {
    NexusIo io;
    if (free.isEmpty()) {
      io = nexus.parts().io(this, children.length);
      made.add(io);
    } else {
      io = free.remove();
    }
    underWay++;
    io.start(request);
  }

  /** The I/O is over; what it held is released. */
  final void free(NexusIo io) {
    underWay--;
    free.add(io);
    if (underWay == 0 && whenStopped != null) resumeLater();
  }

  final void admitParked() {
    if (admitting || parked.isEmpty()) return;
    admitting = true;
    while (!parked.isEmpty() && canStart()) start(parked.removeFirst());
    admitting = false;
  }

  // ---- waiting

  /** A rebuild's copy or a checkpoint begins here. */
  final void borrow() {
    underWay++;
  }

  /** It has ended, and what it held is released. */
  final void giveBack() {
    underWay--;
    if (underWay == 0 && whenStopped != null) resumeLater();
  }

  /** It has marked a word of the range that another I/O holds. */
  final void awaitRange(Waiter waiter) {
    forRange.add(waiter);
  }

  /** The I/O has pieces to go: others get their turn in between, and the stack is unwound. */
  final void takeTurns(NexusIo io) {
    forRange.add(io);
    reactor.execute(wakeTask);
  }

  /** It cannot go on before it is settled whether a child is out. */
  final void awaitVerdict(Waiter waiter) {
    forVerdict.add(waiter);
  }

  final void awaitScratch(NexusIo io) {
    forScratch.add(io);
    grantScratch();
  }

  final void scratchIsFree() {
    scratch.give();
    if (!forScratch.isEmpty()) resumeLater();
  }

  private void grantScratch() {
    while (!scratch.isTaken() && !forScratch.isEmpty()) {
      var io = forScratch.remove();
      io.scratchIsYours(scratch.take(io.scratchBytes()));
    }
  }

  /**
   * Wakes lanes that wait for a word of the range.
   *
   * @param marks of {@link RangeLock#release}
   */
  final void wake(int marks) {
    for (Lane lane : nexus.lanes()) {
      if (!RangeLock.waits(marks, lane.index())) continue;
      if (lane.index() == index()) {
        rangeMayBeFree = true;
        resumeLater();
      } else {
        lane.reactor.execute(lane.wakeTask);
      }
    }
  }

  private void wakeUp() {
    rangeMayBeFree = true;
    resumeWaiting();
  }

  /** Not at once: an I/O that ends inside another's start would pile up on the stack. */
  private void resumeLater() {
    if (resumeIsDue) return;
    resumeIsDue = true;
    reactor.atEndOfRound(resumeTask);
  }

  private void resumeWaiting() {
    resumeIsDue = false;
    if (rangeMayBeFree) {
      rangeMayBeFree = false;
      forRange.resumeAll();
    }
    grantScratch();
    admitParked();
    var told = whenStopped;
    if (underWay == 0 && told != null) {
      whenStopped = null;
      closeChannels();
      told.run();
    }
  }

  // ---- children

  /** Children that hold everything, as bits. */
  final long in() {
    return known.in();
  }

  /** Children that take changes, as bits: those that are in, and those that are being rebuilt. */
  long takers() {
    return known.takers();
  }

  /** Children that get nothing from here any more, but may still be read elsewhere. */
  final long unsettled() {
    return known.unsettled();
  }

  final long flushable() {
    return known.flushable();
  }

  /** Children that can unmap; the others of a nexus that offers it write zeroes. */
  final long unmappable() {
    return known.unmappable();
  }

  /** A change is about to be sent to children. */
  final void logChange(long lba, long blocks) {
    log.changing(lba, blocks);
    if (changeIsTold) return;
    changeIsTold = true;
    nexus.membership().changed();
  }

  /** The nexus is about to have so many blocks. */
  final void grow(long blockCount) {
    log.grow(blockCount);
  }

  final LatencyMeter meter() {
    return meter;
  }

  /** No other nexus can have the children now. If not, those that wait are resumed when that is known. */
  final boolean mayRead() {
    var vigil = nexus.vigil();
    return vigil == null || vigil.holds(reactor);
  }

  /** Whether there is no use in waiting for that. */
  final boolean readsAreHopeless() {
    var vigil = nexus.vigil();
    return vigil != null && vigil.isHopeless();
  }

  final void resumeReads() {
    forVerdict.resumeAll();
  }

  /** Children that may serve reads. */
  long readable() {
    return known.in();
  }

  /**
   * Whether a change that some children lack may be acknowledged as far as they are concerned: none of them can serve a read
   * any more, on any reactor, and that is on record; or it turned out that they stay in.
   */
  boolean mayAcknowledge(long missed) {
    return (missed & unsettled()) == 0;
  }

  /** First block of the data on a child. */
  long offset(int child) {
    return nexus.area().firstBlock();
  }

  /** No other child holds everything, nor is on its way out. */
  final boolean isAlone(int child) {
    return known.isLast(child(child));
  }

  /** A local one before others, as the policy says; else in turn. */
  final int choose(long candidates) {
    return known.choose(candidates);
  }

  /** A local one before others; always the same as long as it is there. */
  final int chooseSource(long candidates) {
    return known.chooseSource(candidates);
  }

  final void submit(int child, IoRequest leg) {
    if (isOurs(child)) channels.submit(child, leg);
    else channels.refuse(child, leg);
  }

  /** A reserved child that was lost may be another nexus' when it is back: until it is proven that it is not, it gets nothing. */
  private boolean isOurs(int child) {
    return nexus.vigil() == null || !nexus.membership().isDistrusted(child(child));
  }

  /** Asks a child where it holds data; the answer ends it as one of a leg does. */
  final void ask(int child, AllocationQuery question) {
    channels.ask(child, question);
  }

  final void legEnded(int child) {
    if (channels.legEnded(child) && isOut(child(child))) drainLater(child(child));
  }

  private boolean isOut(Child child) {
    return ((takers() | unsettled()) & child.bit()) == 0;
  }

  private Child child(int index) {
    var child = children[index];
    if (child == null) throw Check.bug("nexus %s has no child %d", nexus.name(), index);
    return child;
  }

  /** A child has failed an I/O: it gets no more from here until it is known whether it is out. */
  void childFailed(int index, IoStatus fault, IoRequest request) {
    childFailed(child(index), fault, request);
  }

  private void childFailed(Child child, IoStatus fault, Object what) {
    if ((takers() & child.bit()) == 0) return;
    if (known.isLast(child)) {
      if (!lastFaultTold)
        nexus
            .membership()
            .failed(child, Answer.reason(fault, child.isLocal()), detail(fault, what), null);
      lastFaultTold = true;
      return;
    }
    detach(child);
    nexus
        .membership()
        .failed(child, Answer.reason(fault, child.isLocal()), detail(fault, what), this);
  }

  /**
   * Whether what a child has read or said may be used. Not when it has left meanwhile, nor when its connection was interrupted:
   * restarted, it may have forgotten what was acknowledged. With nobody else to ask, it is used all the same, unless it may be another nexus' now.
   *
   * @param what was asked of it, for people
   */
  final boolean trusts(int index, Object what) {
    var child = child(index);
    if ((readable() & child.bit()) == 0) return false;
    if (!nexus.membership().isDistrusted(child)) return true;
    if (known.isLast(child) && nexus.vigil() == null) return true;
    childFailed(child, IoStatus.DEVICE_GONE, what);
    return false;
  }

  private static String detail(IoStatus fault, Object what) {
    return "%s answered %s".formatted(what, fault);
  }

  final void conflict(int child) {
    nexus.membership().conflict(child(child));
  }

  /** When this returns, no read goes from here to the child any more. */
  void detach(Child child) {
    if ((takers() & child.bit()) == 0) return;
    if (known.isIn(child)) log.leaves(child.index());
    known.detach(child);
  }

  /** The child is out everywhere. */
  void settle(Child child) {
    known.settle(child);
    if (!channels.hasLegs(child.index())) drainLater(child);
    forVerdict.resumeAll();
  }

  /** The child was the last healthy one: it stays in, failing or not. */
  final void keep(Child child) {
    if (!known.isUnsettled(child)) return;
    known.keep(child);
    log.drop(child.index());
    lastFaultTold = true;
    forVerdict.resumeAll();
  }

  /**
   * From here on the child gets every change, and no reads; unless it gets them already, or has failed meanwhile, which its membership
   * will hear.
   *
   * @return what it may lack of the changes made here; null when that is not known
   */
  @Nullable SegmentMap admit(Child child) {
    int index = child.index();
    if (isOut(child) && !isStopped()) {
      if (users > 0) channels.open(child);
      known.join(child);
    }
    return log.missedBy(index);
  }

  /** The child holds everything: it may be read. It has not, if it has failed meanwhile. */
  void becomeReadable(Child child) {
    if (!known.isJoining(child)) return;
    known.becomeReadable(child);
    lastFaultTold = false;
    log.drop(child.index());
    for (NexusIo io : made) io.forgetTried(child.bit());
  }

  /** Nobody will ask any more what the child lacks. */
  final void dropLog(int child) {
    log.drop(child);
  }

  // ---- checkpoints

  /** When this returns, what has been changed before, and only that, is older than the checkpoint. */
  void turnLog() {
    log.turn();
    changeIsTold = false;
    for (NexusIo io : made) io.logAgain();
  }

  /** What was changed before {@link #turnLog} is durable on every child. */
  void forgetOlder() {
    log.forgetOlder();
  }

  /** Not inside a completion of the channel that is to be closed. */
  private void drainLater(Child child) {
    reactor.execute(
        () -> {
          channels.close(child.index());
          nexus.membership().drained(child);
        });
  }

  // ---- the end

  final boolean isStopped() {
    return stopStatus != IoStatus.SUCCESS;
  }

  final IoStatus stopStatus() {
    return stopStatus;
  }

  /**
   * Takes no more requests and ends those that have not gone to a child yet.
   *
   * @param status what they, and all later ones, are answered
   * @param then called when nothing is under way any more and the channels are closed
   */
  final void stop(IoStatus status, Runnable then) {
    stopStatus = status;
    whenStopped = then;
    for (int left = parked.size(); left > 0; left--) parked.removeFirst().complete(status);
    forVerdict.resumeAll();
    resumeLater();
  }
}
