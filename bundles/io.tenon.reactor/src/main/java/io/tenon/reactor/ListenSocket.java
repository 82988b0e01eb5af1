package io.tenon.reactor;

import java.net.InetSocketAddress;
import org.osgi.annotation.versioning.ProviderType;

/** A TCP port that accepts connections. */
@ProviderType
public interface ListenSocket {
  /** As bound: with port 0 asked for, the port that was given. */
  InetSocketAddress local();

  /** Accepts no more; accepted sockets stay. Any thread; idempotent. */
  void close();
}
