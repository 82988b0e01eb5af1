package io.tenon.simulation;

import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketException;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * TCP between nodes: streams that arrive late and cut into other pieces than they were sent in; ways that are cut in one or both
 * directions, connections that are reset, and some that die without a word.
 */
public final class SimNetwork {
  /**
   * What every connection suffers.
   *
   * @param mostDelayNs of each piece on its way
   * @param split how often a piece is cut in two
   * @param partialSend how often a send takes a part only
   * @param windowBytes sent and not received at a time
   */
  public record Weather(long mostDelayNs, double split, double partialSend, int windowBytes) {
    public static Weather calm() {
      return new Weather(50_000, 0.1, 0, 1 << 20);
    }
  }

  /** A way that is cut, or on which something else is wrong. */
  private record Cut(InetAddress from, InetAddress to) {}

  private static final byte[] NOTHING = {};
  private static final int FIRST_PORT = 40_000;

  private final SimWorld world;
  private final SplittableRandom random;
  private final Map<InetSocketAddress, Listener> listeners = new LinkedHashMap<>();
  private final Map<InetAddress, SimReactors> nodes = new LinkedHashMap<>();
  private final Set<Cut> cuts = new LinkedHashSet<>();

  /** Ways on which bits flip. */
  private final Map<Cut, Noise> noisy = new LinkedHashMap<>();

  /**
   * @param share of the pieces
   * @param fromBit the first one of a piece that may flip
   * @param bits of so many
   */
  private record Noise(double share, int fromBit, int bits) {
    static final Noise NONE = new Noise(0, 0, 1);
  }

  /** Those with something on its way. */
  private final Set<SimLine> busy = new LinkedHashSet<>();

  private final List<SimSocket> sockets = new ArrayList<>();
  private Weather weather = Weather.calm();
  private double loss;
  private long mostRepeatNs;
  private int nextPort = FIRST_PORT;

  SimNetwork(SimWorld world, SplittableRandom random) {
    this.world = world;
    this.random = random;
  }

  public void weather(Weather now) {
    weather = now;
  }

  Weather weather() {
    return weather;
  }

  SplittableRandom chance() {
    return random.split();
  }

  long delayNs() {
    boolean lost = loss > 0 && random.nextDouble() < loss;
    return 1 + random.nextLong(weather.mostDelayNs) + (lost ? random.nextLong(mostRepeatNs) : 0);
  }

  SimLine line(InetAddress from, InetAddress to) {
    return new SimLine(world, this, from, to);
  }

  void busy(SimLine line) {
    busy.add(line);
  }

  void idle(SimLine line) {
    busy.remove(line);
  }

  void nodeIsUp(SimReactors node) {
    nodes.put(node.address(), node);
  }

  boolean isUp(InetAddress address) {
    var node = nodes.get(address);
    return node != null && node.isUp();
  }

  void opened(SimSocket socket) {
    sockets.add(socket);
  }

  void closed(SimSocket socket) {
    sockets.remove(socket);
  }

  // What goes wrong.

  boolean isCut(InetAddress from, InetAddress to) {
    return cuts.contains(new Cut(from, to));
  }

  /** From now on nothing of {@code from} reaches {@code to}; it waits. */
  public void cut(SimReactors from, SimReactors to) {
    Tally.fault();
    cuts.add(new Cut(from.address(), to.address()));
  }

  /** The way is there again. */
  public void mend(SimReactors from, SimReactors to) {
    if (!cuts.remove(new Cut(from.address(), to.address()))) return;
    for (var line : busy) line.healed();
  }

  /**
   * Packets get lost, and are sent again by the kernel that sent them; what comes after one waits for it.
   *
   * @param share how often
   * @param mostNs until it is sent again
   */
  public void lose(double share, long mostNs) {
    loss = share;
    mostRepeatNs = mostNs;
  }

