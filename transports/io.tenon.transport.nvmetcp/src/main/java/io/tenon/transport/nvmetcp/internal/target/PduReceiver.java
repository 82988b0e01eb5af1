package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.reactor.StreamSocket;
import io.tenon.transport.nvmetcp.internal.pdu.Digest;
import io.tenon.transport.nvmetcp.internal.pdu.Fatal;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import org.jspecify.annotations.Nullable;

/**
 * Takes PDUs from a host's socket. One large receive, then PDUs are read where they lie; data that a host sends after an
 * R2T and that has not come whole is received into the command's buffer. Whatever a host sends ends as a PDU that was
 * checked, or as a termination. The connection's reactor only.
 */
final class PduReceiver {
  /** Other sockets want their turn. */
  private static final int MAX_RECEIVES_PER_CALL = 8;

  /**
   * Received along behind data that goes to its place: the next headers. Not more, because data of the next PDU that
   * comes along has to be copied.
   */
  private static final int BYTES_BEHIND_DATA = 4096;

  private final TargetConnection connection;
  private final StreamSocket socket;
  private final Digest digest;
  private final int maxH2cDataBytes;
  private final long base;
  private final int capacity;

  // What lies in the buffer and was not taken yet.
  private int parsed;
  private int filled;

  // Data of an H2CData PDU that has not come whole.
  private @Nullable TargetCommand command;
  private long dataAddress;
  private int dataBytes;
  private int missingBytes;

  // Agreed by ICReq and ICResp.
  private boolean agreed;
  private boolean headerDigest;
  private boolean dataDigest;
  private int headerDigestBytes;
  private int dataDigestBytes;

  PduReceiver(
      TargetConnection connection,
      StreamSocket socket,
      ConnectionMemory memory,
      Digest digest,
      ConnectionLimits limits) {
    this.connection = connection;
    this.socket = socket;
    this.digest = digest;
    this.maxH2cDataBytes = limits.maxH2cDataBytes();
    this.base = memory.receive();
    this.capacity = limits.receiveBytes();
  }

  void agree(boolean withHeaderDigest, boolean withDataDigest) {
    agreed = true;
    headerDigest = withHeaderDigest;
    dataDigest = withDataDigest;
    headerDigestBytes = withHeaderDigest ? Pdu.DIGEST_BYTES : 0;
    dataDigestBytes = withDataDigest ? Pdu.DIGEST_BYTES : 0;
  }

  /**
   * @return receives that brought something
   */
  int receive() {
    for (int done = 0; done < MAX_RECEIVES_PER_CALL; done++) {
      int asked;
      int got;
      if (missingBytes > 0) {
        asked = missingBytes + BYTES_BEHIND_DATA;
        got = socket.receive(dataAddress, missingBytes, base, BYTES_BEHIND_DATA);
        if (got <= 0) return done;
        int data = Math.min(got, missingBytes);
        dataAddress += data;
        missingBytes -= data;
        parsed = 0;
        filled = got - data;
      } else {
        asked = capacity - filled;
        if (connection.awaitsLargeData()) asked = Math.min(asked, BYTES_BEHIND_DATA);
        got = socket.receive(base + filled, asked);
        if (got <= 0) return done;
        filled += got;
      }
      parse();
      if (!connection.takesInput() || got < asked) return done + 1;
    }
    return MAX_RECEIVES_PER_CALL;
  }

  /** Bytes from a PDU's first on that were received and not looked at; none of a PDU is half taken. */
  byte[] left() {
    if (command != null) throw Check.bug("data of command %d has not come whole", command.slot);
    var left = new byte[filled - parsed];
    Memory.copy(base + parsed, left, 0, left.length);
    return left;
  }

  /**
   * What {@link #left} was elsewhere.
   *
   * @return false when there is not so much room
   */
  boolean takeOver(byte[] left) {
    if (left.length > capacity) return false;
    Memory.copy(left, 0, base, left.length);
    filled = left.length;
    return true;
  }

  /** Looks at what lies here already. */
  void goOn() {
    parse();
  }

  /** After a termination: takes and forgets what still comes. */
  int discard() {
    int got = socket.receive(base, capacity);
    return got > 0 ? 1 : 0;
  }

  private void parse() {
    while (connection.takesInput()) {
      boolean progress = command != null ? takeData(command) : takePdu();
      if (!progress) break;
    }
    int left = filled - parsed;
    if (parsed > 0 && left > 0) Memory.copy(base + parsed, base, left);
    parsed = 0;
    filled = left;
  }

