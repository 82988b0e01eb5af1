package io.tenon.nvme;

import java.net.InetSocketAddress;
import org.osgi.annotation.versioning.ConsumerType;

/** A transport's connection as the model needs it. The connection's reactor only. */
@ConsumerType
public interface QueueTransport {
  /** Limits and type, fixed for the transport. */
  TransportLimits limits();

  /** Where the host reached us: the transport service identifier of this path. */
  InetSocketAddress local();

  InetSocketAddress peer();

  /** The host has said how many entries the queue has: make as many commands. */
  void resize(int depth);

  /**
   * Ends the connection when what is queued has been sent: controller deleted, keep-alive expired, host not allowed any
   * more. {@link NvmeQueue#disconnected} follows.
   */
  void disconnect(String reason);
}
