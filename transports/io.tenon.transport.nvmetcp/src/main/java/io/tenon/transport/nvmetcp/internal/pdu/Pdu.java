package io.tenon.transport.nvmetcp.internal.pdu;

import io.tenon.linux.Memory;

/** Types, flags, lengths and offsets of PDUs, TCP Transport 1.0c §3.6.2. */
public final class Pdu {
  // Common header, §3.6.1.

  public static final int COMMON_BYTES = 8;
  public static final int TYPE = 0;
  public static final int FLAGS = 1;
  public static final int HLEN = 2;
  public static final int PDO = 3;
  public static final int PLEN = 4;

  // Types.

  public static final int IC_REQ = 0x00;
  public static final int IC_RESP = 0x01;
  public static final int H2C_TERM_REQ = 0x02;
  public static final int C2H_TERM_REQ = 0x03;
  public static final int CAPSULE_CMD = 0x04;
  public static final int CAPSULE_RESP = 0x05;
  public static final int H2C_DATA = 0x06;
  public static final int C2H_DATA = 0x07;
  public static final int R2T = 0x09;

  // Flags.

  public static final int HDGST_FLAG = 0x01;
  public static final int DDGST_FLAG = 0x02;

  /** Last data PDU of an R2T, or of a command. */
  public static final int LAST_FLAG = 0x04;

  /** The command has succeeded and no response capsule follows. */
  public static final int SUCCESS_FLAG = 0x08;

  /** Length of a header or data digest. */
  public static final int DIGEST_BYTES = 4;

  // ICReq and ICResp, §3.6.2.2 and §3.6.2.3.

  public static final int IC_BYTES = 128;
  public static final int IC_PFV = 8;

  /** HPDA of ICReq, CPDA of ICResp: alignment of data in dwords, less one. */
  public static final int IC_PDA = 10;

  public static final int IC_DGST = 11;

  /** ICReq: R2Ts that may wait for one command, less one. */
  public static final int IC_MAXR2T = 12;

  /** ICResp: most data of one H2CData PDU. */
  public static final int IC_MAXH2CDATA = 12;

  public static final int IC_HEADER_DIGEST = 0x01;
  public static final int IC_DATA_DIGEST = 0x02;
  public static final int MAX_PDA = 31;

  // Termination requests, §3.6.2.4 and §3.6.2.5.

  public static final int TERM_BYTES = 24;
  public static final int TERM_FES = 8;
  public static final int TERM_FEI = 10;

  /** Most bytes of the offending header that a termination request carries. */
  public static final int TERM_MAX_DATA_BYTES = 128;

  // Capsules, §3.6.2.6 and §3.6.2.7: the entry follows the common header.

  public static final int CMD_BYTES = 72;
  public static final int RESP_BYTES = 24;
  public static final int ENTRY = 8;
  public static final int CQE_BYTES = 16;
  public static final int CQE_SQHD = 8;
  public static final int CQE_CID = 12;
  public static final int CQE_STATUS = 14;

  // H2CData, C2HData and R2T, §3.6.2.8 to §3.6.2.10.

  public static final int DATA_BYTES = 24;
  public static final int CCCID = 8;

  /** Transfer tag: H2CData and R2T. */
  public static final int TTAG = 10;

  public static final int DATAO = 12;
  public static final int DATAL = 16;

  /** An empty entry in tables by type: the type is not one that we know. */
  private static final int UNKNOWN = 0;

  private Pdu() {}

  /** The only HLEN that a type may have, or 0 for an unknown type. Termination requests: without their data. */
  public static int headerBytes(int type) {
    return switch (type) {
      case IC_REQ, IC_RESP -> IC_BYTES;
      case CAPSULE_CMD -> CMD_BYTES;
      case CAPSULE_RESP, H2C_DATA, C2H_DATA, R2T, H2C_TERM_REQ, C2H_TERM_REQ -> DATA_BYTES;
      default -> UNKNOWN;
    };
  }

  public static int type(long pdu) {
    return Memory.getU8(pdu);
  }

  public static int flags(long pdu) {
    return Memory.getU8(pdu + FLAGS);
  }

  /** Length of the whole PDU, 0 to 2^32 - 1: unchecked, from the peer. */
  public static long plen(long pdu) {
    return Memory.getU32(pdu + PLEN);
  }

  /** Writes a common header. */
  public static void header(long pdu, int type, int flags, int hlen, int pdo, long plen) {
    Memory.putInt(pdu, type | flags << 8 | hlen << 16 | pdo << 24);
    Memory.putInt(pdu + PLEN, (int) plen);
  }

  /** Rounds {@code headerBytes} up to where data may begin for an alignment of {@code pda}, in dwords less one. */
  public static int dataOffset(int headerBytes, int pda) {
    int alignment = (pda + 1) * Integer.BYTES;
    return (headerBytes + alignment - 1) / alignment * alignment;
  }
}
