package io.tenon.block;

import io.tenon.linux.Memory;

/**
 * A piece of one device on its way to another: what is there is read and written, and where nothing is, the destination ends as zeroes. Used again and
 * again; one reactor only.
 *
 * <pre>
 * ask the source ─► data ──► read it ─► write it, zeroes as zeroes ─────────────────► all of the piece? ─► ended
 *   ▲                └ nothing ─► ask the destination ─► data ──► write zeroes ──────►   │
 *   │                                       └ nothing ─► leave it out ───────────────►   │
 *   └───────────────────────────────────────────────── no ───────────────────────────────┘
 * </pre>
 *
 * <p>Who makes one knows the two devices, and sees to it that what either says of where it holds data stays true until the piece is
 * dealt with. A thin destination stays thin.
 */
public abstract class PieceCopy {
  private final long memory;
  private final int memoryBlocks;
  private final int blockShift;
  private final Leg leg = new Leg();
  private final Question question = new Question();
  private boolean reading;
  private boolean asksSource;
  private long lba;
  private long blocks;

  /** Of the piece: what has been dealt with, and what from there on is to be read without asking. */
  private long done;

  private long data;

  /** Blocks that are read and written, or only zeroed, at the moment. */
  private long step;

  private long moved;

  /**
   * @param memory for so many blocks, aligned as devices like it
   */
  protected PieceCopy(long memory, int memoryBlocks, int blockShift) {
    this.memory = memory;
    this.memoryBlocks = memoryBlocks;
    this.blockShift = blockShift;
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

  // ---- for who makes one

  /**
   * What the next {@link #goOn} begins with. Blocks are the source's and the destination's alike.
   *
   * @param isData nobody needs to be asked whether there is any
   */
  protected final void prepare(long fromLba, long count, boolean isData) {
    lba = fromLba;
    blocks = count;
    done = 0;
    data = isData ? count : 0;
    moved = 0;
  }

  /** The next step: at the beginning, and when {@link #hasSource} has said that there is none yet. */
  protected final void goOn() {
    if (done >= blocks) {
      ended();
    } else if (hasSource()) {
      if (data > 0) read();
      else askSource();
    }
  }

  /** So many blocks were read, or made zeroes unread; none when there were only questions. */
  public final long movedBlocks() {
    return moved;
  }

  /**
   * Before each read and each question: the source is there, and still wanted. If not, the caller sees to what comes next.
   */
  protected abstract boolean hasSource();

  /**
   * How many blocks from this one on the source is asked about; see {@link AllocationHint#blocksToAsk}.
   *
   * @param rest of the piece, and the least
   */
  protected abstract long blocksToAsk(long lba, long rest);

  /** Prepares the question and asks it; so also with the I/O below. Blocks are counted as in {@link #prepare}. */
  protected abstract void askSource(AllocationQuery query, long lba, long blocks);

  /**
   * The source has answered.
   *
   * @param lba of the first block that was asked about, as in {@link #prepare}
   * @return whether the answer counts; if not, {@link #hasSource} is asked for another source
   */
  protected abstract boolean isBelieved(AllocationQuery answer, long lba);

  protected abstract void askDestination(AllocationQuery query, long lba, long blocks);

  /** The destination has answered; its answer counts. */
  protected abstract void destinationAnswered();

  protected abstract void read(IoRequest read, long lba, long blocks, long address, int bytes);

  /** What becomes of a read. */
  protected enum Outcome {
    /** It is written. */
    GOOD,
    /** Another source is asked, if there is one. */
    AGAIN,
    /** The caller has seen to what comes next. */
    OVER
  }

  protected abstract Outcome haveRead(IoRequest read, long lba, IoStatus status);

  /** Before each change and each question to the destination: it is still wanted. If not, the piece has ended. */
  protected abstract boolean isWanted();

  protected abstract void write(IoRequest write, long lba, long blocks, long address, int bytes);

  protected abstract void writeZeroes(IoRequest write, long lba, long blocks);

  /**
   * @return false when the piece has ended by it
   */
  protected abstract boolean haveWritten(IoRequest write, long blocks, IoStatus status);

  /** Neither side holds anything there. */
  protected abstract void leftOut(long blocks);

  /** The whole piece has been dealt with, or is not wanted any more. */
  protected abstract void ended();

  // ---- its steps

  private void askSource() {
    asksSource = true;
    long at = lba + done;
    askSource(question, at, blocksToAsk(at, blocks - done));
  }

  private void sourceSays(boolean allocated, long alike) {
    if (!isBelieved(question, lba + done)) {
      goOn();
      return;
    }
    long here = Math.min(alike, blocks - done);
    if (allocated) {
      data = here;
      goOn();
    } else if (isWanted()) {
      asksSource = false;
      askDestination(question, lba + done, here);
    } else {
      ended();
    }
  }

  private void destinationSays(boolean allocated, long alike) {
    destinationAnswered();
    if (allocated) {
      step = alike;
      moved += step;
      makeZeroes();
    } else {
      leftOut(alike);
      done += alike;
      goOn();
    }
  }

  private void read() {
    reading = true;
    step = Math.min(memoryBlocks, data);
    moved += step;
    read(leg, lba + done, step, memory, bytes());
  }

  private int bytes() {
    return (int) (step << blockShift);
  }

  private void haveRead(IoStatus status) {
    reading = false;
    switch (haveRead(leg, lba + done, status)) {
      case GOOD -> write();
      case AGAIN -> goOn();
      case OVER -> {}
    }
  }

  private void write() {
    if (isZero()) makeZeroes();
    else if (isWanted()) write(leg, lba + done, step, memory, bytes());
    else ended();
  }

  private boolean isZero() {
    return Memory.getLong(memory) == 0
        && Memory.mismatch(memory, memory + Long.BYTES, bytes() - Long.BYTES) < 0;
  }

  private void makeZeroes() {
    if (!isWanted()) {
      ended();
      return;
    }
    writeZeroes(leg, lba + done, step);
  }

  private void haveWritten(IoStatus status) {
    if (!haveWritten(leg, step, status)) return;
    done += step;
    data = Math.max(0, data - step);
    goOn();
  }
}
