package io.tenon.engine.internal;

import io.tenon.engine.api.BlockDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The block devices that Linux knows, as sysfs, the udev database and the mount table tell (sysfs(5),
 * systemd-udevd(8) {@code /run/udev/data}, proc_pid_mountinfo(5)). Reads only; opens no device.
 */
final class SystemDisks {
  /** Fields of a mountinfo line: the device is the third, the mount point the fifth. */
  private static final int MOUNTINFO_DEVICE = 2;

  private static final int MOUNTINFO_POINT = 4;

  private final Path root;

  /**
   * @param root {@code /}; elsewhere for a copy of the files that are read
   */
  SystemDisks(Path root) {
    this.root = root;
  }

  /**
   * @param all also those that a pool could not use
   */
  List<BlockDevice> list(boolean all) {
    var mounts = mounts();
    var found = new ArrayList<BlockDevice>();
    try (var names = Files.list(root.resolve("sys/class/block"))) {
      for (var directory : (Iterable<Path>) names.sorted()::iterator) {
        read(directory, mounts)
            .filter(device -> all || device.getAvailable())
            .ifPresent(found::add);
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("sysfs is not readable", e);
    }
    return found;
  }

  private Optional<BlockDevice> read(Path link, Map<String, List<String>> mounts)
      throws IOException {
    Path directory = link.toRealPath();
    var uevent = properties(directory.resolve("uevent"), "");
    String number = text(directory.resolve("dev"));
    long size = number(directory.resolve("size"));
    if (number.isEmpty() || size == 0) return Optional.empty();
    var udev = udev(number);
    String name = link.getFileName().toString();
    boolean partition = "partition".equals(uevent.get("DEVTYPE"));
    var mountPoints = mounts.getOrDefault(number, List.of());
    var device =
        BlockDevice.newBuilder()
            .setDevname("/dev/" + uevent.getOrDefault("DEVNAME", name))
            .setDevtype(uevent.getOrDefault("DEVTYPE", "disk"))
            .setDevmajor(Integer.parseInt(uevent.getOrDefault("MAJOR", "0")))
            .setDevminor(Integer.parseInt(uevent.getOrDefault("MINOR", "0")))
            .setModel(udev.property("ID_MODEL").orElse(text(directory.resolve("device/model"))))
            .setDevpath("/" + root.resolve("sys").toRealPath().relativize(directory))
            .addAllDevlinks(udev.links())
            .setSize(size)
            .setConnectionType(udev.property("ID_BUS").orElse(connection(directory)));
    rotational(partition ? parent(directory) : directory).ifPresent(device::setIsRotational);
    if (partition) device.setPartition(partition(directory, uevent, udev));
    var filesystem = filesystem(udev, mountPoints);
    filesystem.ifPresent(device::setFilesystem);
    boolean available =
        filesystem.isEmpty()
            && !hasEntries(directory.resolve("holders"))
            && !hasPartitions(directory)
            && number(directory.resolve("ro")) == 0;
    return Optional.of(device.setAvailable(available).build());
  }

  private static BlockDevice.Partition partition(
      Path directory, Map<String, String> uevent, Udev udev) {
    return BlockDevice.Partition.newBuilder()
        .setParent("/dev/" + parent(directory).getFileName())
        .setNumber(Integer.parseInt(uevent.getOrDefault("PARTN", "0")))
        .setName(udev.property("ID_PART_ENTRY_NAME").orElse(uevent.getOrDefault("PARTNAME", "")))
        .setScheme(udev.property("ID_PART_ENTRY_SCHEME").orElse(""))
        .setTypeid(udev.property("ID_PART_ENTRY_TYPE").orElse(""))
        .setUuid(udev.property("ID_PART_ENTRY_UUID").orElse(""))
        .build();
  }

  private static Optional<BlockDevice.Filesystem> filesystem(Udev udev, List<String> mountPoints) {
    var type = udev.property("ID_FS_TYPE");
    if (type.isEmpty() && mountPoints.isEmpty()) return Optional.empty();
    return Optional.of(
        BlockDevice.Filesystem.newBuilder()
            .setFstype(type.orElse(""))
            .setLabel(udev.property("ID_FS_LABEL").orElse(""))
            .setUuid(udev.property("ID_FS_UUID").orElse(""))
            .addAllMountpoints(mountPoints)
            .build());
  }

  private static Path parent(Path directory) {
    var parent = directory.getParent();
    return parent == null ? directory : parent;
  }

  private static String connection(Path directory) {
    String path = directory.toString();
    if (path.contains("/nvme")) return "nvme";
    if (path.contains("/virtio")) return "virtio";
    return "";
  }

  private static Optional<Boolean> rotational(Path directory) {
    String value = text(directory.resolve("queue/rotational"));
    return value.isEmpty() ? Optional.empty() : Optional.of(value.equals("1"));
  }

  private static boolean hasPartitions(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.anyMatch(entry -> Files.exists(entry.resolve("partition")));
    }
  }

  private static boolean hasEntries(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) return false;
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isPresent();
    }
  }

  private Map<String, List<String>> mounts() {
    var mounts = new HashMap<String, List<String>>();
    for (String line : lines(root.resolve("proc/self/mountinfo"))) {
      String[] fields = line.split(" ");
      if (fields.length <= MOUNTINFO_POINT) continue;
      mounts
          .computeIfAbsent(fields[MOUNTINFO_DEVICE], _ -> new ArrayList<>())
          .add(unescape(fields[MOUNTINFO_POINT]));
    }
    return mounts;
  }

  /** The kernel writes blank, tab, newline and backslash as octal, such as {@code \040}. */
  private static String unescape(String escaped) {
    return escaped
        .replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }

  /** What udev found out about a device: links below /dev, and properties. */
  private record Udev(List<String> links, Map<String, String> properties) {
    Optional<String> property(String name) {
      return Optional.ofNullable(properties.get(name));
    }
  }

  private Udev udev(String number) {
    Path entry = root.resolve("run/udev/data/b" + number);
    var links = new ArrayList<String>();
    for (String line : lines(entry)) {
      if (line.startsWith("S:")) links.add("/dev/" + line.substring(2));
    }
    return new Udev(links, properties(entry, "E:"));
  }

  private static Map<String, String> properties(Path file, String prefix) {
    var properties = new TreeMap<String, String>();
    for (String line : lines(file)) {
      int equals = line.indexOf('=');
      if (line.startsWith(prefix) && equals > 0) {
        properties.put(line.substring(prefix.length(), equals), line.substring(equals + 1));
      }
    }
    return properties;
  }

  /** Empty when the file is not there, as for a device that has just gone. */
  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }

  private static String text(Path file) {
    return String.join("\n", lines(file)).strip();
  }

  private static long number(Path file) {
    String text = text(file);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }
}
