package io.tenon.shell.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceUri;
import io.tenon.shell.api.ShellSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Set;

/**
 * What operators may open as a device: disks, memory, replicas and other nodes, but no file. With a file as a device an operator could
 * overwrite the list of those who may log in, and be admin.
 */
final class DiskRule {
  private static final Set<String> NO_FILES = Set.of("malloc", "null", "bdev", "loopback", "nvmf");
  private static final Set<String> PATHS = Set.of("aio", "uring");

  /** Of {@code st_mode}, stat(2). */
  private static final int FORMAT = 0170000;

  private static final int BLOCK_DEVICE = 0060000;

  private DiskRule() {}

  /**
   * @param named URI, path, or name of a device
   * @throws Refused when it may reach a file
   */
  static void check(String named) throws Refused {
    if (named.indexOf('/') < 0 && named.indexOf(':') < 0)
      return; // the name of one that is open already
    if (named.startsWith("/")) {
      mustBeDisk(named, named);
      return;
    }
    DeviceUri uri;
    try {
      uri = DeviceUri.parse(named);
    } catch (DeviceException e) {
      throw new Refused(String.valueOf(e.getMessage()));
    }
    if (NO_FILES.contains(uri.scheme()) || uri.scheme().startsWith("nvmf+")) return;
    if (!PATHS.contains(uri.scheme())) {
      throw refused(named, "Nothing is known here of what scheme " + uri.scheme() + " opens.");
    }
    if (!uri.host().isEmpty()) throw refused(named, "It names a host.");
    mustBeDisk(named, uri.path());
  }

  private static void mustBeDisk(String named, String path) throws Refused {
    try {
      Path real = Path.of(path).toRealPath();
      Object mode = Files.getAttribute(real, "unix:mode");
      boolean isDisk =
          real.startsWith("/dev")
              && !real.startsWith("/dev/shm") // anybody may put links there
              && mode instanceof Integer bits
              && (bits & FORMAT) == BLOCK_DEVICE;
      if (!isDisk) throw refused(named, "It is no disk of this machine.");
    } catch (IOException | InvalidPathException e) {
      throw refused(named, "It is no disk of this machine.");
    }
  }

  /** The same for a file that is there and one that is not: who asks learns nothing of it. */
  private static Refused refused(String named, String why) {
    return new Refused(
        "%s was not opened. %s Role operator opens disks below /dev, memory, replicas and devices of other nodes; only role admin may open files."
            .formatted(named, why),
        ShellSession.NOT_ALLOWED);
  }
}
