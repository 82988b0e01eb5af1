package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** A host that sends whatever bytes a test wants, on a plain blocking socket, with a codec of its own. */
final class RawHost implements AutoCloseable {
  static final int READ = 2;
  static final int WRITE = 1;
  static final int TRANSPORT_SGL = 0x5A;
  static final int CAPSULE_SGL = 0x01;

  private final Socket socket;
  private final DataInputStream in;
  boolean headerDigest;
  boolean dataDigest;
  int maxH2cData;

  /** A PDU as it came. */
  static final class Received {
    private final byte[] bytes;

    Received(byte[] bytes) {
      this.bytes = bytes;
    }

    int type() {
      return bytes[0];
    }

    int flags() {
      return bytes[1];
    }

    int pdo() {
      return bytes[3] & 0xFF;
    }

    int length() {
      return bytes.length;
    }

    ByteBuffer view() {
      return le(bytes);
    }

    int status() {
      return view().getShort(8 + 14) >>> 1 & 0x7FFF;
    }

    int commandId() {
      return type() == Pdu.CAPSULE_RESP ? view().getShort(8 + 12) : view().getShort(8);
    }

    byte[] data() {
      int length = view().getInt(16);
      return java.util.Arrays.copyOfRange(bytes, pdo(), pdo() + length);
    }
  }

  RawHost(InetSocketAddress address) throws IOException {
    socket = new Socket(address.getAddress(), address.getPort());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(10_000);
    in = new DataInputStream(socket.getInputStream());
  }

  /** How long {@link #receive} waits. */
  void patience(int ms) throws IOException {
    socket.setSoTimeout(ms);
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  static ByteBuffer le(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static byte[] pdu(int type, int flags, int hlen, int pdo, int plen) {
    byte[] pdu = new byte[plen];
    le(pdu).put((byte) type).put((byte) flags).put((byte) hlen).put((byte) pdo).putInt(plen);
    return pdu;
  }

  static byte[] icReq(int hpda, int digests, int maxR2t) {
    byte[] pdu = pdu(Pdu.IC_REQ, 0, 128, 0, 128);
    le(pdu).put(10, (byte) hpda).put(11, (byte) digests).putInt(12, maxR2t);
    return pdu;
  }

  Received initialize(int hpda, int digests) throws IOException {
    send(icReq(hpda, digests, 0));
    var answer = receive();
    headerDigest = (digests & 1) != 0;
    dataDigest = (digests & 2) != 0;
    maxH2cData = answer.view().getInt(12);
    return answer;
  }

  static byte[] sqe(int opcode, int commandId, int sglType, int length) {
    var sqe = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    sqe.put(0, (byte) opcode).put(1, (byte) 0x40).putShort(2, (short) commandId).putInt(4, 1);
    sqe.putInt(32, length).put(39, (byte) sglType);
    return sqe.array();
  }

  static byte[] io(int opcode, int commandId, long lba, int blocks, int sglType, int length) {
    byte[] sqe = sqe(opcode, commandId, sglType, length);
    le(sqe).putLong(40, lba).putShort(48, (short) (blocks - 1));
    return sqe;
  }

  byte[] capsule(byte[] sqe, byte[] data) {
    int head = 72 + (headerDigest ? 4 : 0);
    boolean sealed = dataDigest && data.length > 0;
    int plen = head + data.length + (sealed ? 4 : 0);
    int flags = (headerDigest ? 1 : 0) | (sealed ? 2 : 0);
    byte[] bytes = pdu(Pdu.CAPSULE_CMD, flags, 72, data.length > 0 ? head : 0, plen);
    var pdu = le(bytes).position(8);
    pdu.put(sqe);
    if (headerDigest) pdu.putInt(crc(bytes, 0, 72));
    pdu.put(data);
    if (sealed) pdu.putInt(crc(data, 0, data.length));
    return bytes;
  }

  byte[] h2cData(int commandId, int tag, int offset, byte[] data, boolean last) {
    int head = 24 + (headerDigest ? 4 : 0);
    int plen = head + data.length + (dataDigest ? 4 : 0);
    int flags = (headerDigest ? 1 : 0) | (dataDigest ? 2 : 0) | (last ? 4 : 0);
    byte[] bytes = pdu(Pdu.H2C_DATA, flags, 24, head, plen);
    var pdu = le(bytes).position(8);
    pdu.putShort((short) commandId).putShort((short) tag).putInt(offset).putInt(data.length);
    pdu.putInt(0);
    if (headerDigest) pdu.putInt(crc(bytes, 0, 24));
    pdu.put(data);
    if (dataDigest) pdu.putInt(crc(data, 0, data.length));
    return bytes;
  }

  static int crc(byte[] bytes, int from, int length) {
    var crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /** Connect, for queue {@code id}. */
  Received connectQueue(int id, int entries) throws IOException {
    byte[] sqe = sqe(0x7F, 0, CAPSULE_SGL, 1024);
    var view = le(sqe);
    view.putInt(4, 1).putShort(42, (short) id).putShort(44, (short) (entries - 1));
    byte[] data = new byte[1024];
    data[0] = 7;
    le(data).putShort(16, (short) 0xFFFF);
    put(data, 256, "nqn.2019-05.io.openebs:test");
    put(data, 512, "nqn.2019-05.io.openebs:node-name:host");
    send(capsule(sqe, data));
    return receive();
  }

  private static void put(byte[] data, int offset, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, data, offset, bytes.length);
  }

  Received receive() throws IOException {
    byte[] head = new byte[8];
    in.readFully(head);
    var view = le(head);
    int plen = view.getInt(4);
    if (plen < 8 || plen > 4 << 20) throw new IOException("PLEN " + plen);
    byte[] bytes = new byte[plen];
    System.arraycopy(head, 0, bytes, 0, 8);
    in.readFully(bytes, 8, plen - 8);
    int type = head[0];
    boolean term = type == Pdu.C2H_TERM_REQ || type == Pdu.IC_RESP;
    if (headerDigest && !term) {
      int hlen = head[2];
      int found = le(bytes).getInt(hlen);
      if (found != crc(bytes, 0, hlen)) throw new IOException("header digest");
    }
    var received = new Received(bytes);
    if (dataDigest && type == Pdu.C2H_DATA) {
      byte[] data = received.data();
      int found = received.view().getInt(received.pdo() + data.length);
      if (found != crc(data, 0, data.length)) throw new IOException("data digest");
    }
    return received;
  }

  /** Nothing more comes: the target has closed. */
  boolean isAtEnd() throws IOException {
    try {
      return in.read() < 0;
    } catch (java.net.SocketException e) {
      return true; // reset: closed as well
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
