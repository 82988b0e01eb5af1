package io.tenon.nvme;

import java.util.List;

/**
 * What a transport leaves of one subsystem alone: the connections of its hosts, without the port that they came by. Another version of the transport
 * tries those, or gives them back.
 *
 * @param uriScheme {@link Transport#uriScheme()}; a transport of the same takes over
 * @param nqn of the subsystem
 * @param connections each parked, and all of this subsystem
 */
public record SubsystemHandover(String uriScheme, String nqn, List<ParkedConnection> connections) {
  public SubsystemHandover {
    connections = List.copyOf(connections);
  }

  /** Nobody takes over: the connections end. Any thread; idempotent, and without an effect on what was adopted. */
  public void end(String reason) {
    for (var connection : connections) {
      connection.socket().reactor().execute(() -> connection.end(reason));
    }
  }
}
