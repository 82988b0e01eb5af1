package io.tenon.transport.nvmetcp.internal.initiator;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Stands between initiator and target, and can fall silent, or reset all connections. */
final class TcpRelay implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
  private final InetSocketAddress target;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
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
        Socket controller = new Socket(target.getAddress(), target.getPort());
        // Closing resets.
        host.setSoLinger(true, 0);
        controller.setSoLinger(true, 0);
        sockets.add(host);
        sockets.add(controller);
        Thread.ofVirtual().start(() -> pass(host, controller));
        Thread.ofVirtual().start(() -> pass(controller, host));
      }
    } catch (IOException closed) {
      silent = true; // by close()
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] buffer = new byte[65536];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        if (!silent) out.write(buffer, 0, got);
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
