package io.tenon.nvme;

import io.tenon.error.Check;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.InetSocketAddress;

/**
 * A host's connection between two transports: its socket lives and is not read, nothing of it is with a device, and nothing waits
 * to be sent. What its successor must know to go on is a record in the transport's own format, which begins with its version.
 *
 * <pre>
 * Parked ─► Adopted     a transport of the same kind goes on with it
 *   │         └─► Over    who adopted it is gone and has not left it: {@link #abandon}
 *   └─────► Over        the host, the model or the deadline ended it
 * </pre>
 *
 * The socket's reactor only.
 */
public final class ParkedConnection implements SocketHandler, QueueTransport {
  private enum State {
    PARKED,
    ADOPTED,
    OVER
  }

  private final StreamSocket socket;
  private final NvmeQueue queue;
  private final TransportLimits limits;
  private final byte[] record;
  private final ConnectionPause pause;
  private State state = State.PARKED;

  private ParkedConnection(
      StreamSocket socket, NvmeQueue queue, TransportLimits limits, byte[] record, long sinceNs) {
    this.socket = socket;
    this.queue = queue;
    this.limits = limits;
    this.record = record;
    this.pause = new ConnectionPause(socket.peer(), sinceNs);
  }

  /**
   * Takes the socket and the queue from the transport that calls.
   *
   * @param sinceNs when the transport began to come to rest, by the reactor's clock: the host's pause counts from then
   */
  public static ParkedConnection park(
      StreamSocket socket, NvmeQueue queue, TransportLimits limits, byte[] record, long sinceNs) {
    var parked = new ParkedConnection(socket, queue, limits, record.clone(), sinceNs);
    socket.reading(false);
    socket.handler(parked);
    queue.transport(parked);
    return parked;
  }

  public StreamSocket socket() {
    return socket;
  }

  /** What the transport that parked it has noted. Any thread. */
  public byte[] record() {
    return record.clone();
  }

  /** What the host feels of it. Any thread. */
  public ConnectionPause pause() {
    return pause;
  }

  /** Nobody has ended it meanwhile. */
  public boolean isParked() {
    return state == State.PARKED;
  }

  /**
   * {@code successor} serves the queue from now on; the socket's handler and reading are for it to set.
   *
   * @return the queue of before, with all that the model knows of it
   */
  public NvmeQueue adopt(QueueTransport successor) {
    Check.that(state == State.PARKED, "a connection of %s is %s", peer(), state);
    state = State.ADOPTED;
    queue.transport(successor);
    Hearing.begin(socket, queue, pause);
    return queue;
  }

  /** Nobody goes on with it. Idempotent. */
  public void end(String reason) {
    if (state != State.PARKED) return;
    state = State.OVER;
    pause.end(ConnectionPause.State.BROKEN, socket.reactor().nowNs());
    socket.close();
    queue.disconnected(reason);
  }

  /**
   * Ends it when whoever adopted it is not there any more and has left it to nobody. Without an effect on one whose socket is closed.
   *
   * @param reason for logs and events
   */
  public void abandon(String reason) {
    end(reason);
    if (state != State.ADOPTED || !socket.isOpen()) return;
    state = State.OVER;
    pause.end(ConnectionPause.State.BROKEN, socket.reactor().nowNs());
    socket.close();
    queue.disconnected(reason);
  }

  // SocketHandler

  @Override
  public int readable() {
    return 0;
  }

  @Override
  public void writable() {
    // nothing waits to be sent
  }

  @Override
  public void closed(String reason) {
    end(reason);
  }

  // QueueTransport

  @Override
  public TransportLimits limits() {
    return limits;
  }

  @Override
  public InetSocketAddress local() {
    return socket.local();
  }

  @Override
  public InetSocketAddress peer() {
    return socket.peer();
  }

  @Override
  public void resize(int depth) {
    throw Check.bug("a queue got its depth of %d while its connection was parked", depth);
  }

  @Override
  public void disconnect(String reason) {
    end(reason);
  }
}
