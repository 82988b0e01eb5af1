package io.tenon.faults;

import java.util.ArrayList;
import java.util.Set;

/**
 * A cluster whose nodes are machines of a {@link Network}, and its host, which stands there as well.
 *
 * @param host the test's own process, station 0
 */
record NetworkCluster(Network network, Cluster cluster, Host host) implements AutoCloseable {
  private static final int NODES = 3;
  private static final Cluster.Shape SHAPE = new Cluster.Shape(16, 0);

  /** Skips the test where no networks can be made. */
  static NetworkCluster start() throws Exception {
    Network.assumePossible();
    var network = Network.of(NODES);
    var nodes = new ArrayList<Node>();
    try {
      for (int node = 1; node <= NODES; node++) {
        nodes.add(NodePool.start(network.place(node), Trouble.CHILD_TIMEOUT_MS));
      }
      for (Node node : nodes) node.awaitReady();
      return new NetworkCluster(network, Cluster.start(nodes, SHAPE, Set.of()), Host.start());
    } catch (Exception | AssertionError e) {
      for (Node node : nodes) node.kill();
      network.close();
      throw e;
    }
  }

  @Override
  public void close() throws Exception {
    // The nodes first: a host that leaves would wait for one that hangs.
    cluster.kill();
    host.close();
    network.close();
  }
}
