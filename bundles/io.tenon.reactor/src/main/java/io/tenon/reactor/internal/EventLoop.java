package io.tenon.reactor.internal;

import io.tenon.error.Check;
import io.tenon.linux.Descriptors;
import io.tenon.linux.Epoll;
import io.tenon.linux.Errno;
import io.tenon.linux.HotCalls;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Sockets;
import io.tenon.linux.Threads;
import io.tenon.reactor.BufferPool;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Poller;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.ReactorStats;
import io.tenon.reactor.SocketException;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A reactor on a platform thread of its own. See {@link Reactor} for what a round is.
 *
 * <p>While there is work it spins. Sockets that had work lately are asked directly, which costs one {@code recv} each; with
 * more than {@link HotSockets#MAX} of them, or now and then for fairness, epoll is asked instead. After {@link
 * ReactorConfig#spin_us()} without work it waits in epoll for as long as no timer is due; a message then wakes it by an
 * eventfd.
 */
final class EventLoop implements Reactor {
  private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

  private static final int MAX_EVENTS = 256;
  private static final int BACKLOG = 1024;

  /** Rounds between two looks at epoll while hot sockets are asked directly. */
  private static final int ROUNDS_PER_EPOLL = 16;

  /** Messages that send messages must not keep timers and sockets waiting. */
  private static final int MESSAGES_PER_ROUND = 1024;

  private static final int NS_PER_MS = 1_000_000;

  private final int index;
  private final String name;
  private final int core;
  private final long spinNs;
  private final Thread thread;
  private final Arena arena = Arena.ofShared();
  private final HotCalls calls = new HotCalls(arena);
  private final Epoll epoll;
  private final long events = arena.allocate((long) MAX_EVENTS * Epoll.EVENT_BYTES, 8).address();
  private final int wakeFd;
  private final long wakeCount = arena.allocate(Long.BYTES, Long.BYTES).address();
  private final MappedBufferPool buffers;

  // Any thread.
  private final ConcurrentLinkedQueue<Runnable> messages = new ConcurrentLinkedQueue<>();
  private volatile boolean sleeping;
  private volatile boolean stopping;

  // This thread.
  private final Timers timers = new Timers();
  private final ArrayDeque<Runnable> endOfRound = new ArrayDeque<>();
  private final HotSockets hot = new HotSockets();
  private Poller[] pollers = {};
  private @Nullable Registration[] registrations = new Registration[64];
  private int[] generations = new int[64];
  private int registered;
  private long nowNs = System.nanoTime();
  private int roundsSinceEpoll;

  // Written by this thread, read by any.
  private final long startNs = nowNs;
  private volatile long rounds;
  private volatile long sleeps;
  private volatile long busyNs;
  private volatile int sockets;

  EventLoop(int index, int core, ReactorConfig config) throws LinuxException {
    this.index = index;
    this.name = "reactor-" + index;
    this.core = core;
    this.spinNs = TimeUnit.MICROSECONDS.toNanos(config.spin_us());
    this.epoll = new Epoll();
    this.wakeFd = Descriptors.eventFd();
    this.buffers =
        new MappedBufferPool(
            this, config.small_buffers(), config.large_buffers(), config.large_buffer_bytes());
    watch(wakeFd, () -> calls.read(wakeFd, wakeCount, Long.BYTES));
    this.thread = new Thread(this::run, name);
  }

  void start() {
    thread.start();
  }

  /** Ends after the messages that were sent before, and closes what is connected or listens; waits for it. */
  void stop() throws InterruptedException {
    execute(() -> stopping = true);
    thread.join();
    epoll.close();
    Descriptors.close(wakeFd);
    buffers.close();
    arena.close();
  }

  private void run() {
    if (core >= 0) {
      try {
        Threads.pinTo(core);
      } catch (LinuxException e) {
        log.warn("{} is not pinned to core {}: {}", name, core, e.getMessage());
      }
    }
    long lastWorkNs = System.nanoTime();
    while (!stopping) {
      nowNs = System.nanoTime();
      long startedNs = nowNs;
      int work = round(0);
      if (work > 0) {
        lastWorkNs = System.nanoTime();
        count(lastWorkNs - startedNs);
      } else if (nowNs - lastWorkNs > spinNs) {
        if (sleep() > 0) {
          lastWorkNs = System.nanoTime();
        } else {
          lastWorkNs = System.nanoTime() - spinNs;
        }
      } else {
        Thread.onSpinWait();
      }
    }
    end();
  }

  /** Connections that were accepted for this loop meanwhile wait among the messages. */
  private void end() {
    runMessages();
    for (var registration : registrations.clone()) {
      if (registration != null) registration.loopEnds();
    }
    runEndOfRound();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  private void count(long tookNs) {
    rounds = rounds + 1;
    busyNs = busyNs + tookNs;
  }

  private int round(int alreadyDone) {
    int work = alreadyDone;
    work += runMessages();
    work += runTimers();
    work += runSockets();
    var active = pollers;
    for (int i = 0; i < active.length; i++) work += poll(active[i]);
    runEndOfRound();
    return work;
  }

  private int poll(Poller poller) {
    try {
      return poller.poll();
    } catch (Throwable bug) {
      dropFailed(poller, bug);
      return 1;
    }
  }

  private boolean prepareToSleep(Poller poller) {
    try {
      return poller.prepareToSleep();
    } catch (Throwable bug) {
      dropFailed(poller, bug);
      return false;
    }
  }

  private void awake(Poller poller) {
    try {
      poller.awake();
    } catch (Throwable bug) {
      dropFailed(poller, bug);
    }
  }

  private void dropFailed(Poller poller, Throwable bug) {
    removePoller(poller);
    log.error("{}: a poller failed by a bug and is not asked any more", name, bug);
  }

  private int runMessages() {
    int work = 0;
    while (work < MESSAGES_PER_ROUND) {
      Runnable task = messages.poll();
      if (task == null) break;
      run(task);
      work++;
    }
    return work;
  }

  private int runTimers() {
    int work = 0;
    for (Runnable task = timers.pollDue(nowNs); task != null; task = timers.pollDue(nowNs)) {
      run(task);
      work++;
    }
    return work;
  }

  private int runSockets() {
    if (hot.canBeAsked(nowNs) && ++roundsSinceEpoll < ROUNDS_PER_EPOLL) {
      return hot.ask(nowNs);
    }
    roundsSinceEpoll = 0;
    return dispatch(calls.epollWait(epoll.fd(), events, MAX_EVENTS, 0));
  }

  private int dispatch(int ready) {
    int work = 0;
    for (int i = 0; i < ready; i++) {
      long tag = Epoll.tag(events, i);
      int place = (int) tag;
      var registration = registrations[place];
      if (registration == null || generations[place] != (int) (tag >>> Integer.SIZE)) continue;
      try {
        work += registration.ready(Epoll.events(events, i));
      } catch (Throwable bug) {
        registration.failed(bug);
        work++;
      }
    }
    return work;
  }

  private void runEndOfRound() {
    for (Runnable task = endOfRound.poll(); task != null; task = endOfRound.poll()) run(task);
  }

  private void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable bug) {
      log.error("{}: a task failed by a bug", name, bug);
    }
  }

  /**
   * @return how much was done after waking
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  private int sleep() {
    sleeping = true;
    boolean maySleep = messages.isEmpty();
    var active = pollers;
    int armed = 0;
    while (maySleep && armed < active.length) maySleep = prepareToSleep(active[armed++]);
    int ready = 0;
    if (maySleep) {
      hot.clear();
      sleeps = sleeps + 1;
      ready = calls.epollWait(epoll.fd(), events, MAX_EVENTS, timeoutMs());
    }
    sleeping = false;
    for (int i = 0; i < armed; i++) awake(active[i]);
    nowNs = System.nanoTime();
    int work = ready > 0 ? dispatch(ready) : 0;
    runEndOfRound();
    return work + (maySleep ? 0 : 1);
  }

  private int timeoutMs() {
    long next = timers.nextInNs(System.nanoTime());
    if (next < 0) return -1;
    return (int) Math.min(Integer.MAX_VALUE, (next + NS_PER_MS - 1) / NS_PER_MS);
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean isCurrent() {
    return Thread.currentThread().equals(thread);
  }

  @Override
  public void execute(Runnable task) {
    messages.add(task);
    if (sleeping) Descriptors.signal(wakeFd);
  }

  @Override
  public long nowNs() {
    return nowNs;
  }

  @Override
  public Timer schedule(long delayNs, Runnable task) {
    return timers.add(System.nanoTime() + delayNs, task);
  }

  @Override
  public void atEndOfRound(Runnable task) {
    endOfRound.add(task);
  }

  @Override
  public void addPoller(Poller poller) {
    pollers = Arrays.copyOf(pollers, pollers.length + 1);
    pollers[pollers.length - 1] = poller;
  }

  @Override
  public void removePoller(Poller poller) {
    List<Poller> left = new ArrayList<>(Arrays.asList(pollers));
    left.remove(poller);
    pollers = left.toArray(Poller[]::new);
  }

  @Override
  public BufferPool buffers() {
    return buffers;
  }

  @Override
  public Watch watch(int fd, Runnable handler) {
    var watched = new WatchedDescriptor(this, fd, handler);
    try {
      register(fd, Epoll.IN, watched);
    } catch (LinuxException e) {
      throw Check.bug("descriptor %d cannot be watched: %s", fd, e.getMessage());
    }
    return watched;
  }

  @Override
  public ListenSocket listen(InetSocketAddress address, Acceptor acceptor) throws SocketException {
    try {
      return TcpListener.open(this, Sockets.listen(address, BACKLOG), acceptor);
    } catch (LinuxException e) {
      throw new SocketException(
          "Cannot listen on " + text(address) + ".",
          Errno.text(e.errno()) + ".",
          switch (e.errno()) {
            case Errno.EADDRINUSE -> "Stop what listens there, or choose another port.";
            case Errno.EADDRNOTAVAIL -> "Choose an address of this machine.";
            case Errno.EACCES -> "Choose a port above 1023, or run with more rights.";
            default -> "";
          });
    }
  }

  @Override
  public StreamSocket connect(InetSocketAddress address, SocketHandler handler)
      throws SocketException {
    try {
      return TcpSocket.connecting(this, Sockets.connect(address), address, handler);
    } catch (LinuxException e) {
      throw new SocketException(
          "Cannot connect to " + text(address) + ".", Errno.text(e.errno()) + ".", "");
    }
  }

  static String text(InetSocketAddress address) {
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  // For what lives on this loop.

  HotCalls calls() {
    return calls;
  }

  HotSockets hot() {
    return hot;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void countSockets(int change) {
    sockets = sockets + change;
  }

  void register(int fd, int mask, Registration registration) throws LinuxException {
    int place = 0;
    while (place < registered && registrations[place] != null) place++;
    if (place == registrations.length) {
      registrations = Arrays.copyOf(registrations, place * 2);
      generations = Arrays.copyOf(generations, place * 2);
    }
    generations[place]++;
    registration.place = place;
    epoll.add(fd, mask, tag(place));
    registrations[place] = registration;
    registered = Math.max(registered, place + 1);
  }

  void changeMask(int fd, int mask, Registration registration) {
    try {
      epoll.modify(fd, mask, tag(registration.place));
    } catch (LinuxException e) {
      throw Check.bug("descriptor %d cannot be watched: %s", fd, e.getMessage());
    }
  }

  void unregister(int fd, Registration registration) {
    registrations[registration.place] = null;
    try {
      epoll.remove(fd);
    } catch (LinuxException e) {
      throw Check.bug("descriptor %d was not watched: %s", fd, e.getMessage());
    }
  }

  private long tag(int place) {
    return (long) generations[place] << Integer.SIZE | place;
  }

  /** Any thread. */
  ReactorStats stats() {
    return new ReactorStats(
        index,
        name,
        core,
        rounds,
        sleeps,
        busyNs,
        System.nanoTime() - startNs,
        sockets,
        buffers.freeBytes(),
        buffers.totalBytes());
  }
}
