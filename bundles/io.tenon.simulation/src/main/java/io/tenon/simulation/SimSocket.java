package io.tenon.simulation;

import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One end of a simulated connection; as strict about its reactor as the real one, and with the same states.
 *
 * <pre>
 * Connecting ─► Open ─► Broken ─► Closed
 *     └───────────────────┴─────────┘
 * </pre>
 */
final class SimSocket implements StreamSocket {
  /** What travels. */
  enum Kind {
    ESTABLISHED,
    DATA,
    /** Bytes were taken: there is room for as many. */
    ROOM,
    END,
    RESET,
    REFUSED
  }

  private enum State {
    CONNECTING,
    OPEN,
    BROKEN,
    CLOSED
  }

  private static final byte[] NOTHING = {};
  private static final long SOON_NS = 3_000;

  private final SimNetwork network;
  private final SimReactor reactor;
  private final InetSocketAddress local;
  private final InetSocketAddress peer;
  private final SplittableRandom random;
  private final SimLine line;
  private final ArrayDeque<byte[]> input = new ArrayDeque<>();

  /** Taken from the first piece of the input. */
  private int taken;

  private @Nullable SocketHandler handler;
  private @Nullable SimSocket other;
  private State state;
  private boolean reading = true;
  private boolean wantsToWrite;
  private boolean asked;
  private boolean ended;
  private boolean reset;
  private long onTheWay;
  private long received;
  private String error = "";

  SimSocket(
      SimNetwork network,
      SimReactor reactor,
      InetSocketAddress local,
      InetSocketAddress peer,
      @Nullable SocketHandler handler,
      boolean established) {
    this.network = network;
    this.reactor = reactor;
    this.local = local;
    this.peer = peer;
    this.handler = handler;
    this.random = network.chance();
    this.state = established ? State.OPEN : State.CONNECTING;
    this.line = network.line(local.getAddress(), peer.getAddress());
    network.opened(this);
  }

  SimLine line() {
    return line;
  }

  SimReactors node() {
    return reactor.node();
  }

  /** Nobody is at its other end, and never was. */
  boolean isStray() {
    return state == State.OPEN && other == null;
  }

  void connectedTo(SimSocket end) {
    other = end;
  }

  /** The acceptor has one now; what came before is due. */
  void serve(SocketHandler by) {
    handler = by;
    if (hasInput()) askSoon();
  }

  /** To the other end. */
  void transmit(Kind kind, byte[] bytes) {
    line.carry(
        () -> {
          var end = other;
          if (end != null) end.arrives(kind, bytes);
        });
  }

  /** Neither direction carries anything any more. */
  void goSilent() {
    line.die();
    var end = other;
    if (end != null) end.line.die();
  }

  /** Something has come to this machine. */
  void arrives(Kind kind, byte[] bytes) {
    if (reactor.node().isUp()) {
      reactor.later(0, () -> take(kind, bytes));
    } else if (kind != Kind.RESET && network.isUp(local.getAddress())) {
      // The node that is here now knows nothing of this connection.
      transmit(Kind.RESET, NOTHING);
    }
  }

  private void take(Kind kind, byte[] bytes) {
    if (state == State.CLOSED || state == State.BROKEN) {
      if (kind == Kind.DATA) transmit(Kind.RESET, NOTHING);
      return;
    }
    switch (kind) {
      case ESTABLISHED -> {
        state = State.OPEN;
        handler().connected();
      }
      case REFUSED -> breakFor("Connection refused");
      case DATA -> {
        input.add(bytes);
        ask();
      }
      case ROOM -> {
        onTheWay -= SimNetwork.countIn(bytes);
        roomAgain();
      }
      case END -> {
        ended = true;
        ask();
      }
      case RESET -> {
        reset = true;
        if (random.nextBoolean()) dropInput();
        if (state == State.CONNECTING || !reading) breakFor("Connection reset by peer");
        else ask();
      }
    }
  }

  private SocketHandler handler() {
    var serving = handler;
    if (serving == null) throw new AssertionError(this + " has nobody yet");
    return serving;
  }

  private void dropInput() {
    input.clear();
    taken = 0;
  }

  private boolean hasInput() {
    return !input.isEmpty() || ended || reset;
  }

  private void askSoon() {
    if (asked) return;
    asked = true;
    reactor.later(
        1 + random.nextLong(SOON_NS),
        () -> {
          asked = false;
          ask();
        });
  }

