package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file that one distribution serves as a volume, and a host that reads and writes it over NVMe/TCP: another node, of the full distribution. */
final class ServedVolume {
  private static final Pattern URI = Pattern.compile("(?m)^uri +(\\S+)");
  private static final Pattern NAME = Pattern.compile("(?m)^name +(\\S+)");
  private static final long BYTES = 32 << 20;

  private ServedVolume() {}

  /** Starts {@code home}, has it serve a file by a backend of this scheme, and checks what a host reads. */
  static void mustWork(Path home, String scheme, Path folder) throws Exception {
    try (var node = NodeProcess.startReady(home, folder, "server")) {
      mustServe(home, folder.resolve("server"), scheme, folder);
      assertEquals(0, node.terminate());
    }
  }

  /**
   * @param data of the node that serves, which runs
   */
  static void mustServe(Path home, Path data, String scheme, Path folder) throws Exception {
    Path disk = Files.createDirectories(folder).resolve("disk-" + scheme);
    try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(BYTES);
    }
    String device = scheme + "://" + disk + "?blk_size=512";
    String name = found(NAME, NodeProcess.say(home, data, "tenon:device", "create", device));
    mustReadAndWrite(
        NodeProcess.say(home, data, "tenon:share", "create", name), folder, "host-of-" + scheme);
    boolean isWritten;
    try (var file = Files.newInputStream(disk)) {
      isWritten = false;
      for (byte one : file.readNBytes(8 << 20)) isWritten |= one != 0;
    }
    assertTrue(isWritten, "what the host wrote is in the file");
  }

  /**
   * What a host sees: it writes, and reads back what it wrote.
   *
   * @param shared what the shell said when the volume was shared or published, with its URI
   * @param name of the host's folder
   */
  static void mustReadAndWrite(String shared, Path folder, String name) throws Exception {
    String uri = found(URI, shared);
    Path host = NodeProcess.home(Files.createDirectories(folder.resolve(name)));
    try (var node = NodeProcess.startReady(host, folder, name + "-data")) {
      Path hosts = folder.resolve(name + "-data");
      String remote = found(NAME, NodeProcess.say(host, hosts, "tenon:device", "create", uri));
      String load =
          NodeProcess.say(
              host, hosts, "tenon:load", "run", remote, "--seconds", "2", "--size", "8MiB");
      assertTrue(Pattern.compile("(?m)^wrong +0$").matcher(load).find(), load);
      assertTrue(Pattern.compile("(?m)^errors +0$").matcher(load).find(), load);
      NodeProcess.say(host, hosts, "tenon:device", "destroy", remote);
      assertEquals(0, node.terminate());
    }
  }

  private static String found(Pattern pattern, String said) {
    Matcher matcher = pattern.matcher(said);
    assertTrue(matcher.find(), said);
    return matcher.group(1);
  }
}
