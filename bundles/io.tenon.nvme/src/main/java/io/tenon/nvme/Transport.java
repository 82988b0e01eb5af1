package io.tenon.nvme;

import java.net.InetSocketAddress;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A way for hosts to reach the target. A service; the model lists its addresses in discovery, and every subsystem is
 * reachable through every transport that is there.
 */
@ConsumerType
public interface Transport {
  TransportType type();

  /** Scheme of share URIs, such as {@code nvmf+tcp}. */
  String uriScheme();

  /** Addresses it listens on, as hosts can reach them. */
  List<InetSocketAddress> listening();
}