  /**
   * Between two nodes bits flip that TCP's own sums do not see: one in a share of the pieces. Only where all connections have digests: nothing else
   * would know.
   *
   * @param share 0 for none from now on
   */
  public void flipBits(SimReactors one, SimReactors other, double share) {
    flipBits(one, other, share, 0, Integer.MAX_VALUE);
  }

  /**
   * As {@link #flipBits(SimReactors, SimReactors, double)}, only some bits of a piece: those of a field of a header, where whoever sends begins most
   * pieces with one.
   *
   * @param fromBit the first of them
   */
  public void flipBits(SimReactors one, SimReactors other, double share, int fromBit, int bits) {
    var noise = new Noise(share, fromBit, bits);
    noisy.put(new Cut(one.address(), other.address()), noise);
    noisy.put(new Cut(other.address(), one.address()), noise);
  }

  /** No bit flips any more. */
  public void flipNone() {
    noisy.clear();
  }

  /** Perhaps flips a bit of what is about to travel. */
  void harm(byte[] bytes, InetAddress from, InetAddress to) {
    if (noisy.isEmpty()) return;
    var noise = noisy.getOrDefault(new Cut(from, to), Noise.NONE);
    int left = bytes.length * Byte.SIZE - noise.fromBit;
    if (noise.share == 0 || left < 1) return;
    if (random.nextDouble() >= noise.share) return;
    Tally.fault();
    Tally.event("bits flipped on the way");
    int bit = noise.fromBit + random.nextInt(Math.min(left, noise.bits));
    bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
    world.trace().note(bit);
  }

  /** All ways are there again. */
  public void heal() {
    cuts.clear();
    for (var line : busy) line.healed();
  }

  /** Both ends of some connection of a node are reset. */
  public void reset(SimReactors node) {
    var socket = some(node);
    if (socket == null) return;
    Tally.fault();
    socket.transmit(SimSocket.Kind.RESET, NOTHING);
    socket.arrives(SimSocket.Kind.RESET, NOTHING);
  }

  /** Some connection of a node carries nothing any more, and neither end knows. */
  public void blackhole(SimReactors node) {
    var socket = some(node);
    if (socket == null) return;
    Tally.fault();
    socket.goSilent();
  }

  private @Nullable SimSocket some(SimReactors node) {
    var all = sockets.stream().filter(socket -> socket.node() == node && socket.isOpen()).toList();
    return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
  }

  /** Connections that are open at one end, whose other end never was: sooner or later whoever has one must end it. */
  public int strays() {
    return (int) sockets.stream().filter(SimSocket::isStray).count();
  }

  /** Connections of a node, open or being opened; of a node at rest a leak. */
  public int sockets(SimReactors node) {
    return (int) sockets.stream().filter(socket -> socket.node() == node).count();
  }

  /**
   * @param silently as by a power cut; otherwise its kernel ends its connections
   */
  void nodeIsDown(SimReactors node, boolean silently) {
    listeners.values().removeIf(listener -> listener.reactor.node() == node);
    for (var socket : List.copyOf(sockets)) {
      if (socket.node() != node) continue;
      sockets.remove(socket);
      if (silently) continue;
      socket.transmit(random.nextBoolean() ? SimSocket.Kind.END : SimSocket.Kind.RESET, NOTHING);
    }
  }

  // For reactors.

  ListenSocket listen(SimReactor reactor, InetSocketAddress asked, Reactor.Acceptor acceptor)
      throws SocketException {
    int port = asked.getPort() == 0 ? nextPort++ : asked.getPort();
    var address = new InetSocketAddress(reactor.node().address(), port);
    if (!asked.getAddress().isAnyLocalAddress()
        && !asked.getAddress().equals(address.getAddress())) {
      throw new SocketException(asked + " is not listened on.", "It is not of this node.", "");
    }
    if (listeners.containsKey(address)) {
      throw new SocketException(asked + " is not listened on.", "It is in use.", "");
    }
    var listener = new Listener(reactor, address, acceptor);
    listeners.put(address, listener);
    return listener;
  }

  private final class Listener implements ListenSocket {
    private final SimReactor reactor;
    private final InetSocketAddress local;
    private Reactor.@Nullable Acceptor acceptor;

