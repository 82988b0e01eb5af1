package io.tenon.reactor.internal;

import io.tenon.error.Check;
import io.tenon.linux.Descriptors;
import io.tenon.linux.Epoll;
import io.tenon.linux.Errno;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Sockets;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Reactor;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A listening socket. Its descriptor is watched on one loop; connections go where the acceptor says. */
final class TcpListener extends Registration implements ListenSocket {
  private static final Logger log = LoggerFactory.getLogger(TcpListener.class);

  /** Rest when accepting fails, such as without free descriptors, so that the loop does not spin on it. */
  private static final long REST_NS = 100_000_000;

  private final EventLoop loop;
  private final int fd;
  private final InetSocketAddress local;

  // The loop's thread only, from the moment that it watches.
  private Reactor.@Nullable Acceptor acceptor;
  private boolean closed;

  private TcpListener(EventLoop loop, int fd, InetSocketAddress local, Reactor.Acceptor acceptor) {
    this.loop = loop;
    this.fd = fd;
    this.local = local;
    this.acceptor = acceptor;
  }

  /**
   * @param fd this listener's from now on, also when opening fails
   */
  static TcpListener open(EventLoop loop, int fd, Reactor.Acceptor acceptor) throws LinuxException {
    try {
      var listener = new TcpListener(loop, fd, Sockets.local(fd), acceptor);
      loop.execute(listener::watch);
      return listener;
    } catch (LinuxException e) {
      Descriptors.close(fd);
      throw e;
    }
  }

  private void watch() {
    if (closed) return;
    try {
      loop.register(fd, Epoll.IN, this);
    } catch (LinuxException e) {
      throw Check.bug("listener %s cannot be watched: %s", local, e.getMessage());
    }
  }

  @Override
  public InetSocketAddress local() {
    return local;
  }

  @Override
  int ready(int events) {
    var by = acceptor;
    if (by == null) return 0;
    int accepted = 0;
    for (int client = Sockets.accept(fd); client != -Errno.EAGAIN; client = Sockets.accept(fd)) {
      if (client >= 0) {
        accept(client, by);
        accepted++;
      } else if (client != -Errno.ECONNABORTED && client != -Errno.EINTR) {
        log.error("{}: no connection is accepted: {}", loop.name(), Errno.text(-client));
        loop.changeMask(fd, 0, this);
        loop.schedule(REST_NS, this::listenAgain);
        break;
      }
    }
    return accepted;
  }

  private void listenAgain() {
    if (!closed && acceptor != null) loop.changeMask(fd, Epoll.IN, this);
  }

  @Override
  public void pause() {
    loop.execute(
        () -> {
          acceptor = null; // who made it may be of a bundle that goes
          if (!closed) loop.changeMask(fd, 0, this);
        });
  }

  @Override
  public void resume(Reactor.Acceptor successor) {
    loop.execute(
        () -> {
          acceptor = successor;
          listenAgain();
        });
  }

  private void accept(int client, Reactor.Acceptor acceptor) {
    InetSocketAddress peer;
    InetSocketAddress own;
    try {
      peer = Sockets.peer(client);
      own = Sockets.local(client);
    } catch (LinuxException e) {
      log.debug("a connection was gone before it was accepted: {}", e.getMessage());
      Descriptors.close(client);
      return;
    }
    var chosen = acceptor.choose(peer);
    if (!(chosen instanceof EventLoop home)) {
      Descriptors.close(client);
      throw Check.bug("%s is no reactor of this node", chosen);
    }
    home.execute(() -> TcpSocket.accepted(home, client, own, peer, acceptor));
  }

  @Override
  void failed(Throwable bug) {
    log.error("{}: accepting on {} failed by a bug", loop.name(), local, bug);
  }

  @Override
  void loopEnds() {
    closeHere();
  }

  @Override
  public void close() {
    loop.execute(this::closeHere);
  }

  private void closeHere() {
    if (closed) return;
    closed = true;
    loop.unregister(fd, this);
    Descriptors.close(fd);
  }
}
