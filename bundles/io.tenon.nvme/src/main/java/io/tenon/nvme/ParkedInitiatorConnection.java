package io.tenon.nvme;

import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connection of this node to a controller of another one, between two versions of its transport. The socket lives and is not
 * read: what the controller sends waits in it. A value of an {@link io.tenon.block.Handover}, whose other values say what a successor
 * must know to go on.
 *
 * <pre>
 * Parked ─► Adopted     a successor goes on with it
 *   └─────► Over        the controller has ended it, or whoever holds the handover
 * </pre>
 *
 * The socket's reactor only, unless said otherwise.
 */
public final class ParkedInitiatorConnection implements SocketHandler, AutoCloseable {
  private enum State {
    PARKED,
    ADOPTED,
    OVER
  }

  /**
   * What keeps the controller from giving its host up meanwhile.
   *
   * @param capsules whole PDUs with a Keep Alive command each, to be sent in this order; each is sent once, for nobody here reads answers
   * @param everyNs pause before each of them
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record KeepAlives(List<byte[]> capsules, long everyNs) {
    /** For all connections but those of admin queues. */
    public static final KeepAlives NONE = new KeepAlives(List.of(), 0);

    public KeepAlives {
      capsules = List.copyOf(capsules);
    }
  }

  private final StreamSocket socket;
  private final KeepAlives keepAlives;
  private final Arena arena = Arena.ofAuto();
  private final SendVectors vectors = new SendVectors(arena, 2);
  private volatile State state = State.PARKED;
  private Reactor.@Nullable Timer timer;
  private int sent;

  private ParkedInitiatorConnection(StreamSocket socket, KeepAlives keepAlives) {
    this.socket = socket;
    this.keepAlives = keepAlives;
  }

  /** Takes the socket from the transport that calls; nothing of it waits to be sent. */
  public static ParkedInitiatorConnection park(StreamSocket socket, KeepAlives keepAlives) {
    var parked = new ParkedInitiatorConnection(socket, keepAlives);
    socket.reading(false);
    socket.handler(parked);
    parked.scheduleKeepAlive();
    return parked;
  }

  private void scheduleKeepAlive() {
    if (sent == keepAlives.capsules().size()) return;
    timer = socket.reactor().schedule(keepAlives.everyNs(), this::keepAlive);
  }

  private void keepAlive() {
    // What the socket has not taken goes when there is room, or with the connection.
    if (state != State.PARKED || !vectors.isEmpty()) return;
    byte[] capsule = keepAlives.capsules().get(sent++);
    MemorySegment copy = arena.allocate(capsule.length);
    Memory.copy(capsule, 0, copy.address(), capsule.length);
    vectors.add(copy.address(), capsule.length);
    socket.send(vectors);
    scheduleKeepAlive();
  }

  /** Any thread. */
  public Reactor reactor() {
    return socket.reactor();
  }

  /** Neither has anybody adopted it nor is it known to have ended. Any thread. */
  public boolean isParked() {
    return state == State.PARKED;
  }

  /** Of the capsules it was given: how many the controller has got, and answers. */
  public int keepAlivesSent() {
    return sent;
  }

  /**
   * {@code successor} serves the socket from now on; to read it is the successor's to begin.
   *
   * @return the socket; empty when the connection is over
   */
  public Optional<StreamSocket> adopt(SocketHandler successor) {
    if (!vectors.isEmpty()) end(); // in the middle of a PDU
    if (state != State.PARKED) return Optional.empty();
    state = State.ADOPTED;
    stopTimer();
    socket.handler(successor);
    return Optional.of(socket);
  }

  private void end() {
    if (state != State.PARKED) return;
    state = State.OVER;
    stopTimer();
    socket.close();
  }

  private void stopTimer() {
    if (timer != null) timer.cancel();
    timer = null;
  }

  /** Nobody goes on with it. Any thread; idempotent, and without an effect when it was adopted. */
  @Override
  public void close() {
    socket.reactor().execute(this::end);
  }

  // SocketHandler

  @Override
  public int readable() {
    return 0;
  }

  @Override
  public void writable() {
    socket.send(vectors);
  }

  @Override
  public void closed(String reason) {
    end();
  }
}
