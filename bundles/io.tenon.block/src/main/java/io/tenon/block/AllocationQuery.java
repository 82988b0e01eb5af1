package io.tenon.block;

import io.tenon.error.Check;
import org.jspecify.annotations.Nullable;

/**
 * The question which blocks of a device hold data: answered for the beginning of a range, as far as its blocks are alike. Made once by its
 * owner and used again and again. The reactor on which it is asked only.
 *
 * <p>Blocks that are not allocated read as zeroes until they are written. Allocated blocks hold anything, zeroes as well: a device
 * that does not know, or cannot say just now, answers that all are allocated. So there is no failure. What is true of blocks that are being changed
 * meanwhile, nobody knows; a write that was acknowledged before the question is never left out of an answer.
 */
public abstract class AllocationQuery {
  private long lba;
  private long blocks;
  private boolean allocated;
  private long alike;
  private boolean underWay;

  /** The slot channel's alone: who counts this question as under way. */
  private @Nullable SlotChannel admission;

  /**
   * @param blocks 1 or more
   */
  public final void prepare(long lba, long blocks) {
    if (underWay) throw Check.bug("asked for something else before it was answered: %s", this);
    if (blocks < 1) throw Check.bug("a question about no blocks at %d", lba);
    this.lba = lba;
    this.blocks = blocks;
  }

  public final long lba() {
    return lba;
  }

  public final long blocks() {
    return blocks;
  }

  /** For the device: the range lies within a device of {@code blockCount} blocks. */
  public final boolean isWithin(long blockCount) {
    return lba >= 0 && blocks <= blockCount - lba;
  }

  /**
   * For the device: the answer. Exactly once per question, on the reactor on which it was asked.
   *
   * @param allocated whether the first blocks of the range may hold data
   * @param alike of how many blocks this is said, at least 1; what comes after them may be alike as well
   */
  public final void answer(boolean allocated, long alike) {
    if (!underWay) throw Check.bug("answered twice: %s", this);
    if (alike < 1 || alike > blocks) throw Check.bug("%d blocks are no answer to %s", alike, this);
    underWay = false;
    this.allocated = allocated;
    this.alike = alike;
    var by = admission;
    if (by != null) {
      admission = null;
      by.answered();
    }
    answered();
  }

  /** For the device: all of it may hold data. */
  public final void answerUnknown() {
    answer(true, blocks);
  }

  /** The answer: whether the first {@link #alike} blocks may hold data. If not, they read as zeroes. */
  public final boolean isAllocated() {
    return allocated;
  }

  /** Of how many blocks, from the first on, {@link #isAllocated} is true. */
  public final long alike() {
    return alike;
  }

  final void admittedBy(SlotChannel by) {
    admission = by;
  }

  /** For whoever asks, by way of {@link IoChannel}. */
  final void begin() {
    if (underWay) throw Check.bug("asked twice: %s", this);
    underWay = true;
  }

  /** The owner's part: what happens next. Must not throw. */
  protected abstract void answered();

  @Override
  public String toString() {
    return "allocation of lba %d +%d".formatted(lba, blocks);
  }
}
