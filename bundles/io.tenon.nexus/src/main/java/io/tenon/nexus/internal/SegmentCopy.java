package io.tenon.nexus.internal;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;

/**
 * One piece of a child on its way from a healthy child to one that is being rebuilt. Used again and again; the home reactor only.
 *
 * <pre>
 * hold the range ─► ask a source ─► data ──► read it ─► write the destination ──► all of the piece? ─► release
 *                    ▲    │         nothing ─► ask the destination ─► nothing ──────▲   │
 *                    │    └ gone, or fault         └ something ─► write zeroes ─────┘   │
 *                    │      ─► another source ─► none left: the rebuild fails           │
 *                    └───────────────────────── no ─────────────────────────────────────┘
 * </pre>
 *
 * <p>The destination takes all changes meanwhile. While the range is held none is under way in it: those that began before are on
 * the source, or the source is out; those that come after go to both. So what either of them says of where it holds data stays true
 * until the range is released.
 */
class SegmentCopy extends Waiter {
  private final Rebuild rebuild;
  private final Lane lane;
  private final RangeLock range;
  private final long memory;
  private final int memoryBlocks;
  private final Leg leg = new Leg();
  private final Question question = new Question();
  private boolean reading;
  private boolean asksSource;
  private long lba;
  private long blocks;
  private long firstGranule;
  private int granules;
  private int taken;
  private long tried;
  private int source;

  /** Of the piece: what has been dealt with, and what from there on is to be read without asking. */
  private long done;

  private long data;

  /** Blocks that are read and written, or only zeroed, at the moment. */
  private long step;

  private boolean hasMoved;

  /**
   * @param memory for so many blocks, aligned as devices like it
   */
  SegmentCopy(Rebuild rebuild, Lane lane, long memory, int memoryBlocks) {
    this.rebuild = rebuild;
    this.lane = lane;
    this.range = lane.range();
    this.memory = memory;
    this.memoryBlocks = memoryBlocks;
  }

  private final class Leg extends IoRequest {
    @Override
    protected void completed(IoStatus status) {
      if (reading) haveRead(status);
      else haveWritten(status);
    }
  }

  private final class Question extends AllocationQuery {
    @Override
    protected void answered() {
      if (asksSource) sourceSays(isAllocated(), alike());
      else destinationSays(isAllocated(), alike());
    }
  }

  /**
   * @param isData nobody needs to be asked whether there is any
   */
  final void start(long fromLba, long count, boolean isData) {
    lba = fromLba;
    blocks = count;
    done = 0;
    data = isData ? blocks : 0;
    tried = 0;
    hasMoved = false;
    lane.borrow();
    firstGranule = range.granuleOf(lba);
    granules = range.granules(lba, blocks);
    takeOn();
  }

  /** It has read or written something, not only asked. */
  final boolean hasMoved() {
    return hasMoved;
  }

  @Override
  final void resume() {
    if (taken < granules) takeOn();
    else goOn();
  }

  void takeOn() {
    while (taken < granules) {
      if (rebuild.isOver()) {
        end();
        return;
      }
      if (!range.takeToCopy(range.wordAt(firstGranule, granules, taken), lane.index())) {
        lane.awaitRange(this);
        return;
      }
      taken++;
    }
    goOn();
  }

  /** What comes next, with the whole range held. */
  private void goOn() {
    if (done >= blocks || rebuild.isOver()) {
      end();
    } else if (hasSource()) {
      if (data > 0) read();
      else askSource();
    }
  }

  /** If there is none, it is waited for, or the rebuild has failed. */
  private boolean hasSource() {
    long candidates = lane.readable() & ~tried;
    if (candidates != 0) {
      source = lane.chooseSource(candidates);
      rebuild.reads(source);
      return true;
    }
    if (lane.unsettled() != 0) {
      lane.awaitVerdict(this);
    } else {
      rebuild.noSource(lba, blocks);
      end();
    }
    return false;
  }

  private void askSource() {
    // For what is said when the source turns out to have left.
    prepareRead();
    asksSource = true;
    question.prepare(lba + done + lane.offset(source), rebuild.blocksFrom(lba + done));
    lane.ask(source, question);
  }

  private void sourceSays(boolean allocated, long alike) {
    lane.legEnded(source);
    if (!lane.trusts(source, leg)) {
      goOn();
      return;
    }
    rebuild.learn(lba + done, alike, allocated);
    long here = Math.min(alike, blocks - done);
    if (allocated) {
      data = here;
      goOn();
    } else {
      askDestination(here);
    }
  }

  private void askDestination(long empty) {
    int child = rebuild.child().index();
    if (isUnwanted(child)) {
      end();
      return;
    }
    asksSource = false;
    question.prepare(lba + done + lane.offset(child), empty);
    lane.ask(child, question);
  }

  private void destinationSays(boolean allocated, long alike) {
    lane.legEnded(rebuild.child().index());
    if (allocated) {
      step = alike;
      writeZeroes();
    } else {
      rebuild.leftOut(alike);
      done += alike;
      goOn();
    }
  }

  private void prepareRead() {
    step = Math.min(memoryBlocks, data > 0 ? data : blocks - done);
    leg.prepareRead(lba + done + lane.offset(source), step, memory, bytes());
  }

  private void read() {
    tried |= 1L << source;
    reading = true;
    hasMoved = true;
    prepareRead();
    lane.submit(source, leg);
  }

  private int bytes() {
    return (int) (step << lane.blockShift());
  }

  private void haveRead(IoStatus status) {
    reading = false;
    lane.legEnded(source);
    switch (Answer.of(status)) {
      case DONE -> {
        tried &= ~(1L << source);
        if (lane.trusts(source, leg)) write();
        else goOn();
      }
      // The source is no worse for it: hosts may never read this.
      case FAULT, REFUSED -> {
        rebuild.sourceFailed(source, lba + done, status);
        goOn();
      }
      case CONFLICT -> {
        lane.conflict(source);
        end();
      }
    }
  }

  void write() {
    if (isZero()) {
      writeZeroes();
      return;
    }
    int child = rebuild.child().index();
    if (isUnwanted(child)) {
      end();
      return;
    }
    leg.prepareWrite(lba + done + lane.offset(child), step, memory, bytes());
    lane.submit(child, leg);
  }

  /** Nobody needs what would be written. */
  private boolean isUnwanted(int child) {
    return rebuild.isOver() || (lane.takers() & 1L << child) == 0;
  }

  /** So that a thin destination stays thin where its source holds nothing. */
  private boolean isZero() {
    return Memory.getLong(memory) == 0
        && Memory.mismatch(memory, memory + Long.BYTES, bytes() - Long.BYTES) < 0;
  }

  private void writeZeroes() {
    int child = rebuild.child().index();
    if (isUnwanted(child)) {
      end();
      return;
    }
    hasMoved = true;
    leg.prepareWriteZeroes(lba + done + lane.offset(child), step);
    lane.submit(child, leg);
  }

  private void haveWritten(IoStatus status) {
    int child = rebuild.child().index();
    lane.legEnded(child);
    switch (Answer.of(status)) {
      case DONE -> {
        rebuild.copied(step);
        done += step;
        data = Math.max(0, data - step);
        goOn();
        return;
      }
      case FAULT, REFUSED -> lane.childFailed(child, status, leg);
      case CONFLICT -> lane.conflict(child);
    }
    end();
  }

  private void end() {
    int waiters = 0;
    while (taken > 0) waiters |= range.release(range.wordAt(firstGranule, granules, --taken));
    if (waiters != 0) lane.wake(waiters);
    lane.giveBack();
    rebuild.ended(this);
  }
}
