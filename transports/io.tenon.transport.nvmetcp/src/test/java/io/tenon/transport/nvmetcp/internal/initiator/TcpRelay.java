package io.tenon.transport.nvmetcp.internal.initiator;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Stands between initiator and target, and can fall silent, or reset all connections. */
final class TcpRelay implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
  private final InetSocketAddress target;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicLong swallowed = new AtomicLong();
  private volatile boolean silent;

  TcpRelay(InetSocketAddress target) throws IOException {
    this.target = target;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** Nothing passes any more, and no connection ends: as behind a cut cable. */
  void fallSilent() {
    silent = true;
  }

  /** Bytes that have not passed. */
  long swallowed() {
    return swallowed.get();
  }

  /** Who connects from now on is refused; connections that stand pass. */
  void refuse() throws IOException {
    server.close();
  }

  /** Connections are reset; new ones pass. */
  void reset() throws IOException {
    silent = false;
    for (Socket socket : sockets) socket.close();
    sockets.clear();
  }

  private void accept() {
    try {
      while (true) {
        Socket host = server.accept();
        Socket controller;
        try {
          controller = new Socket(target.getAddress(), target.getPort());
        } catch (ConnectException refused) {
          host.close(); // the target is not there just now
          continue;
        }
        // Closing resets.
        host.setSoLinger(true, 0);
        controller.setSoLinger(true, 0);
        sockets.add(host);
        sockets.add(controller);
        Thread.ofVirtual().start(() -> pass(host, controller));
        Thread.ofVirtual().start(() -> pass(controller, host));
      }
    } catch (IOException closed) {
      assert server.isClosed() : closed; // by close(), or refuse()
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] buffer = new byte[65536];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        if (silent) swallowed.addAndGet(got);
        else out.write(buffer, 0, got);
      }
    } catch (IOException ended) {
      sockets.remove(from); // by either end, or by reset()
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    reset();
  }
}
