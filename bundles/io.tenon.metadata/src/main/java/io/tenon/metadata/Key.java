package io.tenon.metadata;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Name of a fact, such as {@code /openebs.io/mayastor/apis/v0/clusters/…/PoolSpec/pool-a}. Ordered by the bytes of its UTF-8 text, as
 * stores list them.
 *
 * @param text 1 to 1024 bytes of UTF-8
 */
public record Key(String text) implements Comparable<Key> {
  public static final int MOST_BYTES = 1024;

  public Key {
    if (text.isEmpty()) throw new IllegalArgumentException("a key has at least one character");
    Text.checkEncodable(text, MOST_BYTES, "key");
  }

  public static Key of(String text) {
    return new Key(text);
  }

  /** In UTF-8. */
  public byte[] bytes() {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public int compareTo(Key other) {
    return Text.isAscii(text) && Text.isAscii(other.text)
        ? text.compareTo(other.text)
        : Arrays.compareUnsigned(bytes(), other.bytes());
  }

  @Override
  public String toString() {
    return text;
  }
}
