package io.tenon.nexus.internal;

import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;

/**
 * One piece of a child on its way from a healthy child to one that is being rebuilt. Used again and again; the home reactor only.
 *
 * <pre>
 * hold the range ─► read a source ─► write the destination ─► release
 *                     └ fault ─► another source ─► none left: the rebuild fails
 * </pre>
 *
 * <p>The destination takes all changes meanwhile. While the range is held none is under way in it: those that began before are on
 * the source, or the source is out; those that come after go to both.
 */
class SegmentCopy extends Waiter {
  private final Rebuild rebuild;
  private final Lane lane;
  private final RangeLock range;
  private final long memory;
  private final Leg leg = new Leg();
  private boolean reading;
  private long lba;
  private long blocks;
  private long firstGranule;
  private int granules;
  private int taken;
  private long tried;
  private int source;

  /**
   * @param memory for the longest piece, aligned as devices like it
   */
  SegmentCopy(Rebuild rebuild, Lane lane, long memory) {
    this.rebuild = rebuild;
    this.lane = lane;
    this.range = lane.range();
    this.memory = memory;
  }

  private final class Leg extends IoRequest {
    @Override
    protected void completed(IoStatus status) {
      if (reading) haveRead(status);
      else haveWritten(status);
    }
  }

  final void start(long fromLba, long count) {
    lba = fromLba;
    blocks = count;
    tried = 0;
    lane.borrow();
    firstGranule = range.granuleOf(lba);
    granules = range.granules(lba, blocks);
    takeOn();
  }

  final long blocks() {
    return blocks;
  }

  @Override
  final void resume() {
    if (taken < granules) takeOn();
    else read();
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
    read();
  }

  private void read() {
    if (rebuild.isOver()) {
      end();
      return;
    }
    long candidates = lane.readable() & ~tried;
    if (candidates == 0) {
      if (lane.unsettled() != 0) {
        lane.awaitVerdict(this);
      } else {
        rebuild.noSource(lba, blocks);
        end();
      }
      return;
    }
    source = lane.chooseSource(candidates);
    tried |= 1L << source;
    rebuild.reads(source);
    reading = true;
    leg.prepareRead(lba + lane.offset(source), blocks, memory, bytes());
    lane.submit(source, leg);
  }

  private int bytes() {
    return (int) (blocks << lane.blockShift());
  }

  private void haveRead(IoStatus status) {
    reading = false;
    lane.legEnded(source);
    switch (Answer.of(status)) {
      case DONE -> {
        if (lane.trusts(source, leg)) {
          write();
        } else {
          tried &= ~(1L << source);
          read();
        }
      }
      // The source is no worse for it: hosts may never read this.
      case FAULT, REFUSED -> {
        rebuild.sourceFailed(source, lba, status);
        read();
      }
      case CONFLICT -> {
        lane.conflict(source);
        end();
      }
    }
  }

  void write() {
    int child = rebuild.child().index();
    if (rebuild.isOver() || (lane.takers() & 1L << child) == 0) {
      end();
      return;
    }
    long at = lba + lane.offset(child);
    if (isZero()) leg.prepareWriteZeroes(at, blocks);
    else leg.prepareWrite(at, blocks, memory, bytes());
    lane.submit(child, leg);
  }

  /** So that a thin destination stays thin where its source holds nothing. */
  private boolean isZero() {
    return Memory.getLong(memory) == 0
        && Memory.mismatch(memory, memory + Long.BYTES, bytes() - Long.BYTES) < 0;
  }

  private void haveWritten(IoStatus status) {
    int child = rebuild.child().index();
    lane.legEnded(child);
    switch (Answer.of(status)) {
      case DONE -> rebuild.copied(blocks);
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
