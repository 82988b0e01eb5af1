package io.tenon.assembly;

import java.util.Locale;

/** Sizes for people. */
final class Sizes {
  private Sizes() {}

  static String text(long bytes) {
    if (bytes < 1024) return bytes + " B";
    if (bytes < 1 << 20) return String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0);
    return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }
}
