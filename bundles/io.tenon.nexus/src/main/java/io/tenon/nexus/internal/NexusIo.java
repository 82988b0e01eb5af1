package io.tenon.nexus.internal;

import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import org.jspecify.annotations.Nullable;

/**
 * One I/O on its way through a nexus, with a leg for each child. Made once per lane and place, used again and again; the lane's
 * reactor only.
 *
 * <pre>
 * read                       wait for changes under way ─► a child ─► wait for those that began since ─► done
 *                                                            └ fault ─► another child
 * compare                    scratch ─► as read, into scratch ─► compare ─► done
 * compare and write          scratch ─► hold the range ─► read, compare ─┐
 * write, zeroes, unmap       hold the range ◄────────────────────────────┤ next piece
 *                              └► all children ─► all have answered ─► is everyone who missed it out? ─► done
 * flush                      all children ─────────┘                     └ not yet: wait for the verdict
 * </pre>
 */
class NexusIo extends Waiter {
  private enum Step {
    FREE,
    WAIT_TO_READ,
    TAKE_RANGE,
    READ,
    WAIT_TO_SHOW,
    CHANGE,
    VERDICT
  }

  final Lane lane;
  private final @Nullable ChildLeg[] legs;

  /** Behind this one in the one {@link IoList} where it is. */
  @Nullable NexusIo nextIo;

  private @Nullable IoRequest parent;
  private Step step = Step.FREE;
  private boolean reading;
  private long scratch;

  /** What is being done now; the whole request, or a piece of a long unmap or zeroing. */
  private long lba;

  private long blocks;
  private long blocksAfter;
  private long firstGranule;
  private int granules;

  /** Granules held for a change; granules that a read has seen free. */
  private int taken;

  private int seen;

  /** Children, as bits: who lacks this change; who failed it; to whom a read was sent. */
  private long missed;

  private long failed;
  private long tried;
  private int unanswered;
  private long begun;
  private IoStatus fault = IoStatus.SUCCESS;
  private IoStatus refusal = IoStatus.SUCCESS;

  NexusIo(Lane lane, int children) {
    this.lane = lane;
    legs = new ChildLeg[children];
  }

  /** Made with the first I/O to that child. */
  private ChildLeg leg(int child) {
    var leg = legs[child];
    if (leg == null) {
      leg = new ChildLeg(this, child);
      legs[child] = leg;
    }
    return leg;
  }

  /** From the lane, which has checked range and operation. */
  final void start(IoRequest request) {
    if (step != Step.FREE) throw Check.bug("nexus I/O taken while in use: %s", request);
    parent = request;
    begun = lane.meter().begins(lane.reactor());
    tried = 0;
    fault = IoStatus.SUCCESS;
    lba = request.lba();
    blocks = request.blocks();
    blocksAfter = 0;
    switch (request.operation()) {
      case READ -> startReading();
      case COMPARE, COMPARE_AND_WRITE -> lane.awaitScratch(this);
      case FLUSH -> change(lane.takers());
      case WRITE, UNMAP, WRITE_ZEROES -> {
        cutPiece(blocks);
        takeRange();
      }
    }
  }

  final boolean isChanging() {
    return step == Step.CHANGE;
  }

  final IoRequest request() {
    var of = parent;
    if (of == null) throw Check.bug("nexus I/O without a request");
    return of;
  }

  /** It has waited in one of the lane's lists for what may have come now. */
  @Override
  final void resume() {
    switch (step) {
      case WAIT_TO_READ -> waitToRead();
      case TAKE_RANGE -> takeOn();
      case READ -> read();
      case WAIT_TO_SHOW -> waitToShow();
      case VERDICT -> judge();
      case FREE, CHANGE -> throw Check.bug("nexus I/O resumed in step %s", step);
    }
  }

  // ---- the range

  private void cutPiece(long left) {
    blocks = Math.min(left, lane.range().mostBlocks());
    blocksAfter = left - blocks;
  }

  private void takeRange() {
    step = Step.TAKE_RANGE;
    setGranules();
    takeOn();
  }

  private void setGranules() {
    var range = lane.range();
    firstGranule = range.granuleOf(lba);
    granules = range.granules(lba, blocks);
  }

