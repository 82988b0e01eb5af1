package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceUri;
import java.net.URI;
import java.util.Optional;
import java.util.UUID;

/**
 * {@code nvmf[+tcp|+rdma+tcp]://host[:port]/nqn[?uuid=…&hostnqn=…]}; parameters that are not known are ignored. {@code
 * hdgst} and {@code ddgst} ask for digests, and {@code hostid=} gives the host id for this device; Mayastor has none of them.
 *
 * @param name of the device: namespace 1
 */
record RemoteUri(
    String name,
    String host,
    int port,
    String nqn,
    Optional<UUID> uuid,
    Optional<String> hostNqn,
    Optional<UUID> hostId,
    boolean headerDigest,
    boolean dataDigest) {
  private static final int DEFAULT_PORT = 8420;
  private static final int MAX_NQN_BYTES = 223;

  static RemoteUri of(DeviceUri uri) throws DeviceException {
    if (uri.host().isEmpty()) throw uri.invalid("It has no host.");
    String nqn = uri.name();
    if (URI.create(uri.text()).getRawPath().lastIndexOf('/') > 0) {
      throw uri.invalid("It has too many path segments; one NQN is wanted, with %2F for a slash.");
    }
    if (nqn.length() > MAX_NQN_BYTES) throw uri.invalid("Its NQN is longer than 223 bytes.");
    String hostNqn = uri.parameter("hostnqn").orElse("");
    if (hostNqn.length() > MAX_NQN_BYTES) {
      throw uri.badParameter("Parameter hostnqn is longer than 223 bytes.");
    }
    String address = uri.port() < 0 ? uri.host() : uri.host() + ":" + uri.port();
    return new RemoteUri(
        address + "/" + nqn + "n1",
        uri.host(),
        uri.port() < 0 ? DEFAULT_PORT : uri.port(),
        nqn,
        uri.uuid(),
        hostNqn.isEmpty() ? Optional.empty() : Optional.of(hostNqn),
        uri.uuid("hostid"),
        uri.flag("hdgst"),
        uri.flag("ddgst"));
  }

  /** For people. */
  String controller() {
    return name.substring(0, name.length() - 2);
  }
}
