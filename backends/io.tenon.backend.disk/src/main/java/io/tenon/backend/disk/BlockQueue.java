package io.tenon.backend.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.linux.DiscardLimits;
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

  private final int major;
  private final int minor;
  private final Path directory;

  private BlockQueue(int major, int minor) {
    this.major = major;
    this.minor = minor;
    this.directory = Path.of("/sys/dev/block", major + ":" + minor);
  }

  static BlockQueue of(int major, int minor) {
    return new BlockQueue(major, minor);
  }

  boolean canDiscard() {
    try {
      return DiscardLimits.of(major, minor).canDiscard();
    } catch (IOException e) {
      log.warn(
          "{}: counts as a disk that cannot unmap, because its limits cannot be read", this, e);
      return false;
    }
  }

  /** Who keeps it busy, for people; empty when that cannot be found out. */
  Optional<String> user() {
    try {
      var mounts = Files.readAllBytes(MOUNTS);
      var mountPoint = mountPoint(mounts, toString());
      if (mountPoint.isPresent()) return Optional.of("It is mounted at " + mountPoint.get() + ".");
      for (Path partition : partitions()) {
        String number = Files.readString(partition.resolve("dev")).trim();
        var inner = mountPoint(mounts, number);
        if (inner.isEmpty()) continue;
        return Optional.of(
            "Its partition " + partition.getFileName() + " is mounted at " + inner.get() + ".");
      }
      var holders = names(directory.resolve("holders"));
      if (holders.isEmpty()) return Optional.empty();
      return Optional.of("It is held by " + String.join(", ", holders) + ".");
    } catch (IOException e) {
      log.debug("who uses {} cannot be found out", this, e);
      return Optional.empty();
    }
  }

  private static Optional<String> mountPoint(byte[] mounts, String number) {
    for (String line : (Iterable<String>) new String(mounts, UTF_8).lines()::iterator) {
      var fields = line.split(" ");
      if (fields.length > MOUNT_POINT && fields[MOUNT_DEVICE].equals(number)) {
        return Optional.of(fields[MOUNT_POINT]);
      }
    }
    return Optional.empty();
  }

  private List<Path> partitions() throws IOException {
    var found = new ArrayList<Path>();
    try (var entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) if (Files.exists(entry.resolve("partition"))) found.add(entry);
    }
    return found;
  }

  private static List<String> names(Path folder) throws IOException {
    var found = new ArrayList<String>();
    try (var entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) found.add(entry.getFileName().toString());
    }
    return found;
  }

  /** As the kernel writes its number. */
  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