  private void takeOn() {
    var range = lane.range();
    while (taken < granules) {
      if (!range.take(range.wordAt(firstGranule, granules, taken), lane.index())) {
        lane.awaitRange(this);
        return;
      }
      taken++;
    }
    if (request().operation() == IoOperation.COMPARE_AND_WRITE) read();
    else change(lane.takers());
  }

  private void releaseRange() {
    var range = lane.range();
    int waiters = 0;
    while (taken > 0) waiters |= range.release(range.wordAt(firstGranule, granules, --taken));
    if (waiters != 0) lane.wake(waiters);
  }

  // ---- reading

  final void scratchIsYours(long address) {
    scratch = address;
    if (request().operation() == IoOperation.COMPARE) startReading();
    else takeRange();
  }

  private void startReading() {
    step = Step.WAIT_TO_READ;
    seen = 0;
    setGranules();
    waitToRead();
  }

  /**
   * Each granule must have been free once since the read began: then every change that somebody may already have read is on all
   * children. A change that begins later may be seen or not.
   */
  private void waitToRead() {
    if (haveBeenFree()) read();
  }

  /** And once since the child has answered: what was seen of a change that began meanwhile is on all children before it is told. */
  private void waitToShow() {
    if (haveBeenFree()) show();
  }

  /** If not, it is resumed when that is to be looked at again. */
  private boolean haveBeenFree() {
    var range = lane.range();
    while (seen < granules) {
      if (!range.isFree(range.wordAt(firstGranule, granules, seen), lane.index())) {
        lane.awaitRange(this);
        return false;
      }
      seen++;
    }
    return true;
  }

  private void show() {
    if (request().operation() == IoOperation.READ) end(IoStatus.SUCCESS);
    else compare();
  }

  private void read() {
    step = Step.READ;
    long candidates = lane.readable() & ~tried;
    if (lane.isStopped()) {
      end(lane.stopStatus());
      return;
    }
    if (candidates == 0) {
      if (lane.unsettled() != 0) lane.awaitVerdict(this);
      else end(fault);
      return;
    }
    if (!lane.mayRead()) {
      if (lane.readsAreHopeless()) end(IoStatus.DEVICE_GONE);
      else lane.awaitVerdict(this);
      return;
    }
    int child = lane.choose(candidates);
    tried |= 1L << child;
    reading = true;
    var leg = leg(child);
    var of = request();
    long at = lba + lane.offset(child);
    if (of.operation() == IoOperation.READ)
      leg.prepareRead(at, blocks, of.address(), of.lengthBytes());
    else leg.prepareRead(at, blocks, scratch, compareBytes());
    lane.submit(child, leg);
  }

  private void haveRead(int child, IoStatus status) {
    reading = false;
    switch (Answer.of(status)) {
      case DONE -> {
        if (!lane.trusts(child, request())) {
          tried &= ~(1L << child);
          read();
        } else if (request().operation() == IoOperation.COMPARE_AND_WRITE) {
          compare();
        } else if (lane.isAlone(child)) {
          show();
        } else {
          step = Step.WAIT_TO_SHOW;
          seen = 0;
          waitToShow();
        }
      }
      case REFUSED -> end(status);
      case CONFLICT -> {
        lane.conflict(child);
        end(status);
      }
      case FAULT -> {
        fault = status;
        lane.childFailed(child, status, request());
        read();
      }
    }
  }

  final long scratchBytes() {
    return compareBytes();
  }

  private int compareBytes() {
    int length = request().lengthBytes();
    return request().operation() == IoOperation.COMPARE ? length : length / 2;
  }

  private void compare() {
    if (Memory.mismatch(scratch, request().address(), compareBytes()) >= 0)
      end(IoStatus.MISCOMPARE);
    else if (request().operation() == IoOperation.COMPARE) end(IoStatus.SUCCESS);
    else {
      // Into aligned memory: the second half of the host's need not be.
      Memory.copy(request().address() + compareBytes(), scratch, compareBytes());
      change(lane.takers());
    }
  }

