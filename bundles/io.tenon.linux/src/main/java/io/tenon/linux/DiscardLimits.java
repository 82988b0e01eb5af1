package io.tenon.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a block device says of discarding, in {@code /sys/dev/block/MAJOR:MINOR/queue}
 * (Documentation/ABI/stable/sysfs-block of the kernel).
 *
 * @param granularityBytes what lies in an unaligned end of a range may be kept; 0 when the device does not say
 * @param maxBytes largest range of one command, to which the kernel splits larger ones; 0 when the device cannot discard
 */
public record DiscardLimits(long granularityBytes, long maxBytes) {
  private static final Path DEVICES = Path.of("/sys/dev/block");

  /** Of a device without a queue, or of none. */
  public static final DiscardLimits NONE = new DiscardLimits(0, 0);

  /**
   * @throws IOException when they are there and cannot be read
   */
  public static DiscardLimits of(int major, int minor) throws IOException {
    return in(DEVICES.resolve(major + ":" + minor));
  }

  static DiscardLimits in(Path device) throws IOException {
    // A partition has the queue of its disk.
    for (String queue : List.of("queue", "../queue")) {
      Path limits = device.resolve(queue);
      if (!Files.isDirectory(limits)) continue;
      return new DiscardLimits(
          number(limits.resolve("discard_granularity")),
          number(limits.resolve("discard_max_bytes")));
    }
    return NONE;
  }

  private static long number(Path file) throws IOException {
    if (!Files.exists(file)) return 0;
    String text = Files.readString(file).trim();
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IOException(file + " holds no number: " + text, e);
    }
  }

  public boolean canDiscard() {
    return maxBytes > 0;
  }
}
