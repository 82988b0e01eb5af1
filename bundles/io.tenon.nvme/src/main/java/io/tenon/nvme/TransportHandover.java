package io.tenon.nvme;

import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Reactor;
import java.util.List;

/**
 * What a transport whose bundle goes leaves for its successor: the port, where who connects waits, and the connections.
 *
 * @param type kind of transport
 * @param uriScheme {@link Transport#uriScheme()}; a successor of the same takes over
 * @param reactor of the port
 * @param port paused
 * @param connections each parked
 */
public record TransportHandover(
    TransportType type,
    String uriScheme,
    Reactor reactor,
    ListenSocket port,
    List<ParkedConnection> connections) {
  public TransportHandover {
    connections = List.copyOf(connections);
  }

  /** Nobody takes over: the port is closed and the connections end. Any thread; idempotent, and without an effect on what was adopted. */
  public void end(String reason) {
    port.close();
    for (var connection : connections) {
      connection.socket().reactor().execute(() -> connection.end(reason));
    }
  }
}
