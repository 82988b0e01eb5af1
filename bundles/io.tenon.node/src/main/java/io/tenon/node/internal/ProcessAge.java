package io.tenon.node.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How long this process runs, its start script included. From the kernel's own count since boot (proc(5): {@code stat}
 * field 22, {@code uptime}), because the wall clock may jump and {@link ProcessHandle.Info#startInstant} is off by up to a
 * second.
 */
final class ProcessAge {
  private static final double TICKS_PER_SECOND = 100; // USER_HZ, fixed for user space
  private static final int START_TIME = 22;
  private static final int FIRST_AFTER_NAME = 3;

  private ProcessAge() {}

  static double seconds() throws IOException {
    return seconds(
        Files.readString(Path.of("/proc/self/stat")), Files.readString(Path.of("/proc/uptime")));
  }

  static double seconds(String stat, String uptime) {
    // The second field is a name in parentheses that may itself have blanks and parentheses.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    double started = Long.parseLong(fields[START_TIME - FIRST_AFTER_NAME]) / TICKS_PER_SECOND;
    return Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) - started;
  }
}
