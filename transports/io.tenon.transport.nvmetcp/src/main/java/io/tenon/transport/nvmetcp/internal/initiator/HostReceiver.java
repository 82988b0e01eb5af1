package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeStatus;
import io.tenon.reactor.StreamSocket;
import io.tenon.transport.nvmetcp.internal.pdu.Digest;
import io.tenon.transport.nvmetcp.internal.pdu.Fatal;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import org.jspecify.annotations.Nullable;

/**
 * Takes PDUs from a controller's socket. Data goes into the memory of the request that asked for it: what a large receive
 * brought along is copied there, the rest is received there. Whatever a controller sends ends as a PDU that was checked, or
 * as the end of the connection. The queue's reactor only.
 */
final class HostReceiver {
  /** Other sockets want their turn. */
  private static final int MAX_RECEIVES_PER_CALL = 8;

  /** Received along behind data that goes to its place: the next headers, and not much data that must be copied. */
  private static final int BYTES_BEHIND_DATA = 4096;

  private static final int LEAST_MAX_H2C_DATA = 4096;

  private final HostQueue queue;
  private final StreamSocket socket;
  private final Digest digest;
  private final QueueParameters parameters;
  private final long base;
  private int parsed;
  private int filled;
  private boolean initialized;

  // Data of a C2HData PDU that has not come whole.
  private @Nullable HostCommand command;
  private long dataAddress;
  private int dataBytes;
  private int missingBytes;
  private int dataFlags;

