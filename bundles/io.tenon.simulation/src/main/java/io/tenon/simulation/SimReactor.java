package io.tenon.simulation;

import io.tenon.error.Check;
import io.tenon.reactor.BufferPool;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Poller;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketException;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Objects;

/** An event loop of a node. Messages take a seeded while, and arrive in the order in which they were
 * sent, whoever sent them: a real loop has one queue, and a slot counts on it. */
final class SimReactor implements Reactor {
  private static final long MOST_MESSAGE_NS = 30_000;

  private final SimWorld world;
  private final SimReactors node;
  private final int id;
  private final int index;
  private final SimBuffers pool;
  private final ArrayDeque<Runnable> endOfRound = new ArrayDeque<>();

  private long lastArrivalNs;

  SimReactor(SimWorld world, SimReactors node, int id, int index) {
    this.world = world;
    this.node = node;
    this.id = id;
    this.index = index;
    this.pool = new SimBuffers(this);
  }

  SimReactors node() {
    return node;
  }

  /** Unique in the world. */
  int id() {
    return id;
  }

  SimBuffers pool() {
    return pool;
  }

  void endRound() {
    while (!endOfRound.isEmpty() && node.isUp()) endOfRound.removeFirst().run();
  }

  /** Runs {@code task} here after a delay, for the network and other outer things. */
  SimEvent later(long delayNs, Runnable task) {
    return world.add(this, delayNs, task);
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public String name() {
    return node.name() + "/" + index;
  }

  @Override
  public boolean isCurrent() {
    return world.isCurrent(this);
  }

  @Override
  public void execute(Runnable task) {
    Objects.requireNonNull(task);
    lastArrivalNs =
        Math.max(lastArrivalNs, world.nowNs() + world.random().nextLong(MOST_MESSAGE_NS));
    world.add(this, lastArrivalNs - world.nowNs(), task);
  }

  @Override
  public long nowNs() {
    return world.nowNs();
  }

  @Override
  public Timer schedule(long delayNs, Runnable task) {
    return world.add(this, delayNs, task)::cancel;
  }

  @Override
  public void atEndOfRound(Runnable task) {
    Check.that(isCurrent(), "end of round asked for from elsewhere");
    endOfRound.add(task);
  }

  @Override
  public void addPoller(Poller poller) {
    throw new UnsupportedOperationException("there are no completion rings here");
  }

  @Override
  public void removePoller(Poller poller) {
    throw new UnsupportedOperationException("there are no completion rings here");
  }

  @Override
  public Watch watch(int fd, Runnable handler) {
    throw new UnsupportedOperationException("there are no descriptors here");
  }

  @Override
  public ListenSocket listen(InetSocketAddress address, Acceptor acceptor) throws SocketException {
    return world.network().listen(this, address, acceptor);
  }

  @Override
  public StreamSocket connect(InetSocketAddress address, SocketHandler handler) {
    return world.network().connect(this, address, handler);
  }

  @Override
  public BufferPool buffers() {
    return pool;
  }

  @Override
  public String toString() {
    return name();
  }
}
