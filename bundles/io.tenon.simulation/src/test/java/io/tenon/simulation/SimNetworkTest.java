package io.tenon.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketException;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import io.tenon.simulation.SimNetwork.Weather;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimNetworkTest {
  private static final int PORT = 8420;
  private static final int BYTES = 100_000;
  private static final long MOST_EVENTS = 1_000_000;
  private static final long LONG_NS = 1_000_000_000;

  private final Arena arena = Arena.ofConfined();
  private SimWorld world;
  private SimReactors near;
  private SimReactors far;
  private End server;
  private int accepted;

  /** Takes whatever comes, and sends what it is given. */
  private final class End implements SocketHandler {
    private final ByteArrayOutputStream got = new ByteArrayOutputStream();
    private final List<Integer> pieces = new ArrayList<>();
    private final long memory = arena.allocate(4096).address();
    private final SendVectors vectors = new SendVectors(arena, 16);
    private StreamSocket socket;
    private boolean connected;
    private String ended = "";
    private int refusals;

    void send(byte[] bytes) {
      long at = arena.allocate(bytes.length).address();
      Memory.copy(bytes, 0, at, bytes.length);
      vectors.add(at, bytes.length);
      if (connected) go();
    }

    private void go() {
      if (!socket.send(vectors)) refusals++;
    }

    @Override
    public void connected() {
      connected = true;
      if (!vectors.isEmpty()) go();
    }

    @Override
    public int readable() {
      int done = 0;
      for (int n = socket.receive(memory, 4096); n > 0; n = socket.receive(memory, 4096)) {
        byte[] piece = new byte[n];
        Memory.copy(memory, piece, 0, n);
        got.writeBytes(piece);
        pieces.add(n);
        done++;
      }
      return done;
    }

    @Override
    public void writable() {
      go();
    }

    @Override
    public void closed(String reason) {
      ended = reason;
    }
  }

  @Test
  void onALossyNetworkAConnectionMayBeginTwiceAndOneOfThemHearsNothing() {
    listen();
    world.network().lose(0.01, 1_000_000);
    int connections = 100;
    for (int i = 0; i < connections; i++) connect();
    world.run(MOST_EVENTS);
    assertTrue(accepted > connections, () -> accepted + " of " + connections);
    assertTrue(accepted < 2 * connections, () -> accepted + " of " + connections);
  }

  @BeforeEach
  void start() {
    open(1);
  }

  @AfterEach
  void stop() {
    arena.close();
  }

  private void open(long seed) {
    world = new SimWorld(new SplittableRandom(seed));
    near = world.node("near", 1);
    far = world.node("far", 2);
  }

  private void listen() {
    far.main()
        .execute(
            () -> {
              try {
                var _ = far.main().listen(address(), new Serving());
              } catch (SocketException e) {
                throw new AssertionError(e);
              }
            });
    world.run(MOST_EVENTS);
  }

  private final class Serving implements Reactor.Acceptor {
    @Override
    public Reactor choose(InetSocketAddress peer) {
      return far.all().get(1);
    }

    @Override
    public SocketHandler accepted(StreamSocket socket) {
      accepted++;
      server = new End();
      server.socket = socket;
      server.connected = true;
      return server;
    }
  }

  private InetSocketAddress address() {
    return new InetSocketAddress(far.address(), PORT);
  }

  private End connect() {
    var end = new End();
    near.main()
        .execute(
            () -> {
              try {
                end.socket = near.main().connect(address(), end);
              } catch (SocketException e) {
                throw new AssertionError(e);
              }
            });
    world.runFor(LONG_NS, MOST_EVENTS);
    return end;
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(9).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyByteArrivesInOrderHoweverItIsCut(long seed) {
    open(seed);
    world.network().weather(new Weather(300_000, 0.7, 0.5, 5000));
    listen();
    var client = connect();
    byte[] there = noise(BYTES);
    byte[] back = noise(BYTES / 3);
    near.main().execute(() -> client.send(there));
    far.all().get(1).execute(() -> server.send(back));
    world.run(MOST_EVENTS);
    assertArrayEquals(there, server.got.toByteArray());
    assertArrayEquals(back, client.got.toByteArray());
    assertTrue(client.refusals > BYTES / 5000, client.refusals + " full windows or partial sends");
    assertTrue(server.pieces.size() > 50, server.pieces + " pieces");
  }

  @Test
  void whereNobodyListensAConnectionIsRefusedAndWhereNobodyIsItWaits() {
    var client = connect();
    assertEquals("Connection refused", client.ended);
    far.crash(true);
    var other = connect();
    assertEquals("", other.ended);
    assertFalse(other.connected);
  }

  @Test
  void anOrderlyEndComesAfterAllData() {
    listen();
    var client = connect();
    byte[] there = noise(20_000);
    near.main()
        .execute(
            () -> {
              client.send(there);
              client.socket.close();
            });
    world.run(MOST_EVENTS);
    assertArrayEquals(there, server.got.toByteArray());
    assertEquals("closed by the peer", server.ended);
    assertEquals("", client.ended);
    assertEquals(0, world.network().sockets(near) + world.network().sockets(far));
  }

  @Test
  void aWayThatIsCutHoldsItsDataBackUntilItIsHealed() {
    listen();
    var client = connect();
    world.network().cut(near, far);
    near.main().execute(() -> client.send(noise(100)));
    far.all().get(1).execute(() -> server.send(noise(10)));
    world.runFor(LONG_NS, MOST_EVENTS);
    assertEquals(0, server.got.size());
    assertEquals(10, client.got.size());
    world.network().heal();
    world.run(MOST_EVENTS);
    assertArrayEquals(noise(100), server.got.toByteArray());
  }

  @Test
  void aResetEndsBothEnds() {
    listen();
    var client = connect();
    world.network().reset(near);
    world.run(MOST_EVENTS);
    assertEquals("Connection reset by peer", client.ended);
    assertEquals("Connection reset by peer", server.ended);
  }

  @Test
  void aConnectionThatDiesInSilenceLooksOpenAndCarriesNothing() {
    listen();
    var client = connect();
    world.network().blackhole(near);
    near.main().execute(() -> client.send(noise(100)));
    world.run(MOST_EVENTS);
    assertEquals(0, server.got.size());
    assertTrue(client.socket.isOpen() && server.socket.isOpen());
  }

  @Test
  void aNodeThatLosesPowerIsSilentAndOneThatDiesSaysSo() {
    listen();
    var client = connect();
    far.crash(true);
    near.main().execute(() -> client.send(noise(100)));
    world.run(MOST_EVENTS);
    assertTrue(client.socket.isOpen());

    far = world.node("far", 2);
    near.main().execute(() -> client.send(noise(100)));
    world.run(MOST_EVENTS);
    assertEquals("Connection reset by peer", client.ended);

    listen();
    var again = connect();
    assertTrue(again.connected);
    far.crash(false);
    world.run(MOST_EVENTS);
    assertFalse(again.ended.isEmpty());
  }

  @Test
  void whoDoesNotReadIsNotAskedUntilHeReadsAgain() {
    listen();
    var client = connect();
    far.all().get(1).execute(() -> server.socket.reading(false));
    world.run(MOST_EVENTS);
    near.main().execute(() -> client.send(noise(100)));
    world.run(MOST_EVENTS);
    assertEquals(0, server.got.size());
    far.all().get(1).execute(() -> server.socket.reading(true));
    world.run(MOST_EVENTS);
    assertEquals(100, server.got.size());
  }
}
