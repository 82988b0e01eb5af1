package io.tenon.reactor.internal;

import io.tenon.error.Check;
import io.tenon.linux.Descriptors;
import io.tenon.linux.Epoll;
import io.tenon.linux.Errno;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Memory;
import io.tenon.linux.Sockets;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP connection on a loop.
 *
 * <pre>
 * Connecting ─► Open ─► Broken ─► Closed
 *     └───────────────────┴─────────┘
 * </pre>
 *
 * Broken: the peer or the network ended it; the handler will be told at the end of the round, when nothing of it is on the
 * stack.
 */
final class TcpSocket extends Registration implements StreamSocket {
  private static final Logger log = LoggerFactory.getLogger(TcpSocket.class);

  /** {@code struct msghdr}, 64 bit: iov at 16, its count at 24. */
  private static final int MSGHDR_BYTES = 56;

  private static final int MSGHDR_IOV = 16;
  private static final int MSGHDR_IOVLEN = 24;
  private static final int IOVEC_BYTES = 16;

  private enum State {
    CONNECTING,
    OPEN,
    BROKEN,
    CLOSED
  }

  private final EventLoop loop;
  private final int fd;
  private final InetSocketAddress local;
  private final InetSocketAddress peer;
  private final Arena arena = Arena.ofConfined();
  private final long sendHeader = arena.allocate(MSGHDR_BYTES, Long.BYTES).address();
  private final long receiveHeader = arena.allocate(MSGHDR_BYTES, Long.BYTES).address();
  private final long receiveVectors = arena.allocate(2 * IOVEC_BYTES, Long.BYTES).address();
  private SocketHandler handler;
  private State state;
  private boolean reading = true;
  private boolean wantsToWrite;
  private int mask;
  private long received;
  private String error = "";

  private TcpSocket(
      EventLoop loop,
      int fd,
      InetSocketAddress local,
      InetSocketAddress peer,
      SocketHandler handler,
      State state) {
    this.loop = loop;
    this.fd = fd;
    this.local = local;
    this.peer = peer;
    this.handler = handler;
    this.state = state;
    Memory.putLong(receiveHeader + MSGHDR_IOV, receiveVectors);
    Memory.putLong(receiveHeader + MSGHDR_IOVLEN, 2);
  }

  /** On {@code loop}. */
  static void accepted(
      EventLoop loop,
      int fd,
      InetSocketAddress local,
      InetSocketAddress peer,
      Reactor.Acceptor acceptor) {
    var socket = new TcpSocket(loop, fd, local, peer, SocketHandler.none(), State.OPEN);
    try {
      socket.register(Epoll.IN);
    } catch (LinuxException e) {
      log.error("{}: a connection of {} cannot be watched: {}", loop.name(), peer, e.getMessage());
      Descriptors.close(fd);
      return;
    }
    try {
      socket.handler = acceptor.accepted(socket);
    } catch (Throwable bug) {
      socket.failed(bug);
    }
  }

  /** On {@code loop}. */
  static TcpSocket connecting(EventLoop loop, int fd, InetSocketAddress peer, SocketHandler handler)
      throws LinuxException {
    Check.that(loop.isCurrent(), "a socket is made on its reactor");
    try {
      var socket = new TcpSocket(loop, fd, Sockets.local(fd), peer, handler, State.CONNECTING);
      socket.register(Epoll.OUT);
      return socket;
    } catch (LinuxException e) {
      Descriptors.close(fd);
      throw e;
    }
  }

  private void register(int events) throws LinuxException {
    mask = events;
    loop.register(fd, events, this);
    loop.countSockets(1);
  }

  @Override
  int ready(int events) {
    if (state == State.CONNECTING) {
      finishConnecting();
      return 1;
    }
    if (state != State.OPEN) return 0;
    if ((events & Epoll.ERR) != 0) {
      // A peer that resets takes back what is still unread here.
      broken(Sockets.error(fd));
      return 1;
    }
    int work = 0;
    if (wantsToWrite && (events & (Epoll.OUT | Epoll.HUP)) != 0) {
      wantsToWrite = false;
      applyMask();
      handler.writable();
      work++;
    }
    if (state == State.OPEN && reading) {
      int done = handler.readable();
      if (done > 0) loop.hot().worked(this, loop.nowNs());
      work += done;
    } else if (state == State.OPEN && (events & Epoll.HUP) != 0) {
      broken(Sockets.error(fd));
      work++;
    }
    return work;
  }

