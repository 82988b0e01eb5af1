package io.tenon.shell.attach;

import io.tenon.error.TenonException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The place of a node's shell socket. */
public final class ShellSocket {
  /** {@code sun_path} of unix(7), less its closing zero. */
  private static final int MAX_PATH_BYTES = 107;

  private ShellSocket() {}

  public static Path in(Path dataDirectory) {
    return dataDirectory.toAbsolutePath().normalize().resolve("shell").resolve("socket");
  }

  /**
   * @throws TenonException when the path is longer than Linux allows for a socket
   */
  public static UnixDomainSocketAddress address(Path socket) throws TenonException {
    int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_PATH_BYTES) {
      throw new TenonException(
          "The shell cannot be attached to: no socket at " + socket + ".",
          "The path has " + length + " bytes; Linux allows " + MAX_PATH_BYTES + ".",
          "Choose a data directory with a shorter path.");
    }
    return UnixDomainSocketAddress.of(socket);
  }
}
