package io.tenon.reactor;

import org.osgi.annotation.versioning.ConsumerType;

/** Whoever serves a socket. Called on the socket's reactor. */
@ConsumerType
public interface SocketHandler {
  /** For a socket that is closed already, or that nobody uses: it does nothing. */
  static SocketHandler none() {
    return NoHandler.INSTANCE;
  }

  /** A connection that we started stands. */
  default void connected() {}

  /**
   * There may be something to receive; while the reactor spins it also calls on the chance, so find out by receiving.
   *
   * @return how much was done; 0 lets the reactor idle
   */
  int readable();

  /** After a {@link StreamSocket#send} that returned false: there is room again. */
  void writable();

  /**
   * The connection is over and the descriptor closed, because the peer or the network ended it; once, unless we closed
   * it ourselves.
   *
   * @param reason for the log
   */
  void closed(String reason);
}
