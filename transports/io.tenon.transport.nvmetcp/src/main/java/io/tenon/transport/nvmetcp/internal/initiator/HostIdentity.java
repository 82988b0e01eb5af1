package io.tenon.transport.nvmetcp.internal.initiator;

import java.util.UUID;

/** How a controller knows this node. What a host has registered belongs to its id, so a device keeps its own for good. */
record HostIdentity(String nqn, UUID id) {
  static HostIdentity of(RemoteUri uri, InitiatorOptions options) {
    return new HostIdentity(
        uri.hostNqn().orElse(options.hostNqn()), uri.hostId().orElse(options.hostId()));
  }
}
