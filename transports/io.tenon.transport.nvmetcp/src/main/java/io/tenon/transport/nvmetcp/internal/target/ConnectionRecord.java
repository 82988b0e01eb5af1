package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What a connection must know to go on in another version of this bundle. Little-endian:
 *
 * <pre>
 *  0  version, 1       8  MAXH2CDATA that ICResp has told, 4 bytes
 *  1  flags           12  commands, 2 bytes
 *  2  HPDA            14  received bytes, 4 bytes
 *  3  0               18  the commands' entries, 64 bytes each, then the received bytes
 *  4  SQHD, 4 bytes
 * </pre>
 *
 * A later version may only read what it knows: whoever changes this writes another version, and still reads the older ones.
 *
 * @param agreed ICReq and ICResp are exchanged; without, the next four fields mean nothing
 * @param hpda alignment of data that the host wants, in dwords, less one
 * @param maxH2cDataBytes most data of one H2CData PDU
 * @param sqhd submission queue head of the last response
 * @param commands entries of commands whose data has not been asked for yet, first come first
 * @param received from a PDU's first byte on: what has come and was not looked at
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ConnectionRecord(
    boolean agreed,
    boolean headerDigest,
    boolean dataDigest,
    int hpda,
    int maxH2cDataBytes,
    int sqhd,
    List<byte[]> commands,
    byte[] received) {
  private static final int VERSION = 1;
  private static final int HEAD_BYTES = 18;
  private static final int ENTRY_BYTES = ConnectionMemory.SQE_BYTES;
  private static final int AGREED = 1;
  private static final int HEADER_DIGEST = 2;
  private static final int DATA_DIGEST = 4;

  byte[] encode() {
    int bytes = HEAD_BYTES + commands.size() * ENTRY_BYTES + received.length;
    var out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int flags =
        (agreed ? AGREED : 0) | (headerDigest ? HEADER_DIGEST : 0) | (dataDigest ? DATA_DIGEST : 0);
    out.put((byte) VERSION).put((byte) flags).put((byte) hpda).put((byte) 0).putInt(sqhd);
    out.putInt(maxH2cDataBytes).putShort((short) commands.size()).putInt(received.length);
    commands.forEach(out::put);
    return out.put(received).array();
  }

  /**
   * @throws TenonException when it is not one that this version of the bundle understands
   */
  static ConnectionRecord decode(byte[] record) throws TenonException {
    var in = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    try {
      int version = in.get();
      if (version != VERSION) throw unreadable("It is of version " + version + ", not " + VERSION);
      int flags = in.get();
      int hpda = in.get();
      in.get();
      int sqhd = in.getInt();
      int maxH2cDataBytes = in.getInt();
      int count = Short.toUnsignedInt(in.getShort());
      int receivedBytes = in.getInt();
      if (in.remaining() != (long) count * ENTRY_BYTES + receivedBytes) {
        throw unreadable("It has " + record.length + " bytes");
      }
      var commands = new ArrayList<byte[]>(count);
      for (int i = 0; i < count; i++) {
        var entry = new byte[ENTRY_BYTES];
        in.get(entry);
        commands.add(entry);
      }
      var received = new byte[receivedBytes];
      in.get(received);
      return new ConnectionRecord(
          (flags & AGREED) != 0,
          (flags & HEADER_DIGEST) != 0,
          (flags & DATA_DIGEST) != 0,
          hpda,
          maxH2cDataBytes,
          sqhd,
          commands,
          received);
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      throw unreadable("It has " + record.length + " bytes");
    }
  }

  private static TenonException unreadable(String why) {
    return new TenonException(
        "A connection of the NVMe/TCP target was not taken over: its record is not understood.",
        why + ".",
        "Use a version of this bundle that knows the records of the one before.");
  }
}
