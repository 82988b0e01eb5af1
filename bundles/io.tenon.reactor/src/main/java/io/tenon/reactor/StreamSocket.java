package io.tenon.reactor;

import java.net.InetSocketAddress;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A non-blocking TCP connection that belongs to one reactor. It outlives its handler: a new version of a transport takes a
 * live socket over by {@link #handler(SocketHandler)}. That reactor's thread only.
 */
@ProviderType
public interface StreamSocket {
  /** Returned by receive: nothing there now. */
  int WOULD_BLOCK = 0;

  /**
   * Returned by receive: the peer has closed, or the connection broke ({@link #error()} says why). After a close all that the peer had sent
   * was received before; after a reset, not.
   */
  int CLOSED = -1;

  Reactor reactor();

  InetSocketAddress local();

  InetSocketAddress peer();

  void handler(SocketHandler handler);

  /**
   * @return bytes received, {@link #WOULD_BLOCK} or {@link #CLOSED}. Fewer than asked means: that was all
   */
  int receive(long address, int lengthBytes);

  /** Scatters: fills the first range, then the second. Returns as {@link #receive(long, int)}. */
  int receive(long address1, int lengthBytes1, long address2, int lengthBytes2);

  /** Bytes received so far, by whichever handler. */
  long received();

  /** Something waits to be received: bytes, or that the peer has closed. */
  boolean hasUnread();

  /**
   * Gathers and sends what {@code vectors} hold, as much as the kernel takes, and drops that from their front.
   *
   * @return true when all was taken; false when the rest must wait for {@link SocketHandler#writable}, or when the
   *     connection broke (then {@link SocketHandler#closed} follows)
   */
  boolean send(SendVectors vectors);

  /** Stops or restarts calls of {@link SocketHandler#readable}: back-pressure. */
  void reading(boolean wanted);

  /** Why it broke; empty while it works or after an orderly close. */
  String error();

  boolean isOpen();

  /**
   * Closes at once; what was not handed to the kernel is lost, and the kernel goes on to deliver the rest, for minutes when the network is cut.
   * {@link SocketHandler#closed} is not called. Idempotent.
   */
  void close();

  /**
   * As {@link #close}, and takes back what was sent: what has not reached the peer's machine does not come any more, and a peer that has
   * not looked at it yet does not find it. For a connection whose commands are about to be carried out in another way.
   */
  void abort();
}