  /**
   * @return false when more must come first, or the connection is ending
   */
  private boolean takePdu() {
    int available = filled - parsed;
    if (available < Pdu.COMMON_BYTES) return false;
    long pdu = base + parsed;
    int type = Pdu.type(pdu);
    if (!checkCommonHeader(pdu, type, available)) return false;
    return switch (type) {
      case Pdu.CAPSULE_CMD -> takeCapsule(pdu, available);
      case Pdu.H2C_DATA -> takeDataHeader(pdu, available);
      case Pdu.IC_REQ -> takeIcReq(pdu, available);
      default -> takeTermReq(pdu, available);
    };
  }

  private boolean checkCommonHeader(long pdu, int type, int available) {
    switch (type) {
      case Pdu.CAPSULE_CMD, Pdu.H2C_DATA -> {
        if (!agreed) return refuse(Fatal.SEQUENCE_ERROR, 0, pdu, available);
      }
      case Pdu.IC_REQ -> {
        if (agreed) return refuse(Fatal.SEQUENCE_ERROR, 0, pdu, available);
      }
      case Pdu.H2C_TERM_REQ -> {}
      default -> {
        return refuse(Fatal.INVALID_HEADER_FIELD, Pdu.TYPE, pdu, available);
      }
    }
    if (Memory.getU8(pdu + Pdu.HLEN) != Pdu.headerBytes(type)) {
      return refuse(Fatal.INVALID_HEADER_FIELD, Pdu.HLEN, pdu, available);
    }
    return true;
  }

  private boolean refuse(Fatal fatal, long information, long pdu, int available) {
    int header = Pdu.headerBytes(Pdu.type(pdu));
    if (header == 0) header = Pdu.COMMON_BYTES;
    connection.terminate(fatal, information, pdu, Math.min(header, available));
    return false;
  }

  private boolean refuseField(int offset, long pdu, int available) {
    return refuse(Fatal.INVALID_HEADER_FIELD, offset, pdu, available);
  }

  private boolean takeIcReq(long pdu, int available) {
    if (Pdu.plen(pdu) != Pdu.IC_BYTES) return refuseField(Pdu.PLEN, pdu, available);
    if (available < Pdu.IC_BYTES) return false;
    if (Memory.getU16(pdu + Pdu.IC_PFV) != 0) {
      return refuse(Fatal.UNSUPPORTED_PARAMETER, Pdu.IC_PFV, pdu, available);
    }
    if (Memory.getU8(pdu + Pdu.IC_PDA) > Pdu.MAX_PDA) {
      return refuseField(Pdu.IC_PDA, pdu, available);
    }
    parsed += Pdu.IC_BYTES;
    connection.initialize(Memory.getU8(pdu + Pdu.IC_PDA), Memory.getU8(pdu + Pdu.IC_DGST));
    return true;
  }

  private boolean takeTermReq(long pdu, int available) {
    if (available < Pdu.TERM_BYTES) return false;
    connection.terminatedByHost(
        Memory.getU16(pdu + Pdu.TERM_FES), Memory.getU32(pdu + Pdu.TERM_FEI));
    return false;
  }

  /** The header digest is there when agreed, and right; the header is whole. */
  private boolean checkSeal(long pdu, int headerBytes, int available) {
    boolean flagged = (Pdu.flags(pdu) & Pdu.HDGST_FLAG) != 0;
    if (flagged != headerDigest) return refuseField(Pdu.FLAGS, pdu, available);
    if (headerDigest && !digest.isSealed(pdu, headerBytes)) {
      return refuse(Fatal.HEADER_DIGEST_ERROR, Memory.getU32(pdu + headerBytes), pdu, available);
    }
    return true;
  }

  private boolean checkDataFlags(long pdu, int available) {
    boolean flagged = (Pdu.flags(pdu) & Pdu.DDGST_FLAG) != 0;
    return flagged == dataDigest || refuseField(Pdu.FLAGS, pdu, available);
  }

  private boolean checkDataOffset(long pdu, int headBytes, int available) {
    int pdo = Memory.getU8(pdu + Pdu.PDO);
    if (pdo >= headBytes && pdo % Integer.BYTES == 0) return true;
    return refuseField(Pdu.PDO, pdu, available);
  }

