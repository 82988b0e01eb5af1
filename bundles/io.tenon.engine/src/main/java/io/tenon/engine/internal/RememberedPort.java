package io.tenon.engine.internal;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port that the system chose, for the next engine of this process: when the bundle is replaced, clients come back to where they were.
 * The framework forgets its bundles' files at each start of a node.
 */
record RememberedPort(Path file) {
  private static final Logger log = LoggerFactory.getLogger(RememberedPort.class);
  private static final int HIGHEST_PORT = 0xFFFF;

  /** The address that was asked for, at the port of before if any would do and that one is free. */
  InetSocketAddress of(InetSocketAddress asked) {
    if (asked.getPort() != 0) return asked;
    var before = new InetSocketAddress(asked.getAddress(), port());
    return isFree(before) ? before : asked;
  }

  private int port() {
    try {
      int port = Files.exists(file) ? Integer.parseInt(Files.readString(file).strip()) : 0;
      return port >= 0 && port <= HIGHEST_PORT ? port : 0;
    } catch (IOException | NumberFormatException e) {
      log.warn("{} does not tell which port the API had: {}", file, e.toString());
      return 0;
    }
  }

  private static boolean isFree(InetSocketAddress address) {
    try (var trial = new ServerSocket()) {
      trial.setReuseAddress(true);
      trial.bind(address);
      return true;
    } catch (IOException e) {
      log.warn(
          "The API was at {}, which is not free any more; clients have to look for it", address);
      return false;
    }
  }

  void keep(int port) {
    try {
      Files.writeString(file, Integer.toString(port));
    } catch (IOException e) {
      log.warn("The API's port is not remembered for a successor: {}", e.toString());
    }
  }
}
