package io.tenon.reactor.internal;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketException;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of bytes that are on their way when a connection ends: delivered after a close, taken back by an abort. */
class SocketEndTest {
  private static final int BYTES = 64;

  private final InetAddress here = InetAddress.getLoopbackAddress();
  private final Arena arena = Arena.ofShared();
  private final long memory = arena.allocate(BYTES).address();
  private final SendVectors vectors = new SendVectors(arena, 16);
  private ReactorService service;
  private Reactor reactor;

  @BeforeEach
  void start() throws Exception {
    service = new ReactorService(TestConfig.withCores(""));
    reactor = service.main();
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    arena.close();
  }

  private static <T> T await(CompletableFuture<T> coming) throws Exception {
    return coming.get(60, SECONDS);
  }

  private <T> void on(CompletableFuture<T> told, Step step) {
    reactor.execute(
        () -> {
          try {
            step.run();
          } catch (SocketException | RuntimeException e) {
            told.completeExceptionally(e);
          }
        });
  }

  private interface Step {
    void run() throws SocketException;
  }

  // ---- this end closes

  /** Connects to a peer that does not read yet, and sends. */
  private final class Sender implements SocketHandler {
    final CompletableFuture<Boolean> sent = new CompletableFuture<>();
    StreamSocket socket;

    @Override
    public void connected() {
      vectors.add(memory, BYTES);
      sent.complete(socket.send(vectors));
    }

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
      sent.completeExceptionally(new IOException(reason));
    }
  }

  private Sender sendTo(ServerSocket server) throws Exception {
    var sender = new Sender();
    var address = new InetSocketAddress(here, server.getLocalPort());
    on(sender.sent, () -> sender.socket = reactor.connect(address, sender));
    assertTrue(await(sender.sent));
    return sender;
  }

  @Test
  void whatWasSentBeforeACloseArrives() throws Exception {
    try (var server = new ServerSocket(0, 1, here)) {
      var sender = sendTo(server);
      try (var peer = server.accept()) {
        reactor.execute(sender.socket::close);
        assertEquals(BYTES, peer.getInputStream().readAllBytes().length);
      }
    }
  }

  @Test
  void anAbortResetsTheConnection() throws Exception {
    try (var server = new ServerSocket(0, 1, here)) {
      var sender = sendTo(server);
      try (var peer = server.accept()) {
        reactor.execute(sender.socket::abort);
        var in = peer.getInputStream();
        assertThrows(java.net.SocketException.class, in::readAllBytes);
      }
    }
  }

  // ---- the peer does

  /** Does not read before it is told to. */
  private final class Receiver implements SocketHandler, Reactor.Acceptor {
    final CompletableFuture<StreamSocket> accepted = new CompletableFuture<>();
    final CompletableFuture<String> ended = new CompletableFuture<>();
    private StreamSocket socket;
    int received;

    @Override
    public Reactor choose(InetSocketAddress peer) {
      return reactor;
    }

    @Override
    public SocketHandler accepted(StreamSocket connection) {
      socket = connection;
      socket.reading(false);
      accepted.complete(connection);
      return this;
    }

    @Override
    public int readable() {
      int got = socket.receive(memory, BYTES);
      if (got <= 0) return 0;
      received += got;
      return 1;
    }

    @Override
    public void writable() {
      // nothing is sent
    }

    @Override
    public void closed(String reason) {
      ended.complete(received + " bytes, then " + reason);
    }
  }

  private String receivedWhenPeerEnds(boolean byReset) throws Exception {
    var receiver = new Receiver();
    var listening = new CompletableFuture<InetSocketAddress>();
    on(
        listening,
        () -> listening.complete(reactor.listen(new InetSocketAddress(here, 0), receiver).local()));
    try (var peer = new Socket(here, await(listening).getPort())) {
      var socket = await(receiver.accepted);
      peer.setSoLinger(byReset, 0);
      peer.getOutputStream().write(new byte[BYTES]);
      peer.close();
      reactor.execute(() -> socket.reading(true));
    }
    return await(receiver.ended);
  }

  @Test
  void allThatAPeerSentBeforeItClosedIsReceived() throws Exception {
    assertEquals(BYTES + " bytes, then closed by the peer", receivedWhenPeerEnds(false));
  }

  @Test
  void whatAPeerSentBeforeItResetIsNotLookedAt() throws Exception {
    String ended = receivedWhenPeerEnds(true);
    assertTrue(ended.startsWith("0 bytes, then ") && ended.contains("reset"), ended);
  }
}
