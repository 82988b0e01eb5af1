package io.tenon.engine.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.engine.api.BlockDevice;
import io.tenon.error.TenonException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The block devices that Linux knows, as sysfs, the udev database and the mount table tell (sysfs(5),
 * systemd-udevd(8) {@code /run/udev/data}, proc_pid_mountinfo(5)). Reads only; opens no device.
 */
final class SystemDisks {
  private static final Logger log = LoggerFactory.getLogger(SystemDisks.class);

  /** Fields of a mountinfo line; behind the blank-dash-blank its file system's. */
  private static final int MOUNTINFO_DEVICE = 2;

  private static final int MOUNTINFO_POINT = 4;
  private static final String MOUNTINFO_SEPARATOR = " - ";
  private static final int MOUNTINFO_SOURCE = 1;

  private final Path root;

  /**
   * @param root {@code /}; elsewhere for a copy of the files that are read
   */
  SystemDisks(Path root) {
    this.root = root;
  }

  /**
   * @param all also those that a pool could not use
   * @throws TenonException when it cannot be known what is in use: better no list than one that offers disks with data
   */
  List<BlockDevice> list(boolean all) throws TenonException {
    try {
      var uses = new Uses(mounts(), swaps());
      var found = new ArrayList<BlockDevice>();
      for (Path link : entries(root.resolve("sys/class/block"))) {
        read(link, uses).filter(device -> all || device.getAvailable()).ifPresent(found::add);
      }
      return found;
    } catch (IOException e) {
      throw new TenonException(
          "The block devices were not listed.",
          "What the system says of them cannot be read: " + e + ".",
          "Give the node's user access to /sys and /proc.",
          e);
    }
  }

  /**
   * What the system itself uses.
   *
   * @param mountPoints by device number, and by the path of what was mounted: some file systems, such as btrfs, have a number
   *     of their own
   * @param swaps paths
   */
  private record Uses(Map<String, List<String>> mountPoints, Set<String> swaps) {
    List<String> mountPoints(String number, Set<String> paths) {
      var points = new TreeSet<>(mountPoints.getOrDefault(number, List.of()));
      for (String path : paths) points.addAll(mountPoints.getOrDefault(path, List.of()));
      return List.copyOf(points);
    }
  }

  /** Empty for a device that goes while it is read. */
  private Optional<BlockDevice> read(Path link, Uses uses) throws IOException {
    try {
      return device(link, uses);
    } catch (NoSuchFileException e) {
      log.debug("{} went while it was read", link, e);
      return Optional.empty();
    }
  }

  private Optional<BlockDevice> device(Path link, Uses uses) throws IOException {
    Path directory = link.toRealPath();
    var uevent = properties(directory.resolve("uevent"), "");
    String number = text(directory.resolve("dev"));
    long size = number(directory.resolve("size"));
    if (number.isEmpty() || size == 0) return Optional.empty();
    var udev = udev(number);
    String name = link.getFileName().toString();
    boolean partition = "partition".equals(uevent.get("DEVTYPE"));
    String path = "/dev/" + uevent.getOrDefault("DEVNAME", name);
    var paths = new TreeSet<>(udev.links());
    paths.add(path);
    var mountPoints = uses.mountPoints(number, paths);
    var device =
        BlockDevice.newBuilder()
            .setDevname(path)
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
            && Collections.disjoint(uses.swaps(), paths)
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
    for (Path entry : entries(directory)) {
      if (Files.exists(entry.resolve("partition"))) return true;
    }
    return false;
  }

  private static boolean hasEntries(Path directory) throws IOException {
    return Files.isDirectory(directory) && !entries(directory).isEmpty();
  }

  /** In the order of their names. */
  private static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private Map<String, List<String>> mounts() throws IOException {
    var mounts = new HashMap<String, List<String>>();
    for (String line : read(root.resolve("proc/self/mountinfo"))) {
      String[] fields = line.split(" ");
      if (fields.length <= MOUNTINFO_POINT) continue;
      String point = unescape(fields[MOUNTINFO_POINT]);
      add(mounts, fields[MOUNTINFO_DEVICE], point);
      int separator = line.indexOf(MOUNTINFO_SEPARATOR);
      if (separator < 0) continue;
      String[] ofSystem = line.substring(separator + MOUNTINFO_SEPARATOR.length()).split(" ");
      if (ofSystem.length > MOUNTINFO_SOURCE) {
        add(mounts, unescape(ofSystem[MOUNTINFO_SOURCE]), point);
      }
    }
    return mounts;
  }

  private static void add(Map<String, List<String>> mounts, String device, String point) {
    mounts.computeIfAbsent(device, _ -> new ArrayList<>()).add(point);
  }

  private Set<String> swaps() {
    var swaps = new TreeSet<String>();
    for (String line : lines(root.resolve("proc/swaps"))) swaps.add(unescape(line.split("\\s")[0]));
    return swaps;
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

  /** Empty when the file is not there, as for a device that has just gone, or one without that attribute. */
  private static List<String> lines(Path file) {
    try {
      return read(file);
    } catch (IOException e) {
      log.trace("{} cannot be read", file, e);
      return List.of();
    }
  }

  /** Names of mount points and labels may be in any encoding, which must not hide the rest of the file. */
  private static List<String> read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), UTF_8).lines().toList();
  }

  private static String text(Path file) {
    return String.join("\n", lines(file)).strip();
  }

  private static long number(Path file) {
    String text = text(file);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }
}
