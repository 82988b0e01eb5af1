package io.tenon.metadata;

import java.nio.charset.StandardCharsets;

/** What keys and prefixes have in common. */
final class Text {
  private static final int ASCII_END = 128;

  private Text() {}

  static void checkEncodable(String text, int mostBytes, String name) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException("a " + name + " is text that UTF-8 can say");
    }
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length > mostBytes) {
      throw new IllegalArgumentException(
          "a %s has at most %d bytes, this has %d".formatted(name, mostBytes, length));
    }
  }

  static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= ASCII_END) return false;
    }
    return true;
  }
}
