package io.tenon.metadata;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a key stands for: bytes that the store does not look into. At most {@value #MOST_BYTES} of them. Immutable. */
public final class Value {
  public static final int MOST_BYTES = 512 << 10;
  public static final Value EMPTY = new Value(new byte[0]);

  private final byte[] bytes;

  private Value(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * @throws IllegalArgumentException when it is too long
   */
  public static Value of(byte[] bytes) {
    if (bytes.length > MOST_BYTES) {
      throw new IllegalArgumentException(
          "a value has at most %d bytes, this has %d".formatted(MOST_BYTES, bytes.length));
    }
    return new Value(bytes.clone());
  }

  /** In UTF-8. */
  public static Value of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A copy. */
  public byte[] bytes() {
    return bytes.clone();
  }

  public int length() {
    return bytes.length;
  }

  /** Read as UTF-8; what is none shows as U+FFFD. */
  public String text() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Value value && Arrays.equals(bytes, value.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** For logs: how long, not what. */
  @Override
  public String toString() {
    return bytes.length + " bytes";
  }
}