  HostReceiver(
      HostQueue queue, StreamSocket socket, long base, Digest digest, QueueParameters parameters) {
    this.queue = queue;
    this.socket = socket;
    this.base = base;
    this.digest = digest;
    this.parameters = parameters;
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
        asked = HostMemory.RECEIVE_BYTES - filled;
        got = socket.receive(base + filled, asked);
        if (got <= 0) return done;
        filled += got;
      }
      parse();
      if (!queue.isOpen() || got < asked) return done + 1;
    }
    return MAX_RECEIVES_PER_CALL;
  }

  /** Bytes from a PDU's first on that were received and not looked at; none of a PDU is half taken. */
  byte[] left() {
    if (command != null) throw Check.bug("data of command %d has not come whole", command.id);
    var left = new byte[filled - parsed];
    Memory.copy(base + parsed, left, 0, left.length);
    return left;
  }

  /**
   * On a connection that stands.
   *
   * @param left what {@link #left} was elsewhere
   */
  void goOn(byte[] left) {
    initialized = true;
    Memory.copy(left, 0, base, left.length);
    filled = left.length;
    parse();
  }

  private void parse() {
    while (queue.isOpen()) {
      boolean progress = command != null ? takeData(command) : takePdu();
      if (!progress) break;
    }
    int left = filled - parsed;
    if (parsed > 0 && left > 0) Memory.copy(base + parsed, base, left);
    parsed = 0;
    filled = left;
  }

  /**
   * @return false when more must come first, or the connection is over
   */
  private boolean takePdu() {
    int available = filled - parsed;
    if (available < Pdu.COMMON_BYTES) return false;
    long pdu = base + parsed;
    int type = Pdu.type(pdu);
    switch (type) {
      case Pdu.CAPSULE_RESP, Pdu.C2H_DATA, Pdu.R2T -> {
        if (!initialized) return refuse(Fatal.SEQUENCE_ERROR, 0, pdu, available);
      }
      case Pdu.IC_RESP -> {
        if (initialized) return refuse(Fatal.SEQUENCE_ERROR, 0, pdu, available);
      }
      case Pdu.C2H_TERM_REQ -> {}
      default -> {
        return refuseField(Pdu.TYPE, pdu, available);
      }
    }
    int header = Pdu.headerBytes(type);
    if (Memory.getU8(pdu + Pdu.HLEN) != header) return refuseField(Pdu.HLEN, pdu, available);
    if (type == Pdu.IC_RESP) return takeIcResp(pdu, available);
    if (type == Pdu.C2H_TERM_REQ) return takeTermReq(pdu, available);
    int headBytes = header + parameters.headerDigestBytes();
    if (type != Pdu.C2H_DATA && Pdu.plen(pdu) != headBytes) {
      return refuseField(Pdu.PLEN, pdu, available);
    }
    if (available < headBytes) return false;
    boolean flagged = (Pdu.flags(pdu) & Pdu.HDGST_FLAG) != 0;
    if (flagged != parameters.headerDigest()) return refuseField(Pdu.FLAGS, pdu, available);
    if (flagged && !digest.isSealed(pdu, header)) {
      return refuse(Fatal.HEADER_DIGEST_ERROR, Memory.getU32(pdu + header), pdu, available);
    }
    return switch (type) {
      case Pdu.CAPSULE_RESP -> takeResponse(pdu, headBytes);
      case Pdu.R2T -> takeR2t(pdu, headBytes);
      default -> takeDataHeader(pdu, headBytes, available);
    };
  }

  private boolean refuse(Fatal fatal, long information, long pdu, int available) {
    int header = Math.max(Pdu.COMMON_BYTES, Pdu.headerBytes(Pdu.type(pdu)));
    queue.terminate(fatal, information, pdu, Math.min(header, available));
    return false;
  }

  private boolean refuseField(int offset, long pdu, int available) {
    return refuse(Fatal.INVALID_HEADER_FIELD, offset, pdu, available);
  }

  private boolean takeIcResp(long pdu, int available) {
    if (Pdu.plen(pdu) != Pdu.IC_BYTES) return refuseField(Pdu.PLEN, pdu, available);
    if (available < Pdu.IC_BYTES) return false;
    if (Memory.getU16(pdu + Pdu.IC_PFV) != 0) {
      return refuse(Fatal.UNSUPPORTED_PARAMETER, Pdu.IC_PFV, pdu, available);
    }
    if (Memory.getU8(pdu + Pdu.IC_PDA) != 0) {
      // Data at a larger alignment than a header has: no target we know wants that.
      return refuse(Fatal.UNSUPPORTED_PARAMETER, Pdu.IC_PDA, pdu, available);
    }
    long maxH2cData = Memory.getU32(pdu + Pdu.IC_MAXH2CDATA);
    if (maxH2cData < LEAST_MAX_H2C_DATA) {
      return refuseField(Pdu.IC_MAXH2CDATA, pdu, available);
    }
    parsed += Pdu.IC_BYTES;
    initialized = true;
    int digests = Memory.getU8(pdu + Pdu.IC_DGST) & (Pdu.IC_HEADER_DIGEST | Pdu.IC_DATA_DIGEST);
    queue.initialized(digests, (int) Math.min(maxH2cData, 1 << 30));
    return true;
  }

  private boolean takeTermReq(long pdu, int available) {
    if (available < Pdu.TERM_BYTES) return false;
    int status = Memory.getU16(pdu + Pdu.TERM_FES);
    queue.closed(
        "terminated by the controller: " + Fatal.text(status, Memory.getU32(pdu + Pdu.TERM_FEI)));
    return false;
  }

  private boolean takeResponse(long pdu, int headBytes) {
    long cqe = pdu + Pdu.ENTRY;
    HostCommand answered = queue.active(Memory.getU16(cqe + Pdu.CQE_CID));
    if (answered == null) {
      return refuseField(Pdu.ENTRY + Pdu.CQE_CID, pdu, headBytes);
    }
    if (!queue.isSent(answered)) return refuse(Fatal.SEQUENCE_ERROR, 0, pdu, headBytes);
    int status = Memory.getU16(cqe + Pdu.CQE_STATUS) >>> 1;
    long result = Memory.getLong(cqe);
    parsed += headBytes;
    finish(answered, result, status);
    return true;
  }

  /** A command that says success but has not moved its data has failed. */
  private void finish(HostCommand ended, long result, int status) {
    boolean failed = ended.broken || ended.movedBytes != ended.dataBytes;
    boolean claimsSuccess = status == NvmeStatus.SUCCESS;
    queue.answered(
        ended, result, claimsSuccess && failed ? NvmeStatus.DATA_TRANSFER_ERROR : status);
  }

  private boolean takeR2t(long pdu, int headBytes) {
    HostCommand wanted = queue.active(Memory.getU16(pdu + Pdu.CCCID));
    if (wanted == null || wanted.isRead || wanted.dataBytes == 0) {
      return refuseField(Pdu.CCCID, pdu, headBytes);
    }
    long offset = Memory.getU32(pdu + Pdu.DATAO);
    long length = Memory.getU32(pdu + Pdu.DATAL);
    if (offset != wanted.movedBytes || length == 0 || offset + length > wanted.dataBytes) {
      return refuse(Fatal.DATA_OUT_OF_RANGE, 0, pdu, headBytes);
    }
    if (!queue.isSent(wanted)) return refuse(Fatal.LIMIT_EXCEEDED, 0, pdu, headBytes);
    parsed += headBytes;
    queue.sendData(wanted, (int) offset, (int) length, Memory.getU16(pdu + Pdu.TTAG));
    return true;
  }

  private boolean takeDataHeader(long pdu, int headBytes, int available) {
    int pdo = Memory.getU8(pdu + Pdu.PDO);
    if (pdo < headBytes || pdo % Integer.BYTES != 0) return refuseField(Pdu.PDO, pdu, available);
    int flags = Pdu.flags(pdu);
    boolean sealed = (flags & Pdu.DDGST_FLAG) != 0;
    boolean last = (flags & Pdu.LAST_FLAG) != 0;
    boolean success = (flags & Pdu.SUCCESS_FLAG) != 0;
    if (sealed != parameters.dataDigest() || (success && !last)) {
      return refuseField(Pdu.FLAGS, pdu, available);
    }
    long length = Memory.getU32(pdu + Pdu.DATAL);
    if (Pdu.plen(pdu) != pdo + length + parameters.dataDigestBytes() || length == 0) {
      return refuseField(Pdu.PLEN, pdu, available);
    }
    HostCommand wanted = queue.active(Memory.getU16(pdu + Pdu.CCCID));
    if (wanted == null || !wanted.isRead) return refuseField(Pdu.CCCID, pdu, available);
    long offset = Memory.getU32(pdu + Pdu.DATAO);
    long end = offset + length;
    if (offset != wanted.movedBytes || end > wanted.dataBytes) {
      return refuse(Fatal.DATA_OUT_OF_RANGE, 0, pdu, available);
    }
    if (success && end != wanted.dataBytes) return refuseField(Pdu.FLAGS, pdu, available);
    if (!queue.isSent(wanted)) return refuse(Fatal.SEQUENCE_ERROR, 0, pdu, available);
    if (available < pdo) return false;
    parsed += pdo;
    int here = (int) Math.min(length, filled - parsed);
    long target = wanted.dataAddress + offset;
    Memory.copy(base + parsed, target, here);
    parsed += here;
    command = wanted;
    dataFlags = flags;
    dataBytes = (int) length;
    dataAddress = target + here;
    missingBytes = dataBytes - here;
    return true;
  }

  /** Data of {@code receiver} has come; its digest may be missing. */
  private boolean takeData(HostCommand receiver) {
    if (missingBytes > 0) return false;
    if (filled - parsed < parameters.dataDigestBytes()) return false;
    if (parameters.dataDigest()) {
      int expected = digest.of(dataAddress - dataBytes, dataBytes);
      if (Memory.getInt(base + parsed) != expected) receiver.broken = true;
      parsed += Pdu.DIGEST_BYTES;
    }
    command = null;
    receiver.movedBytes += dataBytes;
    if ((dataFlags & Pdu.SUCCESS_FLAG) != 0) finish(receiver, 0, NvmeStatus.SUCCESS);
    return true;
  }
}
