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
 */
public final class Frame {
  /** Longest content; more is split by the sender, and refused by the receiver. */
  public static final int MAX_BYTES = 1 << 20;

  /** What a frame says. */
  public enum Type {
    EXECUTE(0),
    INTERRUPT(1),
    COMPLETE(2),
    OUT(3),
    ERR(4),
    EXIT(5),
    CANDIDATES(6);

    private final int code;

    Type(int code) {
      this.code = code;
    }

    static Type of(int code) throws IOException {
      for (var type : values()) {
        if (type.code == code) return type;
      }
      throw new IOException("no frame of the shell: type " + code);
    }
  }

  private final Type type;
  private final byte[] content;

  /**
   * @param content at most {@link #MAX_BYTES}; not copied
   */
  public Frame(Type type, byte[] content) {
    this.type = type;
    this.content = content;
  }

  public Type type() {
    return type;
  }

  /** Not a copy. */
  public byte[] content() {
    return content;
  }

  public static Frame of(Type type, String text) {
    return new Frame(type, text.getBytes(StandardCharsets.UTF_8));
  }

  public String text() {
    return new String(content, StandardCharsets.UTF_8);
  }

  public void write(DataOutputStream out) throws IOException {
    out.writeByte(type.code);
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
    var type = Type.of(code);
    int length = in.readInt();
    if (length < 0 || length > MAX_BYTES) {
      throw new IOException("no frame of the shell: length " + length);
    }
    byte[] content = in.readNBytes(length);
    if (content.length < length) throw new EOFException("the other end closed within a frame");
    return Optional.of(new Frame(type, content));
  }

  /** The content of {@link Type#EXIT}. */
  public int status() {
    return content.length == Integer.BYTES ? ByteBuffer.wrap(content).getInt() : 1;
  }

  public static Frame exit(int status) {
    return new Frame(Type.EXIT, ByteBuffer.allocate(Integer.BYTES).putInt(status).array());
  }
}
