package io.tenon.block;

import io.tenon.error.Check;
import io.tenon.reactor.BufferPool;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Poller;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A reactor without a thread: the test runs one message at a time, so that it decides what happens between two. */
final class StepReactor implements Reactor {
  private final int index;
  private final Queue<Runnable> messages = new ConcurrentLinkedQueue<>();
  private final Pool pool = new Pool();
  private boolean current;

  /** As a test sets it. */
  long nowNs = 1_000_000;

  StepReactor(int index) {
    this.index = index;
  }

  /** Runs {@code task} as if on this reactor. */
  void on(Runnable task) {
    boolean before = current;
    current = true;
    try {
      task.run();
    } finally {
      current = before;
    }
  }

  /**
   * @return false when there was no message
   */
  boolean step() {
    var message = messages.poll();
    if (message == null) return false;
    on(message);
    return true;
  }

  /** Until none of {@code reactors} has a message. */
  static void settle(StepReactor... reactors) {
    boolean worked = true;
    while (worked) {
      worked = false;
      for (StepReactor reactor : reactors) {
        while (reactor.step()) worked = true;
      }
    }
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public String name() {
    return "step-" + index;
  }

  @Override
  public boolean isCurrent() {
    return current;
  }

  @Override
  public void execute(Runnable task) {
    messages.add(task);
  }

  @Override
  public Pool buffers() {
    return pool;
  }

  @Override
  public long nowNs() {
    return nowNs;
  }

  @Override
  public Timer schedule(long delayNs, Runnable task) {
    throw notHere();
  }

  @Override
  public void atEndOfRound(Runnable task) {
    throw notHere();
  }

  @Override
  public void addPoller(Poller poller) {
    throw notHere();
  }

  @Override
  public void removePoller(Poller poller) {
    throw notHere();
  }

  @Override
  public Watch watch(int fd, Runnable handler) {
    throw notHere();
  }

  @Override
  public ListenSocket listen(InetSocketAddress address, Acceptor acceptor) {
    throw notHere();
  }

  @Override
  public StreamSocket connect(InetSocketAddress address, SocketHandler handler) {
    throw notHere();
  }

  private static RuntimeException notHere() {
    return Check.bug("a slot needs no such thing of a reactor");
  }

  /** Two buffers of 8 KiB, and it notices one given twice. */
  static final class Pool implements BufferPool {
    static final int BYTES = 8192;
    private final List<Long> all =
        List.of(
            Arena.global().allocate(BYTES, 4096).address(),
            Arena.global().allocate(BYTES, 4096).address());
    final ArrayDeque<Long> free = new ArrayDeque<>(all);
    private final ArrayDeque<Runnable> waiters = new ArrayDeque<>();

    @Override
    public int maxBytes() {
      return BYTES;
    }

    @Override
    public long take(int lengthBytes) {
      Check.that(lengthBytes > 0 && lengthBytes <= BYTES, "%d bytes asked for", lengthBytes);
      var buffer = free.poll();
      return buffer == null ? 0 : buffer;
    }

    @Override
    public void give(long address, int lengthBytes) {
      Check.that(all.contains(address) && !free.contains(address), "buffer given twice");
      free.add(address);
    }

    @Override
    public void whenAvailable(Runnable waiter) {
      waiters.add(waiter);
    }

    /** What the end of a round does. */
    void wake() {
      for (int left = waiters.size(); left > 0; left--) waiters.remove().run();
    }
  }
}
