package io.tenon.nvme;

import io.tenon.nvme.ConnectionPause.State;
import io.tenon.reactor.StreamSocket;

/**
 * Whether the transport that went on with a connection takes what its host sends: until then the host's pause is not over. A transport that never does
 * looks from outside like one whose host has nothing to say. The socket's reactor only.
 */
final class Hearing {
  /** Then whoever serves the socket has been called in between. */
  private static final long SOON_NS = 1_000_000;

  private static final long LATER_NS = 20_000_000;

  /** Of a host that was silent for so long nothing more is asked. */
  private static final long QUIET_NS = 3_000_000_000L;

  private final StreamSocket socket;
  private final NvmeQueue queue;
  private final QueueTransport transport;
  private final ConnectionPause pause;
  private final long sinceNs;
  private final long receivedBefore;
  private boolean suspected;
  private long suspectedNs;

  private Hearing(StreamSocket socket, NvmeQueue queue, ConnectionPause pause) {
    this.socket = socket;
    this.queue = queue;
    this.transport = queue.transport();
    this.pause = pause;
    this.sinceNs = socket.reactor().nowNs();
    this.receivedBefore = socket.received();
  }

  /** From the moment when its transport has taken the connection over. */
  static void begin(StreamSocket socket, NvmeQueue queue, ConnectionPause pause) {
    new Hearing(socket, queue, pause).look();
  }

  private void look() {
    if (!socket.isOpen()) end(State.BROKEN);
    else if (!queue.transport().equals(transport)) end(State.OVER); // it is left once more
    else if (socket.received() != receivedBefore) end(State.OVER);
    else if (socket.hasUnread()) unread();
    else quiet();
  }

  private void end(State how) {
    if (pause.state() == State.WAITING) pause.end(how, nowNs());
  }

  private long nowNs() {
    return socket.reactor().nowNs();
  }

  private void quiet() {
    end(State.OVER);
    suspected = false;
    if (nowNs() - sinceNs < QUIET_NS) again(LATER_NS);
  }

  /** It may just have come: only what is there a while later is not taken. */
  private void unread() {
    if (pause.state() == State.OVER) {
      if (suspected) pause.goesOn(suspectedNs);
      suspected = true;
      suspectedNs = nowNs();
    }
    again(nowNs() - suspectedNs < LATER_NS || nowNs() - sinceNs < LATER_NS ? SOON_NS : LATER_NS);
  }

  private void again(long inNs) {
    socket.reactor().schedule(inNs, this::look);
  }
}
