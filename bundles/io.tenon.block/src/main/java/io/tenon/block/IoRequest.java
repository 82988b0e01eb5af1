package io.tenon.block;

import io.tenon.error.Check;
import org.jspecify.annotations.Nullable;

/**
 * One I/O. Made once by its owner (a queue's slot, a nexus' child leg) and used again and again; nothing is allocated per
 * I/O. The reactor on which it is submitted only.
 *
 * <p>Prepared by one of the {@code prepare} methods, given to {@link IoChannel#submit}, and then the device's until {@link
 * #completed} is called, which may happen before submit returns. When it {@link #isLent()}, the device's memory stays
 * readable until the owner calls {@link #giveBack()}.
 */
public abstract class IoRequest {
  private IoOperation operation = IoOperation.FLUSH;
  private long lba;
  private long blocks;
  private long address;
  private int lengthBytes;
  private boolean lendable;
  private boolean lent;
  private boolean inFlight;

  // The slot channel's alone, from its take to its ended.

  /** Who counts this request as in flight; kept from I/O to I/O, for a reference is dearer to write than a flag. */
  private @Nullable SlotChannel admission;

  private boolean admitted;

  /** When it was admitted, by the reactor's clock. */
  long admittedNs;

  /** {@link SlotChannel#epoch} in which it was admitted. */
  int epoch;

  /** Behind this one among the parked. */
  @Nullable IoRequest nextParked;

  /** Who gets lent memory back when it is not the device's own. */
  @Nullable EmulatedIo lender;

  /**
   * @param address memory of the caller for {@code lengthBytes}; aligned to 4096 for channels that want it
   */
  public final void prepareRead(long lba, long blocks, long address, int lengthBytes) {
    prepare(IoOperation.READ, lba, blocks, address, lengthBytes);
  }

  /** A read whose data the device may {@link #lend} instead of copying; only where {@link IoChannel#lendsMemory()}. */
  public final void prepareLentRead(long lba, long blocks, int lengthBytes) {
    prepare(IoOperation.READ, lba, blocks, 0, lengthBytes);
    lendable = true;
  }

  public final void prepareWrite(long lba, long blocks, long address, int lengthBytes) {
    prepare(IoOperation.WRITE, lba, blocks, address, lengthBytes);
  }

  public final void prepareFlush() {
    prepare(IoOperation.FLUSH, 0, 0, 0, 0);
  }

  public final void prepareUnmap(long lba, long blocks) {
    prepare(IoOperation.UNMAP, lba, blocks, 0, 0);
  }

  public final void prepareWriteZeroes(long lba, long blocks) {
    prepare(IoOperation.WRITE_ZEROES, lba, blocks, 0, 0);
  }

  public final void prepareCompare(long lba, long blocks, long address, int lengthBytes) {
    prepare(IoOperation.COMPARE, lba, blocks, address, lengthBytes);
  }

  /**
   * @param blocks compared and written
   * @param lengthBytes twice the blocks' size: first what is expected, then what to write
   */
  public final void prepareCompareAndWrite(long lba, long blocks, long address, int lengthBytes) {
    prepare(IoOperation.COMPARE_AND_WRITE, lba, blocks, address, lengthBytes);
  }

  /** The same I/O as {@code other}, {@code lbaOffset} blocks further in: a child's leg of a nexus' I/O. */
  public final void prepareLike(IoRequest other, long lbaOffset) {
    prepare(other.operation, other.lba + lbaOffset, other.blocks, other.address, other.lengthBytes);
    lendable = other.lendable;
  }

  private void prepare(
      IoOperation operation, long lba, long blocks, long address, int lengthBytes) {
    if (inFlight) throw Check.bug("request prepared while in flight: %s", this);
    if (lent) throw Check.bug("request prepared before lent memory was given back: %s", this);
    this.operation = operation;
    this.lba = lba;
    this.blocks = blocks;
    this.address = address;
    this.lengthBytes = lengthBytes;
    this.lendable = false;
  }

  public final IoOperation operation() {
    return operation;
  }

  /** First logical block, in units of the device's block size. */
  public final long lba() {
    return lba;
  }

  public final long blocks() {
    return blocks;
  }

  /** Memory of the data; 0 for operations without data, and for a lent read until it is lent. */
  public final long address() {
    return address;
  }

  /** For the device: the range lies within a device of {@code blockCount} blocks. */
  public final boolean isWithin(long blockCount) {
    return lba >= 0 && blocks >= 0 && blocks <= blockCount - lba;
  }

  public final int lengthBytes() {
    return lengthBytes;
  }

  /** The device may {@link #lend} its own memory for this read. */
  public final boolean isLendable() {
    return lendable;
  }

  /** The device has lent memory that was not given back yet. */
  public final boolean isLent() {
    return lent;
  }

  /** For the device, before it completes a lendable read: the data is at {@code address} of its own memory. */
  public final void lend(long address) {
    if (!lendable) throw Check.bug("memory lent to a request that has its own: %s", this);
    this.address = address;
    this.lent = true;
  }

  /** For the device: the I/O has ended. Exactly once per submit, on the reactor of the submit. */
  public final void complete(IoStatus status) {
    if (!inFlight) throw Check.bug("request completed twice: %s", this);
    inFlight = false;
    if (admitted) {
      var by = admission;
      if (by != null) {
        if (status == IoStatus.SUCCESS) by.succeeded(this);
        else by.failed(this);
        if (!lent) {
          admitted = false;
          by.ended(this);
        }
      }
    }
    completed(status);
  }

  /** For the owner: lent memory is not read any more. */
  public final void giveBack() {
    if (!lent) throw Check.bug("nothing was lent to %s", this);
    lent = false;
    long memory = address;
    address = 0;
    var from = lender;
    if (from != null) {
      lender = null;
      from.takeBack(memory);
    }
    var by = admission;
    if (admitted && by != null) {
      admitted = false;
      by.ended(this);
    }
  }

  /** For the slot channel that gives it to the device: {@link SlotChannel#ended} is called once. */
  final void admittedBy(SlotChannel by) {
    if (admitted) throw Check.bug("request admitted twice: %s", this);
    admitted = true;
    if (admission != by) admission = by;
  }

  /** For whoever submits, by way of {@link IoChannel}: from now on the device's. */
  final void begin() {
    if (inFlight) throw Check.bug("request submitted twice: %s", this);
    inFlight = true;
  }

  /** The owner's part: what happens next. Must not throw. */
  protected abstract void completed(IoStatus status);

  @Override
  public String toString() {
    return "%s lba %d +%d, %d bytes".formatted(operation, lba, blocks, lengthBytes);
  }
}
