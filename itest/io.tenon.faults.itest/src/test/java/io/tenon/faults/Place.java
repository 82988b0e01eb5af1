package io.tenon.faults;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;

/**
 * Where a node runs and is reached; the same after it was killed, since children are named by it.
 *
 * @param within words of a command that runs another one elsewhere; none for here
 */
record Place(List<String> within, String address, int nvmePort) {
  /** Below those that the kernel gives to whoever connects, so that none is taken while a node is dead. */
  private static final int FIRST_PORT = 22_000;

  private static final int PORTS = 1_000;
  private static int next = (int) (ProcessHandle.current().pid() * 20 % PORTS);

  /** On a port that is free, and that no other node of this process has. */
  static synchronized Place onLoopback() {
    for (int tries = 0; tries < PORTS; tries++) {
      int port = FIRST_PORT + next++ % PORTS;
      if (isFree(port)) return new Place(List.of(), "127.0.0.1", port);
    }
    throw new AssertionError("no free port from " + FIRST_PORT + " on");
  }

  private static boolean isFree(int port) {
    try (var probe = new Socket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
