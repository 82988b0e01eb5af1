package io.tenon.blobstore.internal;

import io.tenon.error.Check;
import io.tenon.reactor.BufferPool;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Poller;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * Reactors and blocking work on one thread, in virtual time. A task that waits lets the next events happen meanwhile; other tasks
 * wait until it has ended, so that they never nest.
 */
final class SimWorld implements Blocking {
  private static final long MOST_MESSAGE_NS = 30_000;

  final SplittableRandom random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final List<Reactor> reactors = new ArrayList<>();
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final long[][] lastArrival;

  /** Events until the power fails. */
  long powerLasts = Long.MAX_VALUE;

  private boolean taskRuns;
  private long nowNs;
  private long sequence;
  private long hash = 1;
  private int current = -1;

  private record Event(long atNs, long sequence, int reactor, Runnable task)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(atNs, other.atNs);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  /** Everything stops where it is. */
  static final class PowerFailure extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  boolean hasPower() {
    return powerLasts > 0;
  }

  SimWorld(long seed, int count) {
    random = new SplittableRandom(seed);
    lastArrival = new long[count + 1][count];
    for (int i = 0; i < count; i++) reactors.add(new SimReactor(i));
  }

  Reactor reactor(int index) {
    return reactors.get(index);
  }

  void trace(long fact) {
    hash = Long.rotateLeft(hash * 0x9E3779B97F4A7C15L, 23) ^ fact;
  }

  long traceHash() {
    return hash;
  }

  void after(long delayNs, int reactor, Runnable task) {
    events.add(new Event(nowNs + delayNs, sequence++, reactor, task));
  }

  /** Until nothing is left to happen. */
  void run() {
    for (long left = 20_000_000; ; left--) {
      Check.that(left > 0, "no end");
      if (!taskRuns && !tasks.isEmpty()) {
        runTask();
      } else if (!oneEvent()) {
        Check.that(!taskRuns, "a task waits for ever");
        if (tasks.isEmpty()) return;
      }
    }
  }

  private void runTask() {
    taskRuns = true;
    int before = current;
    current = -1;
    try {
      tasks.remove().run();
    } finally {
      current = before;
      taskRuns = false;
    }
  }

  private boolean oneEvent() {
    if (!hasPower() || --powerLasts == 0) throw new PowerFailure();
    var next = events.poll();
    if (next == null) return false;
    nowNs = next.atNs;
    trace(nowNs ^ next.reactor);
    int before = current;
    current = next.reactor;
    try {
      next.task.run();
    } finally {
      current = before;
    }
    return true;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public void await(CompletableFuture<?> done) {
    Check.that(current == -1, "a reactor waits");
    while (!done.isDone()) Check.that(oneEvent(), "nothing more happens, and a task waits");
  }

  private final class SimReactor implements Reactor {
    private final int index;

    SimReactor(int index) {
      this.index = index;
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
      events.add(new Event(at, sequence++, index, task));
    }

    @Override
    public long nowNs() {
      return nowNs;
    }

    @Override
    public Timer schedule(long delayNs, Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void atEndOfRound(Runnable task) {
      throw new UnsupportedOperationException();
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
