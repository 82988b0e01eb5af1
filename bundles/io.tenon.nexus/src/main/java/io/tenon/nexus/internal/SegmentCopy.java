package io.tenon.nexus.internal;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.block.PieceCopy;

/**
 * One piece of a child on its way from a healthy child to one that is being rebuilt. Used again and again; the home reactor only.
 *
 * <pre>
 * hold the range ─► copy it from a source ({@link PieceCopy}) ─► release
 *                    └ fault ─► from another source ─► none left: the rebuild fails
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
  private final Piece piece;
  private long lba;
  private long blocks;
  private long firstGranule;
  private int granules;
  private int taken;
  private long tried;
  private int source;

  /**
   * @param memory for so many blocks, aligned as devices like it
   */
  SegmentCopy(Rebuild rebuild, Lane lane, long memory, int memoryBlocks) {
    this.rebuild = rebuild;
    this.lane = lane;
    this.range = lane.range();
    this.piece = new Piece(memory, memoryBlocks, lane.blockShift());
  }

  /**
   * @param isData nobody needs to be asked whether there is any
   */
  final void start(long fromLba, long count, boolean isData) {
    lba = fromLba;
    blocks = count;
    tried = 0;
    lane.borrow();
    firstGranule = range.granuleOf(lba);
    granules = range.granules(lba, blocks);
    piece.begin(lba, blocks, isData);
    takeOn();
  }

  /** That it has read, or made zeroes unread; 0 when it has only asked. */
  final long movedBytes() {
    return piece.movedBlocks() << lane.blockShift();
  }

  @Override
  final void resume() {
    if (taken < granules) takeOn();
    else piece.next();
  }

  private void takeOn() {
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
    piece.next();
  }

  private void end() {
    int waiters = 0;
    while (taken > 0) waiters |= range.release(range.wordAt(firstGranule, granules, --taken));
    if (waiters != 0) lane.wake(waiters);
    lane.giveBack();
    rebuild.ended(this);
  }

  /** The copying, with the whole range held. */
  private final class Piece extends PieceCopy {
    Piece(long memory, int memoryBlocks, int blockShift) {
      super(memory, memoryBlocks, blockShift);
    }

    void begin(long lba, long blocks, boolean isData) {
      prepare(lba, blocks, isData);
    }

    void next() {
      goOn();
    }

    private int child() {
      return rebuild.child().index();
    }

    // ---- the source

    /** If there is none, it is waited for, or the rebuild has failed. */
    @Override
    protected boolean hasSource() {
      if (rebuild.isOver()) {
        end();
        return false;
      }
      long candidates = lane.readable() & ~tried;
      if (candidates != 0) {
        source = lane.chooseSource(candidates);
        rebuild.reads(source);
        return true;
      }
      if (lane.unsettled() != 0) {
        lane.awaitVerdict(SegmentCopy.this);
      } else {
        rebuild.noSource(lba, blocks);
        end();
      }
      return false;
    }

    @Override
    protected long blocksToAsk(long from, long rest) {
      return rebuild.blocksToAsk(from, rest);
    }

    @Override
    protected void askSource(AllocationQuery query, long from, long count) {
      query.prepare(from + lane.offset(source), count);
      lane.ask(source, query);
    }

    @Override
    protected boolean isBelieved(AllocationQuery answer, long from) {
      lane.legEnded(source);
      if (!lane.trusts(source, answer)) {
        tried |= 1L << source;
        return false;
      }
      rebuild.learn(from, answer.alike(), answer.isAllocated());
      return true;
    }

    @Override
    protected void read(IoRequest read, long from, long count, long address, int bytes) {
      tried |= 1L << source;
      read.prepareRead(from + lane.offset(source), count, address, bytes);
      lane.submit(source, read);
    }

    @Override
    protected Outcome haveRead(IoRequest read, long from, IoStatus status) {
      lane.legEnded(source);
      switch (Answer.of(status)) {
        case DONE -> {
          tried &= ~(1L << source);
          return lane.trusts(source, read) ? Outcome.GOOD : Outcome.AGAIN;
        }
        // The source is no worse for it: hosts may never read this.
        case FAULT, REFUSED -> {
          rebuild.sourceFailed(source, from, status);
          return Outcome.AGAIN;
        }
        case CONFLICT -> lane.conflict(source);
      }
      end();
      return Outcome.OVER;
    }

    // ---- the destination

    @Override
    protected boolean isWanted() {
      return !rebuild.isOver() && (lane.takers() & 1L << child()) != 0;
    }

    @Override
    protected void askDestination(AllocationQuery query, long from, long count) {
      query.prepare(from + lane.offset(child()), count);
      lane.ask(child(), query);
    }

    @Override
    protected void destinationAnswered() {
      lane.legEnded(child());
    }

    @Override
    protected void write(IoRequest write, long from, long count, long address, int bytes) {
      write.prepareWrite(from + lane.offset(child()), count, address, bytes);
      lane.submit(child(), write);
    }

    @Override
    protected void writeZeroes(IoRequest write, long from, long count) {
      write.prepareWriteZeroes(from + lane.offset(child()), count);
      lane.submit(child(), write);
    }

    @Override
    protected boolean haveWritten(IoRequest write, long count, IoStatus status) {
      int child = child();
      lane.legEnded(child);
      switch (Answer.of(status)) {
        case DONE -> {
          rebuild.copied(count);
          return true;
        }
        case FAULT, REFUSED -> lane.childFailed(child, status, write);
        case CONFLICT -> lane.conflict(child);
      }
      end();
      return false;
    }

    @Override
    protected void leftOut(long count) {
      rebuild.leftOut(count);
    }

    @Override
    protected void ended() {
      end();
    }
  }
}
