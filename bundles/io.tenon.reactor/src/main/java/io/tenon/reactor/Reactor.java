package io.tenon.reactor;

import java.net.InetSocketAddress;
import org.osgi.annotation.versioning.ProviderType;

/**
 * An event loop on one thread, usually pinned to one core.
 *
 * <p>A <i>round</i> is: messages, due timers, ready sockets and descriptors, pollers, and last the tasks that asked for
 * {@link #atEndOfRound}. After some 50 us without work it sleeps in the kernel until something happens.
 *
 * <p>Only {@link #execute}, {@link #isCurrent}, {@link #index} and {@link #name} may be called from other threads. What runs
 * here must not block, and must not throw: an exception that reaches the loop is a bug and is logged as one.
 */
@ProviderType
public interface Reactor {
  /** Position in {@link Reactors#all()}: 0 is the main reactor. */
  int index();

  String name();

  boolean isCurrent();

  /**
   * Sends a message: {@code task} runs on this reactor, after all that was sent before, whoever sent it. Any thread.
   */
  void execute(Runnable task);

  /** Monotonic time, nanoseconds; as of the start of this round or later. */
  long nowNs();

  /**
   * Runs {@code task} once after a delay. Timers are coarse: never early, late by a round.
   *
   * @param delayNs nanoseconds; 0 or more
   */
  Timer schedule(long delayNs, Runnable task);

  /**
   * Runs {@code task} when this round's input has been handled: the place for one {@code sendmsg}, one {@code
   * io_uring_enter}. Added during the end of a round it still runs in the same round. Allocates nothing; do not add a
   * task that is already waiting.
   */
  void atEndOfRound(Runnable task);

  /** Asked every round until removed. */
  void addPoller(Poller poller);

  void removePoller(Poller poller);

  /**
   * Calls {@code handler} while {@code fd} is readable (level-triggered).
   *
   * @param fd open and non-blocking; it stays the caller's to close, after {@link Watch#cancel}
   */
  Watch watch(int fd, Runnable handler);

  /**
   * Starts to listen for TCP connections.
   *
   * @param acceptor called here for each connection; it chooses the reactor on which the socket will live
   * @throws SocketException when the address is in use, not local or not allowed
   */
  ListenSocket listen(InetSocketAddress address, Acceptor acceptor) throws SocketException;

  /**
   * Starts to connect over TCP; {@link SocketHandler#connected} or {@link SocketHandler#closed} tells how it went.
   * There is no time-out here: the caller sets its own timer and closes.
   */
  StreamSocket connect(InetSocketAddress address, SocketHandler handler) throws SocketException;

  BufferPool buffers();

  /** Work that is pending until cancelled or run. */
  @ProviderType
  interface Timer {
    /** Idempotent; nothing happens when it has run. */
    void cancel();
  }

  @ProviderType
  interface Watch {
    /** Idempotent; the handler is not called again. */
    void cancel();
  }

  /** Takes a new connection. */
  interface Acceptor {
    /**
     * @return the reactor that will own the socket; {@code null} is not allowed. The handler for it is asked there, by
     *     {@link #accepted}
     */
    Reactor choose(InetSocketAddress peer);

    /** On the chosen reactor. */
    SocketHandler accepted(StreamSocket socket);
  }
}