  /** Level-triggered: as long as something is there. */
  private void ask() {
    var serving = handler;
    if (state != State.OPEN || !reading || serving == null) return;
    int done = serving.readable();
    if (state != State.OPEN || !reading) return;
    // A spinning loop asks on the chance, too.
    boolean onTheChance = done > 0 && random.nextInt(8) == 0;
    if (hasInput() || onTheChance) askSoon();
  }

  private void roomAgain() {
    if (state != State.OPEN || !wantsToWrite) return;
    wantsToWrite = false;
    handler().writable();
  }

  @Override
  public Reactor reactor() {
    return reactor;
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
    handler = successor;
  }

  @Override
  public int receive(long address, int lengthBytes) {
    return receive(address, lengthBytes, 0, 0);
  }

  @Override
  public int receive(long address1, int lengthBytes1, long address2, int lengthBytes2) {
    check();
    if (state != State.OPEN) return CLOSED;
    if (input.isEmpty()) {
      if (!ended && !reset) return WOULD_BLOCK;
      breakFor(reset ? "Connection reset by peer" : "closed by the peer");
      return CLOSED;
    }
    int got = fill(address1, lengthBytes1);
    if (got == lengthBytes1) got += fill(address2, lengthBytes2);
    transmit(Kind.ROOM, SimNetwork.bytesOf(got));
    received += got;
    return got;
  }

  @Override
  public long received() {
    return received;
  }

  @Override
  public boolean hasUnread() {
    return state == State.OPEN && hasInput();
  }

  private int fill(long address, int lengthBytes) {
    int done = 0;
    while (done < lengthBytes && !input.isEmpty()) {
      byte[] first = input.getFirst();
      int piece = Math.min(lengthBytes - done, first.length - taken);
      Memory.copy(first, taken, address + done, piece);
      done += piece;
      taken += piece;
      if (taken < first.length) continue;
      input.removeFirst();
      taken = 0;
    }
    return done;
  }

  @Override
  public boolean send(SendVectors vectors) {
    check();
    if (state != State.OPEN || wantsToWrite) return false;
    var weather = network.weather();
    while (!vectors.isEmpty()) {
      long room = weather.windowBytes() - onTheWay;
      if (room <= 0) {
        wantsToWrite = true;
        return false;
      }
      boolean partly = random.nextDouble() < weather.partialSend();
      long most = Math.min(room, vectors.bytes());
      byte[] sent = gather(vectors, (int) (partly ? 1 + random.nextLong(most) : most));
      onTheWay += sent.length;
      inPieces(sent, weather.split());
      if (partly && !vectors.isEmpty()) {
        wantsToWrite = true;
        reactor.later(1 + random.nextLong(SOON_NS), this::roomAgain);
        return false;
      }
    }
    return true;
  }

  private static byte[] gather(SendVectors vectors, int bytes) {
    byte[] all = new byte[bytes];
    int done = 0;
    for (int i = 0; done < bytes; i++) {
      int piece = (int) Math.min(bytes - done, vectors.length(i));
      Memory.copy(vectors.address(i), all, done, piece);
      done += piece;
    }
    vectors.advance(bytes);
    return all;
  }

  private void inPieces(byte[] bytes, double split) {
    int from = 0;
    while (from < bytes.length) {
      int left = bytes.length - from;
      int piece = random.nextDouble() < split ? 1 + random.nextInt(left) : left;
      byte[] part = new byte[piece];
      System.arraycopy(bytes, from, part, 0, piece);
      network.harm(part, local.getAddress(), peer.getAddress());
      transmit(Kind.DATA, part);
      from += piece;
    }
  }

  @Override
  public void reading(boolean wanted) {
    check();
    if (reading == wanted) return;
    reading = wanted;
    if (wanted && hasInput()) askSoon();
  }

  private void breakFor(String reason) {
    state = State.BROKEN;
    error = reason;
    network.closed(this);
    transmit(Kind.END, NOTHING);
    reactor.atEndOfRound(this::tellClosed);
  }

  private void tellClosed() {
    if (state == State.CLOSED) return;
    state = State.CLOSED;
    var serving = handler;
    if (serving != null) serving.closed(error);
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
    check();
    leave(input.isEmpty() ? Kind.END : Kind.RESET);
  }

  @Override
  public void abort() {
    check();
    line.repeatNothing();
    leave(Kind.RESET);
  }

  private void leave(Kind farewell) {
    if (state == State.OPEN || state == State.CONNECTING) {
      network.closed(this);
      transmit(farewell, NOTHING);
    }
    state = State.CLOSED;
    dropInput();
  }

  private void check() {
    if (!reactor.isCurrent()) throw new AssertionError(this + " used from elsewhere");
  }

  @Override
  public String toString() {
    return local + " -> " + peer;
  }
}
