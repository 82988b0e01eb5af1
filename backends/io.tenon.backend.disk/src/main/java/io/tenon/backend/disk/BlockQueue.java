package io.tenon.backend.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What sysfs and the mount table say of a block device. */
final class BlockQueue {
  private static final Logger log = LoggerFactory.getLogger(BlockQueue.class);
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
  private static final int MOUNT_DEVICE = 2;
  private static final int MOUNT_POINT = 4;

  private final String number;
  private final Path directory;

  private BlockQueue(String number) {
    this.number = number;
    this.directory = Path.of("/sys/dev/block", number);
  }

  static BlockQueue of(int major, int minor) {
    return new BlockQueue(major + ":" + minor);
  }

  boolean canDiscard() {
    // A partition has the queue of its disk.
    for (String queue : List.of("queue", "../queue")) {
      var limit = directory.resolve(queue).resolve("discard_max_bytes");
      if (!Files.exists(limit)) continue;
      try {
        return Long.parseLong(Files.readString(limit).trim()) > 0;
      } catch (IOException | NumberFormatException e) {
        log.warn("{} cannot be read: the disk counts as one that cannot unmap", limit, e);
        return false;
      }
    }
    return false;
  }

  /** Who keeps it busy, for people; empty when that cannot be found out. */
  Optional<String> user() {
    try {
      for (String line : Files.readAllLines(MOUNTS)) {
        var fields = line.split(" ");
        if (fields.length > MOUNT_POINT && fields[MOUNT_DEVICE].equals(number)) {
          return Optional.of("It is mounted at " + fields[MOUNT_POINT] + ".");
        }
      }
      var holders = new ArrayList<String>();
      try (var found = Files.newDirectoryStream(directory.resolve("holders"))) {
        for (Path holder : found) holders.add(holder.getFileName().toString());
      }
      if (holders.isEmpty()) return Optional.empty();
      return Optional.of("It is held by " + String.join(", ", holders) + ".");
    } catch (IOException e) {
      log.debug("who uses {} cannot be found out", number, e);
      return Optional.empty();
    }
  }
}
