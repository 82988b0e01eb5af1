package io.tenon.reactor;

import java.net.InetSocketAddress;
import org.osgi.annotation.versioning.ProviderType;

/** A TCP port that accepts connections. */
@ProviderType
public interface ListenSocket {
  /** As bound: with port 0 asked for, the port that was given. */
  InetSocketAddress local();

  /** Accepts nobody until {@link #resume}: who connects waits in the kernel's queue. Any thread; idempotent. */
  void pause();

  /**
   * Accepts again; connections go where {@code successor} says from now on. Nothing happens when it is closed. Any thread.
   */
  void resume(Reactor.Acceptor successor);

  /** Accepts no more; accepted sockets stay. Any thread; idempotent. */
  void close();
}
