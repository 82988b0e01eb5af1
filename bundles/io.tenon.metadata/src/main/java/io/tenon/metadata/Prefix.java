package io.tenon.metadata;

import java.nio.charset.StandardCharsets;

/**
 * All keys that begin with a text. It may end inside a word: {@code …/Pool} matches {@code …/PoolSpec/a}.
 *
 * @param text empty for all keys
 */
public record Prefix(String text) {
  public static final Prefix ALL = new Prefix("");

  public Prefix {
    Text.checkEncodable(text, Key.MOST_BYTES, "prefix");
  }

  public static Prefix of(String text) {
    return new Prefix(text);
  }

  public boolean matches(Key key) {
    return key.text().startsWith(text);
  }

  /** In UTF-8. */
  public byte[] bytes() {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return text;
  }
}
