package io.tenon.node.internal;

import java.util.Locale;

/** Durations as people read them. */
final class Seconds {
  private Seconds() {}

  static String text(double seconds) {
    return String.format(Locale.ROOT, "%.2f", seconds);
  }
}