  /** A child that it has asked in vain is a new one now. */
  final void forgetTried(long child) {
    tried &= ~child;
  }

  // ---- changing all children

  /** Sends it to {@code targets}; whoever is on the way out but not settled yet is counted as lacking it. */
  private void change(long targets) {
    if (lane.isStopped()) {
      end(lane.stopStatus());
      return;
    }
    step = Step.CHANGE;
    missed = lane.unsettled();
    failed = 0;
    refusal = IoStatus.SUCCESS;
    if (request().operation() == IoOperation.FLUSH) targets &= lane.flushable();
    else lane.logChange(lba, blocks);
    unanswered = Long.bitCount(targets) + 1;
    for (long left = targets; left != 0; left &= left - 1) {
      int child = Long.numberOfTrailingZeros(left);
      prepareChange(child);
      lane.submit(child, leg(child));
    }
    if (--unanswered == 0) judge();
  }

  private void prepareChange(int child) {
    var leg = leg(child);
    var of = request();
    long at = lba + lane.offset(child);
    switch (of.operation()) {
      case WRITE -> {
        long done = (lba - of.lba()) << lane.blockShift();
        leg.prepareWrite(at, blocks, of.address() + done, (int) (blocks << lane.blockShift()));
      }
      case COMPARE_AND_WRITE -> leg.prepareWrite(at, blocks, scratch, compareBytes());
      case WRITE_ZEROES -> leg.prepareWriteZeroes(at, blocks);
      case UNMAP -> {
        if ((lane.unmappable() & 1L << child) != 0) leg.prepareUnmap(at, blocks);
        else leg.prepareWriteZeroes(at, blocks);
      }
      case FLUSH -> leg.prepareFlush();
      case READ, COMPARE -> throw Check.bug("not a change: %s", of);
    }
  }

  /** A leg's end. */
  void answered(int child, IoStatus status) {
    lane.legEnded(child);
    if (reading) {
      haveRead(child, status);
      return;
    }
    switch (Answer.of(status)) {
      case DONE -> {}
      case REFUSED -> {
        // One that is being rebuilt does not speak for the others.
        if ((lane.in() & 1L << child) != 0) refusal = status;
        else lacks(child, status);
      }
      case CONFLICT -> {
        refusal = status;
        lane.conflict(child);
      }
      case FAULT -> lacks(child, status);
    }
    if (--unanswered == 0) judge();
  }

  private void lacks(int child, IoStatus status) {
    fault = status;
    missed |= 1L << child;
    failed |= 1L << child;
    lane.childFailed(child, status, request());
  }

  /** A checkpoint has begun: what is under way may come to a child after the flush. */
  final void logAgain() {
    boolean changing = step == Step.CHANGE || step == Step.VERDICT;
    if (changing && request().operation() != IoOperation.FLUSH) lane.logChange(lba, blocks);
  }

  /** All have answered. It is acknowledged only when every child that lacks it can serve no read any more, anywhere. */
  private void judge() {
    step = Step.VERDICT;
    if (refusal != IoStatus.SUCCESS) {
      end(refusal);
    } else if (!lane.mayAcknowledge(missed)) {
      if (lane.isStopped()) end(lane.stopStatus());
      else lane.awaitVerdict(this);
    } else {
      long kept = missed & lane.in();
      if (kept == 0) changed();
      else if ((kept & failed) != 0) end(fault);
      else change(kept);
    }
  }

  private void changed() {
    if (blocksAfter == 0) {
      end(IoStatus.SUCCESS);
      return;
    }
    releaseRange();
    lba += blocks;
    cutPiece(blocksAfter);
    step = Step.TAKE_RANGE;
    setGranules();
    lane.takeTurns(this);
  }

  // ---- the end

  private void end(IoStatus status) {
    var of = request();
    lane.meter().ends(begun, lane.reactor());
    releaseRange();
    if (scratch != 0) {
      scratch = 0;
      lane.scratchIsFree();
    }
    step = Step.FREE;
    parent = null;
    lane.free(this);
    tell(of, status);
    lane.admitParked();
  }

  /** Tells the host. */
  void tell(IoRequest of, IoStatus status) {
    of.complete(status);
  }
}
