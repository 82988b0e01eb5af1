package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.reactor.BufferPool;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.StreamSocket;
import io.tenon.transport.nvmetcp.internal.pdu.Digest;
import io.tenon.transport.nvmetcp.internal.pdu.Fatal;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import org.jspecify.annotations.Nullable;

/**
 * PDUs of one connection on their way to the host: headers made here, data gathered from where it lies. Everything that a
 * round has produced goes out by one call; a command is done when its last byte is in the kernel's hands. The connection's
 * reactor only.
 */
final class SendQueue {
  /** More lent data than this is not gathered for one call, so that little needs copying when the socket is full. */
  static final int LENT_BYTES_PER_CALL = 512 << 10;

  private final TargetConnection connection;
  private final StreamSocket socket;
  private final BufferPool pool;
  private final SendVectors vectors;
  private final HeaderRing headers;
  private final Digest digest;

  // A ring of what was queued and is not sent yet.
  private final @Nullable TargetCommand[] commands;
  private final long[] lastBytes;
  private final long[] headerMarks;
  private int first;
  private int count;

  /** Of {@link #count}: those that belong to no command. */
  private int othersWaiting;

  private final int slots;

  /** Bytes queued since the connection stands. */
  private long queuedBytes;

  private boolean blocked;

  // Agreed by ICReq and ICResp.
  private boolean headerDigest;
  private boolean dataDigest;
  private int headerDigestBytes;
  private int c2hDataOffset = Pdu.DATA_BYTES;

  SendQueue(
      TargetConnection connection,
      StreamSocket socket,
      ConnectionMemory memory,
      Digest digest,
      int slots) {
    this.connection = connection;
    this.socket = socket;
    this.pool = socket.reactor().buffers();
    this.vectors = memory.vectors();
    this.headers = memory.headers();
    this.digest = digest;
    this.slots = slots;
    int capacity = 2 * (slots + 2);
    this.commands = new TargetCommand[capacity];
    this.lastBytes = new long[capacity];
    this.headerMarks = new long[capacity];
  }

  /**
   * @param hpda alignment of data that the host wants, in dwords, less one
   */
  void agree(boolean withHeaderDigest, boolean withDataDigest, int hpda) {
    headerDigest = withHeaderDigest;
    dataDigest = withDataDigest;
    headerDigestBytes = withHeaderDigest ? Pdu.DIGEST_BYTES : 0;
    c2hDataOffset = Pdu.dataOffset(Pdu.DATA_BYTES + headerDigestBytes, hpda);
  }

  boolean isEmpty() {
    return vectors.isEmpty();
  }

  /** The socket has taken less than it was given and has not said yet that there is room again. */
  boolean isBlocked() {
    return blocked;
  }

  /** Enough lent data waits for one call. */
  boolean isLadenForOneCall() {
    return vectors.bytes() >= LENT_BYTES_PER_CALL;
  }

  /** One more R2T can wait besides all responses; always so for a host that waits for an R2T before it sends data. */
  boolean hasRoomForR2t() {
    return othersWaiting < slots;
  }

  void icResp(int flags, int maxH2cDataBytes) {
    long pdu = headers.take(Pdu.IC_BYTES);
    Memory.zero(pdu, Pdu.IC_BYTES);
    Pdu.header(pdu, Pdu.IC_RESP, 0, Pdu.IC_BYTES, 0, Pdu.IC_BYTES);
    Memory.putByte(pdu + Pdu.IC_DGST, flags);
    Memory.putInt(pdu + Pdu.IC_MAXH2CDATA, maxH2cDataBytes);
    vectors.add(pdu, Pdu.IC_BYTES);
    queued(Pdu.IC_BYTES, null);
  }

  /**
   * @param header of the PDU that is wrong
   * @param headerBytes how much of it to show
   */
  void terminate(Fatal fatal, long information, long header, int headerBytes) {
    int shown = Math.min(headerBytes, Pdu.TERM_MAX_DATA_BYTES);
    int length = Pdu.TERM_BYTES + shown;
    long pdu = headers.take(length);
    Memory.zero(pdu, Pdu.TERM_BYTES);
    Pdu.header(pdu, Pdu.C2H_TERM_REQ, 0, Pdu.TERM_BYTES, 0, length);
    Memory.putShort(pdu + Pdu.TERM_FES, fatal.code());
    Memory.putInt(pdu + Pdu.TERM_FEI, (int) information);
    Memory.copy(header, pdu + Pdu.TERM_BYTES, shown);
    vectors.add(pdu, length);
    queued(length, null);
  }

  void r2t(TargetCommand command, int offset, int length) {
    int total = Pdu.DATA_BYTES + headerDigestBytes;
    long pdu = headers.take(total);
    data(pdu, Pdu.R2T, 0, 0, total, command.commandId(), offset, length);
    Memory.putShort(pdu + Pdu.TTAG, command.slot);
    seal(pdu, Pdu.DATA_BYTES);
    vectors.add(pdu, total);
    queued(total, null);
  }

