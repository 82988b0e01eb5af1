package io.tenon.nvme;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The controllers of other nodes that this node has connected to as a host. A service of a transport. Any thread. */
@ProviderType
public interface InitiatorControllers {
  List<Controller> controllers();

  /** States of a host's controller. */
  enum State {
    NEW,
    INITIALIZING,
    RUNNING,
    FAULTED,
    UNCONFIGURING,
    UNCONFIGURED
  }

  /**
   * A controller and its namespace.
   *
   * @param name as its block device, without the namespace: {@code 10.0.0.2:8420/nqn…}
   */
  record Controller(String name, State state, long sizeBytes, int blockBytes, Stats stats) {}

  /**
   * What went through it since it was opened.
   *
   * @param reconnects how often it was connected anew, by itself or since a new version of its transport could not go on with the connections
   */
  record Stats(
      long readOps,
      long writeOps,
      long unmapOps,
      long bytesRead,
      long bytesWritten,
      long bytesUnmapped,
      long reconnects) {}
}
