package io.tenon.shell.attach;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * One message on the shell's Unix socket: a byte for the type, four for the length (big-endian), and the content in UTF-8.
 *
 * <pre>
 * client                         node
 *   EXECUTE line            ─►
 *                           ◄─   OUT text, ERR text …
 *   INTERRUPT (perhaps)     ─►
 *                           ◄─   EXIT status
 *   COMPLETE cursor ' ' line ─►
 *                           ◄─   CANDIDATES lines
 * </pre>
 *
 * @param content at most {@link #MAX_BYTES}
 */
public record Frame(Type type, byte[] content) {
  /** Longest content; more is split by the sender, and refused by the receiver. */
  public static final int MAX_BYTES = 1 << 20;

  /** What a frame says; its position is its code on the wire. */
  public enum Type {
    EXECUTE,
    INTERRUPT,
    COMPLETE,
    OUT,
    ERR,
    EXIT,
    CANDIDATES
  }

  public static Frame of(Type type, String text) {
    return new Frame(type, text.getBytes(StandardCharsets.UTF_8));
  }

  public String text() {
    return new String(content, StandardCharsets.UTF_8);
  }

  public void write(DataOutputStream out) throws IOException {
    out.writeByte(type.ordinal());
    out.writeInt(content.length);
    out.write(content);
    out.flush();
  }

  /**
   * @return empty when the peer has closed between two frames
   * @throws IOException when it closed within one, or sent what is no frame
   */
  public static Optional<Frame> read(DataInputStream in) throws IOException {
    int code = in.read();
    if (code < 0) return Optional.empty();
    var types = Type.values();
    if (code >= types.length) throw new IOException("no frame of the shell: type " + code);
    int length = in.readInt();
    if (length < 0 || length > MAX_BYTES) {
      throw new IOException("no frame of the shell: length " + length);
    }
    byte[] content = in.readNBytes(length);
    if (content.length < length) throw new EOFException("the other end closed within a frame");
    return Optional.of(new Frame(types[code], content));
  }

  /** The content of {@link Type#EXIT}. */
  public int status() {
    return content.length == Integer.BYTES ? ByteBuffer.wrap(content).getInt() : 1;
  }

  public static Frame exit(int status) {
    return new Frame(Type.EXIT, ByteBuffer.allocate(Integer.BYTES).putInt(status).array());
  }
}
