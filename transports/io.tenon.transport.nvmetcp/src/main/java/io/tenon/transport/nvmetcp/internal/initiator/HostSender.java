package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.linux.Memory;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.SglDescriptor;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.StreamSocket;
import io.tenon.transport.nvmetcp.internal.pdu.Digest;
import io.tenon.transport.nvmetcp.internal.pdu.Fatal;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;

/**
 * PDUs on their way to a controller: headers made here, data from where it lies, all of a round by one call. The queue's reactor only.
 */
final class HostSender {
  /** PSDT: SGLs, the metadata pointer is an address. */
  private static final int PSDT_SGL = 0x40;

  private final HostQueue queue;
  private final HostMemory memory;
  private final SendVectors vectors;
  private final QueueParameters parameters;
  private final Digest digest;
  private long queuedBytes;

  HostSender(HostQueue queue, HostMemory memory, QueueParameters parameters, Digest digest) {
    this.queue = queue;
    this.memory = memory;
    this.vectors = memory.vectors();
    this.parameters = parameters;
    this.digest = digest;
  }

  boolean isEmpty() {
    return vectors.isEmpty();
  }

  /** All that was queued for the command has been sent, so that an answer can be one. */
  boolean isSent(HostCommand command) {
    return command.lastByte <= queuedBytes - vectors.bytes();
  }

  /** One call for all that waits. */
  void flush(StreamSocket socket) {
    if (!vectors.isEmpty()) socket.send(vectors);
  }

  void icReq() {
    long pdu = memory.scratch();
    Memory.zero(pdu, Pdu.IC_BYTES);
    Pdu.header(pdu, Pdu.IC_REQ, 0, Pdu.IC_BYTES, 0, Pdu.IC_BYTES);
    Memory.putByte(pdu + Pdu.IC_DGST, parameters.digests());
    add(pdu, Pdu.IC_BYTES);
  }

  /**
   * @param header of the PDU that is wrong
   * @param headerBytes how much of it there is
   */
  void termination(Fatal fatal, long information, long header, int headerBytes) {
    int shown = Math.min(headerBytes, Pdu.TERM_MAX_DATA_BYTES);
    int length = Pdu.TERM_BYTES + shown;
    long pdu = memory.scratch() + Pdu.IC_BYTES;
    Memory.zero(pdu, Pdu.TERM_BYTES);
    Pdu.header(pdu, Pdu.H2C_TERM_REQ, 0, Pdu.TERM_BYTES, 0, length);
    Memory.putShort(pdu + Pdu.TERM_FES, fatal.code());
    Memory.putInt(pdu + Pdu.TERM_FEI, (int) information);
    Memory.copy(header, pdu + Pdu.TERM_BYTES, shown);
    add(pdu, length);
  }

  /** With its data, if that fits into a capsule. */
  void command(HostCommand command) {
    long sqe = command.sqe();
    int bytes = command.dataBytes;
    int capsuleBytes =
        Memory.getU8(sqe) == Opcode.FABRICS
            ? HostQueue.FABRICS_CAPSULE_BYTES
            : parameters.capsuleBytes();
    if (bytes == 0 || command.isRead || bytes > capsuleBytes) {
      add(command.pdu, capsuleWithoutData(command));
    } else {
      Memory.putByte(sqe + Sqe.FLAGS, Memory.getU8(sqe + Sqe.FLAGS) | PSDT_SGL);
      SglDescriptor.write(sqe, SglDescriptor.IN_CAPSULE, bytes);
      int headBytes = Pdu.CMD_BYTES + parameters.headerDigestBytes();
      int plen = headBytes + bytes + parameters.dataDigestBytes();
      Pdu.header(command.pdu, Pdu.CAPSULE_CMD, digestFlags(true), Pdu.CMD_BYTES, headBytes, plen);
      add(command.pdu, command.dataAddress, bytes, Pdu.CMD_BYTES);
      command.movedBytes = bytes;
    }
    command.lastByte = queuedBytes;
  }

  /** Makes the PDU of a command where it belongs; returns its length. */
  private int capsuleWithoutData(HostCommand command) {
    long sqe = command.sqe();
    int headBytes = Pdu.CMD_BYTES + parameters.headerDigestBytes();
    Memory.putByte(sqe + Sqe.FLAGS, Memory.getU8(sqe + Sqe.FLAGS) | PSDT_SGL);
    SglDescriptor.write(sqe, SglDescriptor.BY_TRANSPORT, command.dataBytes);
    Pdu.header(command.pdu, Pdu.CAPSULE_CMD, digestFlags(false), Pdu.CMD_BYTES, 0, headBytes);
    if (parameters.headerDigest()) digest.seal(command.pdu, Pdu.CMD_BYTES);
    return headBytes;
  }

  /** The PDU of a command that has no data, for another one to send. */
  byte[] copyOf(HostCommand command) {
    var copy = new byte[capsuleWithoutData(command)];
    Memory.copy(command.pdu, copy, 0, copy.length);
    return copy;
  }

  /** A piece of a write that the controller has asked for, in as many PDUs as it takes. */
  void data(HostCommand command, int offset, int length, int tag, int maxH2cDataBytes) {
    int headBytes = Pdu.DATA_BYTES + parameters.headerDigestBytes();
    int index = 0;
    for (int at = 0; at < length; index++) {
      int piece = Math.min(length - at, maxH2cDataBytes);
      boolean last = at + piece == length;
      long pdu = memory.dataHeader(command.id, index);
      long data = command.dataAddress + offset + at;
      int flags = (last ? Pdu.LAST_FLAG : 0) | digestFlags(true);
      int plen = headBytes + piece + parameters.dataDigestBytes();
      Pdu.header(pdu, Pdu.H2C_DATA, flags, Pdu.DATA_BYTES, headBytes, plen);
      Memory.putInt(pdu + Pdu.CCCID, command.id | tag << 16);
      Memory.putInt(pdu + Pdu.DATAO, offset + at);
      Memory.putInt(pdu + Pdu.DATAL, piece);
      Memory.putInt(pdu + Pdu.DATAL + Integer.BYTES, 0);
      add(pdu, data, piece, Pdu.DATA_BYTES);
      at += piece;
    }
    command.lastByte = queuedBytes;
  }

  private int digestFlags(boolean withData) {
    return (parameters.headerDigest() ? Pdu.HDGST_FLAG : 0)
        | (withData && parameters.dataDigest() ? Pdu.DDGST_FLAG : 0);
  }

  /** A header and its data, with the digests agreed; the header has room for both behind it. */
  private void add(long pdu, long data, int dataBytes, int headerBytes) {
    int headBytes = headerBytes + parameters.headerDigestBytes();
    if (parameters.headerDigest()) digest.seal(pdu, headerBytes);
    add(pdu, headBytes);
    add(data, dataBytes);
    if (!parameters.dataDigest()) return;
    long behind = pdu + headBytes;
    Memory.putInt(behind, digest.of(data, dataBytes));
    add(behind, Pdu.DIGEST_BYTES);
  }

  private void add(long address, int lengthBytes) {
    vectors.add(address, lengthBytes);
    queuedBytes += lengthBytes;
    queue.scheduleFlush();
  }
}
