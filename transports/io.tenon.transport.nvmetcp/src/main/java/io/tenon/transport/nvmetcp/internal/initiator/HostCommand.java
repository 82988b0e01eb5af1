package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.nvme.Sqe;
import org.jspecify.annotations.Nullable;

/** An entry of a queue to a controller; made once, used again and again. The queue's reactor only. */
final class HostCommand {
  /** Who sent it. */
  interface Owner {
    /**
     * The controller has answered, and the command is free again after this.
     *
     * @param result dwords 0 and 1 of the completion
     * @param status 0 for success, as {@link io.tenon.nvme.NvmeStatus} has it
     */
    void answered(HostCommand command, long result, int status);

    /** The connection is over; the controller may have done it. */
    void lost(HostCommand command, IoStatus status);
  }

  /** Command identifier. */
  final int id;

  /** The capsule PDU, its entry behind the common header. */
  final long pdu;

  private final long sqe;

  @Nullable Owner owner;
  @Nullable RemoteIo io;

  /** Sent, and not answered. */
  boolean active;

  long dataAddress;
  int dataBytes;
  boolean isRead;

  /** Read: received so far. Write: asked for by R2T so far. */
  int movedBytes;

  /** A data digest was wrong. */
  boolean broken;

  /** Position in the stream to the controller of the last byte that was queued for it. */
  long lastByte;

  long startedNs;

  /** Answered when something happens, perhaps never. */
  boolean isPatient;

  HostCommand(int id, long pdu, long sqe) {
    this.id = id;
    this.pdu = pdu;
    this.sqe = sqe;
  }

  /** A clean entry. */
  long prepare(int opcode, int nsid) {
    for (int at = 0; at < Sqe.LENGTH_BYTES; at += Long.BYTES) Memory.putLong(sqe + at, 0);
    Memory.putByte(sqe + Sqe.OPCODE, opcode);
    Memory.putShort(sqe + Sqe.CID, id);
    Memory.putInt(sqe + Sqe.NSID, nsid);
    dataBytes = 0;
    dataAddress = 0;
    isRead = false;
    isPatient = false;
    return sqe;
  }

  void reads(long address, int lengthBytes) {
    dataAddress = address;
    dataBytes = lengthBytes;
    isRead = true;
  }

  void writes(long address, int lengthBytes) {
    dataAddress = address;
    dataBytes = lengthBytes;
    isRead = false;
  }

  long sqe() {
    return sqe;
  }
}