  /** The loop asks on the chance that something has come. */
  int ask() {
    if (state != State.OPEN || !reading) return 0;
    try {
      return handler.readable();
    } catch (Throwable bug) {
      failed(bug);
      return 1;
    }
  }

  private void finishConnecting() {
    int errno = Sockets.error(fd);
    if (errno != 0) {
      broken(errno);
      return;
    }
    state = State.OPEN;
    applyMask();
    handler.connected();
  }

  @Override
  void failed(Throwable bug) {
    log.error("{}: the connection of {} is closed because of a bug", loop.name(), peer, bug);
    if (state == State.OPEN || state == State.CONNECTING) breakFor("an error in this node");
  }

  @Override
  void loopEnds() {
    if (state == State.OPEN || state == State.CONNECTING) breakFor("the reactor stops");
  }

  @Override
  public Reactor reactor() {
    return loop;
  }

  @Override
  public InetSocketAddress local() {
    return local;
  }

  @Override
  public InetSocketAddress peer() {
    return peer;
  }

  @Override
  public void handler(SocketHandler successor) {
    this.handler = successor;
  }

  @Override
  public int receive(long address, int lengthBytes) {
    if (state != State.OPEN) return CLOSED;
    return received(loop.calls().recv(fd, address, lengthBytes));
  }

  @Override
  public int receive(long address1, int lengthBytes1, long address2, int lengthBytes2) {
    if (state != State.OPEN) return CLOSED;
    Memory.putLong(receiveVectors, address1);
    Memory.putLong(receiveVectors + Long.BYTES, lengthBytes1);
    Memory.putLong(receiveVectors + IOVEC_BYTES, address2);
    Memory.putLong(receiveVectors + IOVEC_BYTES + Long.BYTES, lengthBytes2);
    return received(loop.calls().recvmsg(fd, receiveHeader));
  }

  private int received(long result) {
    if (result > 0) {
      received += result;
      return (int) result;
    }
    if (result == -Errno.EAGAIN || result == -Errno.EINTR) return WOULD_BLOCK;
    broken((int) -result);
    return CLOSED;
  }

  @Override
  public long received() {
    return received;
  }

  @Override
  public boolean hasUnread() {
    return state == State.OPEN && loop.calls().peek(fd, receiveVectors, 1) >= 0;
  }

  @Override
  public boolean send(SendVectors vectors) {
    if (state != State.OPEN || wantsToWrite) return false;
    while (!vectors.isEmpty()) {
      Memory.putLong(sendHeader + MSGHDR_IOV, vectors.head());
      Memory.putLong(
          sendHeader + MSGHDR_IOVLEN, Math.min(vectors.count(), SendVectors.MAX_PER_CALL));
      long result = loop.calls().sendmsg(fd, sendHeader);
      if (result >= 0) {
        vectors.advance(result);
      } else if (result == -Errno.EAGAIN) {
        wantsToWrite = true;
        applyMask();
        return false;
      } else if (result != -Errno.EINTR) {
        broken((int) -result);
        return false;
      }
    }
    return true;
  }

  @Override
  public void reading(boolean wanted) {
    if (reading == wanted) return;
    reading = wanted;
    if (state == State.OPEN) applyMask();
  }

  private void applyMask() {
    int wanted = (reading ? Epoll.IN : 0) | (wantsToWrite ? Epoll.OUT : 0);
    if (wanted == mask) return;
    mask = wanted;
    loop.changeMask(fd, wanted, this);
  }

  private void broken(int errno) {
    breakFor(errno == 0 ? "closed by the peer" : Errno.text(errno));
  }

  private void breakFor(String reason) {
    state = State.BROKEN;
    error = reason;
    release();
    loop.atEndOfRound(this::tellClosed);
  }

  private void tellClosed() {
    if (state == State.CLOSED) return;
    state = State.CLOSED;
    handler.closed(error);
  }

  private void release() {
    loop.hot().remove(this);
    loop.unregister(fd, this);
    loop.countSockets(-1);
    Descriptors.close(fd);
    arena.close();
  }

  @Override
  public String error() {
    return error;
  }

  @Override
  public boolean isOpen() {
    return state == State.OPEN;
  }

  @Override
  public void close() {
    if (state == State.OPEN || state == State.CONNECTING) release();
    state = State.CLOSED;
  }

  @Override
  public void abort() {
    if (state == State.OPEN || state == State.CONNECTING) {
      try {
        Sockets.resetOnClose(fd);
      } catch (LinuxException e) {
        log.error("{}: the connection of {} is not reset: {}", loop.name(), peer, e.getMessage());
      }
    }
    close();
  }
}