  /** C2HData with the data of a read, and a response capsule unless success can be told without one. */
  void response(TargetCommand command, int sqhd) {
    int dataBytes = command.finalDataBytes();
    int status = command.finalStatus();
    boolean success = dataBytes > 0 && status == 0 && command.result() == 0;
    int capsuleBytes = success ? 0 : Pdu.RESP_BYTES + headerDigestBytes;
    if (dataBytes == 0) {
      long capsule = headers.take(capsuleBytes);
      capsule(capsule, command, status, sqhd);
      vectors.add(capsule, capsuleBytes);
      queued(capsuleBytes, command);
      return;
    }
    long address = command.dataAddress();
    int dataDigestBytes = dataDigest ? Pdu.DIGEST_BYTES : 0;
    int behindBytes = dataDigestBytes + capsuleBytes;
    long pdu = headers.take(c2hDataOffset + behindBytes);
    int flags =
        (success ? Pdu.SUCCESS_FLAG : 0) | Pdu.LAST_FLAG | (dataDigest ? Pdu.DDGST_FLAG : 0);
    int plen = c2hDataOffset + dataBytes + dataDigestBytes;
    data(pdu, Pdu.C2H_DATA, flags, c2hDataOffset, plen, command.commandId(), 0, dataBytes);
    seal(pdu, Pdu.DATA_BYTES);
    int paddingFrom = Pdu.DATA_BYTES + headerDigestBytes;
    if (paddingFrom < c2hDataOffset) Memory.zero(pdu + paddingFrom, c2hDataOffset - paddingFrom);
    vectors.add(pdu, c2hDataOffset);
    vectors.addAlone(address, dataBytes);
    long behind = pdu + c2hDataOffset;
    if (dataDigest) Memory.putInt(behind, digest.of(address, dataBytes));
    if (!success) capsule(behind + dataDigestBytes, command, status, sqhd);
    if (behindBytes > 0) vectors.add(behind, behindBytes);
    queued(c2hDataOffset + dataBytes + behindBytes, command);
  }

  private void data(
      long pdu, int type, int flags, int pdo, int plen, int commandId, int offset, int length) {
    int all = headerDigest ? flags | Pdu.HDGST_FLAG : flags;
    Pdu.header(pdu, type, all, Pdu.DATA_BYTES, pdo, plen);
    Memory.putInt(pdu + Pdu.CCCID, commandId);
    Memory.putInt(pdu + Pdu.DATAO, offset);
    Memory.putInt(pdu + Pdu.DATAL, length);
    Memory.putInt(pdu + Pdu.DATAL + Integer.BYTES, 0);
  }

  private void capsule(long pdu, TargetCommand command, int status, int sqhd) {
    int flags = headerDigest ? Pdu.HDGST_FLAG : 0;
    int plen = Pdu.RESP_BYTES + headerDigestBytes;
    Pdu.header(pdu, Pdu.CAPSULE_RESP, flags, Pdu.RESP_BYTES, 0, plen);
    long cqe = pdu + Pdu.ENTRY;
    Memory.putLong(cqe, command.result());
    Memory.putInt(cqe + Pdu.CQE_SQHD, sqhd);
    Memory.putShort(cqe + Pdu.CQE_CID, command.commandId());
    Memory.putShort(cqe + Pdu.CQE_STATUS, status << 1);
    seal(pdu, Pdu.RESP_BYTES);
  }

  private void seal(long pdu, int headerBytes) {
    if (headerDigest) digest.seal(pdu, headerBytes);
  }

  private void queued(int bytes, @Nullable TargetCommand command) {
    if (count == commands.length) throw Check.bug("more than %d PDUs wait to be sent", count);
    queuedBytes += bytes;
    if (command == null) othersWaiting++;
    int place = place(count++);
    commands[place] = command;
    lastBytes[place] = queuedBytes;
    headerMarks[place] = headers.mark();
  }

  private int place(int index) {
    int place = first + index;
    return place < commands.length ? place : place - commands.length;
  }

  /**
   * One call for all that waits.
   *
   * @return false when something is left
   */
  boolean flush() {
    if (vectors.isEmpty()) return true;
    boolean all = socket.send(vectors);
    retire(queuedBytes - vectors.bytes());
    blocked = !all;
    if (!all && socket.isOpen()) keepLent();
    return all;
  }

  private void retire(long sentBytes) {
    while (count > 0 && lastBytes[first] <= sentBytes) {
      TargetCommand command = commands[first];
      commands[first] = null;
      headers.release(headerMarks[first]);
      first = place(1);
      count--;
      if (command != null) connection.sent(command);
      else othersWaiting--;
    }
  }

  /**
   * What is lent must be given back before later writes change it under our hands: copies what the socket did not take.
   * With an empty pool it stays lent, and the device waits.
   */
  private void keepLent() {
    int vector = 0;
    for (int i = 0; i < count; i++) {
      TargetCommand command = commands[place(i)];
      if (command == null || !command.isLent()) continue;
      long from = command.dataAddress();
      long to = from + command.finalDataBytes();
      while (vector < vectors.count()) {
        long address = vectors.address(vector);
        if (address >= from && address < to) break;
        vector++;
      }
      if (vector == vectors.count()) {
        // Only what stands behind its data is left.
        command.giveBack();
        vector = 0;
        continue;
      }
      long left = vectors.length(vector);
      long copy = pool.take((int) left);
      if (copy == 0) return;
      Memory.copy(vectors.address(vector), copy, left);
      vectors.redirect(vector, copy);
      command.buffer = copy;
      command.bufferBytes = (int) left;
      command.giveBack();
    }
  }

  /** The connection is gone: nothing will be sent; hands back what waited. */
  void abandon() {
    while (count > 0) {
      TargetCommand command = commands[first];
      commands[first] = null;
      first = place(1);
      count--;
      if (command != null) connection.sent(command);
    }
  }
}
