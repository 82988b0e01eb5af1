package io.tenon.shell.internal;

/** How far something is, such as {@code [#######.............]}. */
final class ProgressBar {
  private static final int WIDTH = 20;

  private ProgressBar() {}

  static String of(int percent) {
    int full = Math.clamp(percent, 0, 100) * WIDTH / 100;
    return "[" + "#".repeat(full) + ".".repeat(WIDTH - full) + "]";
  }
}