    /** Who connects during a pause; the kernel's queue. */
    private final ArrayDeque<SimSocket> waiting = new ArrayDeque<>();

    Listener(SimReactor reactor, InetSocketAddress local, Reactor.Acceptor acceptor) {
      this.reactor = reactor;
      this.local = local;
      this.acceptor = acceptor;
    }

    @Override
    public InetSocketAddress local() {
      return local;
    }

    @Override
    public void pause() {
      reactor.execute(() -> acceptor = null);
    }

    @Override
    public void resume(Reactor.Acceptor successor) {
      reactor.execute(
          () -> {
            acceptor = successor;
            while (!waiting.isEmpty()) accept(waiting.remove());
          });
    }

    @Override
    public void close() {
      listeners.remove(local, this);
      while (!waiting.isEmpty()) refuse(waiting.remove(), local);
    }

    /** On its reactor. */
    private void accept(SimSocket client) {
      var acceptor = this.acceptor;
      if (acceptor == null) {
        waiting.add(client);
        return;
      }
      if (!(acceptor.choose(client.local()) instanceof SimReactor home)) {
        throw new AssertionError("a connection was given to no reactor");
      }
      var socket = new SimSocket(SimNetwork.this, home, local, client.local(), null, true);
      socket.connectedTo(client);
      client.connectedTo(socket);
      socket.transmit(SimSocket.Kind.ESTABLISHED, NOTHING);
      home.execute(() -> socket.serve(acceptor.accepted(socket)));
    }

    /** On its reactor: a connection with nobody at its other end. */
    private void acceptStray(InetSocketAddress from, long toldAfterNs) {
      var acceptor = this.acceptor;
      if (listeners.get(local) != this || acceptor == null) return;
      if (!(acceptor.choose(from) instanceof SimReactor home)) {
        throw new AssertionError("a connection was given to no reactor");
      }
      var socket = new SimSocket(SimNetwork.this, home, local, from, null, true);
      home.execute(() -> socket.serve(acceptor.accepted(socket)));
      if (toldAfterNs >= 0) {
        home.later(toldAfterNs, () -> socket.arrives(SimSocket.Kind.RESET, NOTHING));
      }
    }
  }

  StreamSocket connect(SimReactor reactor, InetSocketAddress address, SocketHandler handler) {
    var local = new InetSocketAddress(reactor.node().address(), nextPort++);
    var socket = new SimSocket(this, reactor, local, address, handler, false);
    socket.line().carry(() -> call(socket, address));
    return socket;
  }

  private void call(SimSocket client, InetSocketAddress address) {
    var listener = listeners.get(address);
    if (listener != null) {
      listener.reactor.later(0, () -> listener.accept(client));
      if (loss > 0 && random.nextInt(4) == 0) repeat(client, listener);
    } else if (isUp(address.getAddress())) {
      refuse(client, address);
    }
  }

  /**
   * The packet that begins a connection was repeated, and came late: the listener has another one, of which the client knows nothing. Its
   * machine says so at some time, if that is not lost as well.
   */
  private void repeat(SimSocket client, Listener listener) {
    Tally.fault();
    Tally.event("connections begun twice");
    var from = new InetSocketAddress(client.local().getAddress(), nextPort++);
    long laterNs = random.nextLong(2 * mostRepeatNs);
    boolean isTold = random.nextInt(4) > 0;
    long toldAfterNs = random.nextLong(2 * mostRepeatNs);
    listener.reactor.later(laterNs, () -> listener.acceptStray(from, isTold ? toldAfterNs : -1));
  }

  private void refuse(SimSocket client, InetSocketAddress by) {
    line(by.getAddress(), client.local().getAddress())
        .carry(() -> client.arrives(SimSocket.Kind.REFUSED, NOTHING));
  }

  static byte[] bytesOf(int count) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(count).array();
  }

  static int countIn(byte[] bytes) {
    return ByteBuffer.wrap(bytes).getInt();
  }
}