  private boolean takeCapsule(long pdu, int available) {
    int headBytes = Pdu.CMD_BYTES + headerDigestBytes;
    long plen = Pdu.plen(pdu);
    boolean hasData = plen > headBytes;
    int pdo = hasData ? Memory.getU8(pdu + Pdu.PDO) : headBytes;
    long data = hasData ? plen - pdo - dataDigestBytes : 0;
    if (plen < headBytes || data > connection.maxCapsuleDataBytes()) {
      return refuseField(Pdu.PLEN, pdu, available);
    }
    if (available < headBytes) return false;
    if (!checkSeal(pdu, Pdu.CMD_BYTES, available)) return false;
    if (hasData) {
      if (!checkDataOffset(pdu, headBytes, available)) return false;
      if (data < 1) return refuseField(Pdu.PLEN, pdu, available);
      if (!checkDataFlags(pdu, available)) return false;
    }
    if (available < plen) return false;
    boolean intact = true;
    if (hasData && dataDigest) intact = digest.isSealed(pdu + pdo, (int) data);
    parsed += (int) plen;
    connection.capsule(pdu, pdu + pdo, (int) data, intact);
    return true;
  }

  private boolean takeDataHeader(long pdu, int available) {
    int headBytes = Pdu.DATA_BYTES + headerDigestBytes;
    if (available < headBytes) return false;
    if (!checkSeal(pdu, Pdu.DATA_BYTES, available)) return false;
    if (!checkDataOffset(pdu, headBytes, available)) return false;
    if (!checkDataFlags(pdu, available)) return false;
    int pdo = Memory.getU8(pdu + Pdu.PDO);
    long length = Memory.getU32(pdu + Pdu.DATAL);
    if (Pdu.plen(pdu) != pdo + length + dataDigestBytes || length == 0) {
      return refuseField(Pdu.PLEN, pdu, available);
    }
    if (length > maxH2cDataBytes) return refuse(Fatal.LIMIT_EXCEEDED, 0, pdu, available);
    TargetCommand receiver = connection.receiving(Memory.getU16(pdu + Pdu.TTAG));
    if (receiver == null) return refuseField(Pdu.TTAG, pdu, available);
    if (Memory.getU16(pdu + Pdu.CCCID) != receiver.commandId()) {
      return refuseField(Pdu.CCCID, pdu, available);
    }
    long offset = Memory.getU32(pdu + Pdu.DATAO);
    long end = offset + length;
    if (offset != receiver.receivedBytes || end > receiver.requestedBytes) {
      return refuse(Fatal.DATA_OUT_OF_RANGE, 0, pdu, available);
    }
    boolean isLast = (Pdu.flags(pdu) & Pdu.LAST_FLAG) != 0;
    if (isLast != (end == receiver.requestedBytes)) return refuseField(Pdu.FLAGS, pdu, available);
    if (available < pdo) return false;
    parsed += pdo;
    command = receiver;
    dataBytes = (int) length;
    if (takeWholeInPlace(receiver)) return true;
    int here = Math.min(dataBytes, filled - parsed);
    long target = receiver.buffer + offset;
    Memory.copy(base + parsed, target, here);
    parsed += here;
    dataAddress = target + here;
    missingBytes = dataBytes - here;
    return true;
  }

  /** All data of a command lies in the buffer and may be read there. */
  private boolean takeWholeInPlace(TargetCommand receiver) {
    boolean isWhole =
        dataBytes == receiver.transferBytes() && filled - parsed >= dataBytes + dataDigestBytes;
    if (!isWhole || !connection.readsInPlace(receiver)) return false;
    long address = base + parsed;
    boolean intact = !dataDigest || digest.isSealed(address, dataBytes);
    parsed += dataBytes + dataDigestBytes;
    command = null;
    connection.received(receiver, address, dataBytes, intact);
    return true;
  }

  /** Data of {@code receiver} has come; its digest may be missing. */
  private boolean takeData(TargetCommand receiver) {
    if (missingBytes > 0) return false;
    if (filled - parsed < dataDigestBytes) return false;
    boolean intact = true;
    if (dataDigest) {
      int expected = digest.of(dataAddress - dataBytes, dataBytes);
      intact = Memory.getInt(base + parsed) == expected;
      parsed += dataDigestBytes;
    }
    command = null;
    connection.received(receiver, receiver.buffer, dataBytes, intact);
    return true;
  }
}
