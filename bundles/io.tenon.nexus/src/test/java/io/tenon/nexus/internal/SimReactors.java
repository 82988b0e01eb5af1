package io.tenon.nexus.internal;

import io.tenon.error.Check;
import io.tenon.reactor.BufferPool;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Poller;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.ReactorStats;
import io.tenon.reactor.Reactors;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Reactors on one thread and in virtual time: whoever's event is next runs. Messages take a seeded while, and keep their order
 * per sender and receiver.
 */
final class SimReactors implements Reactors {
  private static final long MOST_MESSAGE_NS = 30_000;

  private final SplittableRandom random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final List<Reactor> reactors = new ArrayList<>();
  private final long[][] lastArrival;
  private long nowNs;
  private long sequence;
  private long hash = 1;
  private int current = -1;

  private static final class Event implements Comparable<Event> {
    final long atNs;
    final long sequence;
    final SimReactor reactor;
    final Runnable task;
    boolean cancelled;

    Event(long atNs, long sequence, SimReactor reactor, Runnable task) {
      this.atNs = atNs;
      this.sequence = sequence;
      this.reactor = reactor;
      this.task = task;
    }

    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(atNs, other.atNs);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  SimReactors(SplittableRandom random, int count) {
    this.random = random;
    lastArrival = new long[count + 1][count];
    for (int i = 0; i < count; i++) reactors.add(new SimReactor(i));
  }

  @Override
  public List<Reactor> all() {
    return reactors;
  }

  @Override
  public List<ReactorStats> stats() {
    return List.of();
  }

  long nowNs() {
    return nowNs;
  }

  /** Mixes a fact into the trace. */
  void trace(long fact) {
    hash = Long.rotateLeft(hash * 0x9E3779B97F4A7C15L, 23) ^ fact;
  }

  long traceHash() {
    return hash;
  }

  /** Runs until nothing is left to happen. */
  void run(long mostEvents) {
    for (long left = mostEvents; !events.isEmpty(); left--) {
      if (left == 0) throw new AssertionError("no end after " + mostEvents + " events");
      var next = events.remove();
      if (next.cancelled) continue;
      nowNs = next.atNs;
      trace(nowNs ^ next.reactor.index());
      next.reactor.round(next.task);
    }
  }

  private final class SimReactor implements Reactor {
    private final int index;
    private final ArrayDeque<Runnable> endOfRound = new ArrayDeque<>();

    SimReactor(int index) {
      this.index = index;
    }

    void round(Runnable task) {
      current = index;
      task.run();
      while (!endOfRound.isEmpty()) endOfRound.removeFirst().run();
      current = -1;
    }

    @Override
    public int index() {
      return index;
    }

    @Override
    public String name() {
      return "sim" + index;
    }

    @Override
    public boolean isCurrent() {
      return current == index;
    }

    @Override
    public void execute(Runnable task) {
      long[] fromHere = lastArrival[current + 1];
      long at = Math.max(fromHere[index], nowNs + random.nextLong(MOST_MESSAGE_NS));
      fromHere[index] = at;
      events.add(new Event(at, sequence++, this, task));
    }

    @Override
    public long nowNs() {
      return nowNs;
    }

    @Override
    public Timer schedule(long delayNs, Runnable task) {
      var event = new Event(nowNs + delayNs, sequence++, this, task);
      events.add(event);
      return () -> event.cancelled = true;
    }

    @Override
    public void atEndOfRound(Runnable task) {
      Check.that(isCurrent(), "end of round asked for from elsewhere");
      endOfRound.add(task);
    }

    @Override
    public void addPoller(Poller poller) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void removePoller(Poller poller) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Watch watch(int fd, Runnable handler) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ListenSocket listen(InetSocketAddress address, Acceptor acceptor) {
      throw new UnsupportedOperationException();
    }

    @Override
    public StreamSocket connect(InetSocketAddress address, SocketHandler handler) {
      throw new UnsupportedOperationException();
    }

    @Override
    public BufferPool buffers() {
      throw new UnsupportedOperationException();
    }
  }
}
