package io.tenon.engine.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files as sysfs, udev and proc have them, below a directory of the test. */
final class SystemTree {
  private final Path root;
  private final StringBuilder mounts = new StringBuilder();

  SystemTree(Path root) throws IOException {
    this.root = root;
    Files.createDirectories(root.resolve("sys/class/block"));
    Files.createDirectories(root.resolve("run/udev/data"));
    file("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
    mount("22 27 0:21 / /proc rw,relatime - proc proc rw");
  }

  Path root() {
    return root;
  }

  void file(String path, String content) throws IOException {
    file(path, content.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  void file(String path, byte[] content) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }

  /** A line of mountinfo. */
  void mount(String line) throws IOException {
    mounts.append(line).append('\n');
    file("proc/self/mountinfo", mounts.toString());
  }

  /**
   * @param bus directory below {@code sys/devices}
   * @return the directory of the disk, to put more into
   */
  String disk(String bus, String name, String number, long sectors) throws IOException {
    String directory = "sys/devices/" + bus + "/block/" + name;
    entry(directory, name, number, sectors, "disk");
    file(directory + "/queue/rotational", "0\n");
    file(directory + "/ro", "0\n");
    Files.createDirectories(root.resolve(directory + "/holders"));
    return directory;
  }

  String partition(String disk, String name, String number, int index, long sectors)
      throws IOException {
    String directory = disk + "/" + name;
    entry(directory, name, number, sectors, "partition");
    file(directory + "/partition", index + "\n");
    return directory;
  }

  private void entry(String directory, String name, String number, long sectors, String type)
      throws IOException {
    String[] parts = number.split(":");
    file(
        directory + "/uevent",
        "MAJOR=%s\nMINOR=%s\nDEVNAME=%s\nDEVTYPE=%s\n%s"
            .formatted(
                parts[0], parts[1], name, type, type.equals("partition") ? "PARTN=1\n" : ""));
    file(directory + "/dev", number + "\n");
    file(directory + "/size", sectors + "\n");
    Files.createSymbolicLink(
        root.resolve("sys/class/block").resolve(name), root.resolve(directory));
  }

  void udev(String number, String... lines) throws IOException {
    file("run/udev/data/b" + number, String.join("\n", lines) + "\n");
  }
}
