package io.tenon.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.UnknownHostException;

/**
 * An address and a port to listen on.
 *
 * @param port 0 lets the system choose one
 */
record Endpoint(InetAddress address, int port) {
  private static final String FORM = "Give ADDRESS:PORT, such as 127.0.0.1:10124 or [::1]:10124.";

  static Endpoint parse(Given given) throws RefusedException {
    String text = given.value();
    int colon = text.lastIndexOf(':');
    if (colon < 0) throw given.refused("It has no port.", FORM);
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw given.refused("An IPv6 address stands in brackets before its port.", FORM);
    }
    if (host.isEmpty()) throw given.refused("It has no address.", FORM);
    return new Endpoint(address(given, host), port(given, text.substring(colon + 1)));
  }

  private static int port(Given given, String text) throws RefusedException {
    if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > 65_535) {
      throw given.refused("Port \"" + text + "\" is not a number from 0 to 65535.", FORM);
    }
    return Integer.parseInt(text);
  }

  private static InetAddress address(Given given, String host) throws RefusedException {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw given.refused(
          "No address is known for " + host + ".", "Give an IP address of this machine.");
    }
  }

  /** Refuses what the node could not listen on, while there is nothing to clean up yet. */
  void mustBeFree(Given given) throws RefusedException {
    try (var probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(address, port));
    } catch (IOException e) {
      if (!isLocal()) {
        throw given.refused(
            "This machine has no address " + address.getHostAddress() + ".",
            "Give an address of this machine, or 127.0.0.1 for this machine only.");
      }
      throw given.refused(
          "It cannot be listened on: " + e.getMessage() + ".",
          "Stop what listens there, or give another port.");
    }
  }

  private boolean isLocal() {
    try {
      return address.isAnyLocalAddress()
          || address.isLoopbackAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return false;
    }
  }

  String host() {
    return address.getHostAddress();
  }
}
