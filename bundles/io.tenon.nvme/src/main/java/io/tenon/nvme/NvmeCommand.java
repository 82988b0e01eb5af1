package io.tenon.nvme;

import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import org.jspecify.annotations.Nullable;

/**
 * One slot of a queue: a command from its capsule to its response. The transport makes one for each entry of the queue and
 * adds its own fields in a subclass; it is the I/O request to the device as well, so that a read or write needs no second
 * object. The queue's reactor only.
 *
 * <p>Order: transport copies the 64 bytes to {@link #sqe()}, calls {@link NvmeQueue#begin}, moves what {@link #transfer()}
 * says, calls {@link NvmeQueue#execute}; the model calls {@link #respond()}; the transport sends, calls {@link
 * #giveBack()} if {@link #isLent()}, then {@link NvmeQueue#end}.
 */
public abstract class NvmeCommand extends IoRequest {
  /** Where the data of a command goes. */
  public enum Transfer {
    NONE,
    /** Host to controller: before {@link NvmeQueue#execute}. */
    IN,
    /** Controller to host: with the response. */
    OUT
  }

  private final long sqe;
  private Transfer transfer = Transfer.NONE;
  private int transferBytes;
  private boolean mayLend;
  private boolean dataInCapsule;
  private long capsuleOffset;
  private long dataAddress;
  private long result;
  private int status;
  private int progress;
  private int round;
  private @Nullable DeviceAnswer answer;

  /** The model's end of the I/O that a command causes. */
  public interface DeviceAnswer {
    void completed(NvmeCommand command, IoStatus status);
  }

  /**
   * @param sqe native memory of 64 bytes for the submission queue entry, the transport's
   */
  protected NvmeCommand(long sqe) {
    this.sqe = sqe;
  }

  /** Address of the submission queue entry, Base 2.0c §3.3.3.1. */
  public final long sqe() {
    return sqe;
  }

  public final int opcode() {
    return Memory.getU8(sqe);
  }

  public final int commandId() {
    return Memory.getU16(sqe + Sqe.CID);
  }

  // Written by the model in begin, read by the transport.

  public final Transfer transfer() {
    return transfer;
  }

  /** Bytes that {@link #transfer()} moves; 0 when NONE. */
  public final int transferBytes() {
    return transferBytes;
  }

  /** The data of an IN transfer lies in the capsule, at {@link #capsuleOffset()} behind the entry. */
  public final boolean isDataInCapsule() {
    return dataInCapsule;
  }

  public final long capsuleOffset() {
    return capsuleOffset;
  }

  /** The transport may leave an OUT transfer without memory ({@link #dataAddress} 0): the device lends its own. */
  public final boolean mayLend() {
    return mayLend;
  }

  // For the model only.

  /** {@code bytes} of data move. */
  public final void expect(Transfer transfer, int bytes) {
    this.transfer = transfer;
    this.transferBytes = bytes;
  }

  /** {@code bytes} of data lie in the capsule, {@code offset} behind the entry. */
  public final void expectInCapsule(int bytes, long offset) {
    this.transfer = Transfer.IN;
    this.transferBytes = bytes;
    this.dataInCapsule = true;
    this.capsuleOffset = offset;
  }

  /** {@link #mayLend()} from now on. */
  public final void offerLending() {
    this.mayLend = true;
  }

  /**
   * First thing of {@link NvmeQueue#begin}: forgets the slot's last command.
   *
   * @param answer told when an I/O that this command was submitted for has ended
   */
  public final void reset(DeviceAnswer answer) {
    this.answer = answer;
    transfer = Transfer.NONE;
    transferBytes = 0;
    mayLend = false;
    dataInCapsule = false;
    capsuleOffset = 0;
    dataAddress = 0;
    result = 0;
    status = 0;
    progress = 0;
  }

  /** No data moves, and {@link NvmeQueue#execute} answers with this status. */
  public final void refuse(int status) {
    this.status = status;
    expect(Transfer.NONE, 0);
  }

  /** How far a command of several I/Os has come, in units of the model's. */
  public final int progress() {
    return progress;
  }

  public final void progress(int progress) {
    this.progress = progress;
  }

  /** For the model: which I/Os of its queue the last one of this command belongs to. */
  public final int round() {
    return round;
  }

  public final void round(int round) {
    this.round = round;
  }

  // Written by the transport before execute, read by the model and after respond by the transport.

  /** Memory of {@link #transferBytes()} for the data, aligned to 4096 unless the queue consumes inline; 0 to be lent. */
  public final void dataAddress(long address) {
    this.dataAddress = address;
  }

  /** Where the data is. After a lent read: the device's memory. */
  public final long dataAddress() {
    return isLent() ? address() : dataAddress;
  }

  // Written by the model before respond.

  /** Dwords 0 and 1 of the completion queue entry, dword 0 in the low half. */
  public final long result() {
    return result;
  }

  /** Status field of the completion queue entry, bits 31:17 of dword 3 (no phase tag): see {@link NvmeStatus}. */
  public final int status() {
    return status;
  }

  /** For the model: the command has ended. */
  public final void finish(long result, int status) {
    this.result = result;
    this.status = status;
    respond();
  }

  /** Bytes of an OUT transfer that the host gets: all, or none with an error. */
  public final int responseBytes() {
    return status == NvmeStatus.SUCCESS && transfer == Transfer.OUT ? transferBytes : 0;
  }

  @Override
  protected final void completed(IoStatus status) {
    var to = answer;
    if (to == null) throw Check.bug("I/O of a command that was never begun: %s", this);
    to.completed(this, status);
  }

  /** The transport's part: queue the response capsule, and the data of an OUT transfer, for this round's send. */
  protected abstract void respond();
}
