package io.tenon.faults;

import io.tenon.blobstore.itest.PoolDiskReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Three nodes, a disk on each, and a nexus on node 1 over what is on its own disk and what nodes 2 and 3 share: thin replicas of pools on
 * nodes 1 and 2, and the disk itself on node 3. Node numbers from 1.
 */
final class Cluster {
  /** Where a nexus' data begins on each child: Mayastor's layout, stated here once more on purpose. */
  static final long DATA_OFFSET_BYTES = 5L << 20;

  static final long IO_TIMEOUT_MS = 3_000;
  private static final int NODES = 3;
  private static final int NODE_WITHOUT_POOL = 3;
  private static final long DISK_BYTES = 48L << 20;
  private static final String REPLICA_SIZE = "32MiB";
  private static final String SIZE = "16MiB";
  private static final String NEXUS = "v1";

  private final List<Node> nodes;
  private final List<String> childUris = new ArrayList<>();
  private String uri = "";

  /** A child as the node tells it. */
  record Child(String uri, String state, String reason, String since, String detail) {}

  /** The nexus as the node tells it. */
  record View(String state, List<Child> children) {
    Child child(int node) {
      return children.get(node - 1);
    }
  }

  private Cluster(List<Node> nodes) {
    this.nodes = nodes;
  }

  /**
   * @param faulty nodes whose disk is behind {@code fault://}, dropped into the running node
   */
  static Cluster start(Set<Integer> faulty) throws Exception {
    var cluster = new Cluster(NodePool.take(NODES));
    try {
      cluster.build(faulty);
    } catch (Exception | AssertionError e) {
      cluster.kill();
      throw e;
    }
    return cluster;
  }

  private void build(Set<Integer> faulty) throws Exception {
    for (int node : faulty) node(node).deployFaultBackend();
    for (int node = 1; node <= NODES; node++) {
      String disk =
          (faulty.contains(node) ? "fault://" : "aio://") + node(node).makeDisk(DISK_BYTES);
      childUris.add(node == NODE_WITHOUT_POOL ? share(node, disk) : replica(node, disk));
    }
    var create = new StringBuilder("tenon:nexus create " + NEXUS + " --size " + SIZE);
    // Reads go to all children, so that one that is stale would be seen.
    create.append(" --read ROUND_ROBIN");
    for (String child : childUris) create.append(" --child '").append(child).append('\'');
    var _ = node(1).shell().show(create.toString());
    uri = text(node(1).shell().show("tenon:nexus publish " + NEXUS), "uri");
  }

  private String share(int node, String disk) throws IOException {
    NodeShell shell = node(node).shell();
    String name = text(shell.show("tenon:device create '" + disk + "'"), "name");
    return text(shell.show("tenon:share create '" + name + "'"), "uri");
  }

  /** Of a new pool on the disk; for this node only, or shared with node 1. */
  private String replica(int node, String disk) throws IOException {
    NodeShell shell = node(node).shell();
    String pool = Node.POOL;
    String name = replicaName(node);
    shell.must("tenon:pool create " + pool + " '" + disk + "' --cluster 1MiB");
    var made =
        shell.show("tenon:replica create " + pool + " " + name + " --thin --size " + REPLICA_SIZE);
    return text(node == 1 ? made : shell.show("tenon:replica share " + name), "uri");
  }

  private static String replicaName(int node) {
    return "replica" + node;
  }

  /** What the disk of this node holds, found without its node; empty when it is as the ledger says. */
  List<String> sweepDisk(int node, Sweep sweep) throws Exception {
    var file = node(node).disk();
    if (node == NODE_WITHOUT_POOL) return sweep.file(file, DATA_OFFSET_BYTES);
    try (var disk = PoolDiskReader.read(file)) {
      return sweep.blob(disk, replicaName(node), DATA_OFFSET_BYTES);
    }
  }

  private static String text(Map<String, Object> cells, String name) {
    Object value = cells.get(name);
    return String.valueOf(value instanceof List<?> list ? list.getFirst() : value);
  }

  Node node(int number) {
    return nodes.get(number - 1);
  }

  /** Of the published nexus. */
  String uri() {
    return uri;
  }

  /** Of the child on this node: a share for nodes 2 and 3. */
  String childUri(int node) {
    return childUris.get(node - 1);
  }

  View nexus() throws IOException {
    var shown = node(1).shell().show("tenon:nexus show " + NEXUS);
    var children = new ArrayList<Child>();
    if (shown.get("children") instanceof List<?> list) {
      for (Object one : list) {
        if (!(one instanceof Map<?, ?> child)) throw new IOException("no child: " + one);
        children.add(
            new Child(
                String.valueOf(child.get("child")),
                String.valueOf(child.get("state")),
                String.valueOf(child.get("reason")),
                String.valueOf(child.get("since")),
                String.valueOf(child.get("detail"))));
      }
    }
    return new View(text(shown, "state"), children);
  }

  /** For people, when a test fails. */
  String describe() {
    try {
      return nexus() + "; " + nodes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nodes that live on are there for the next one, cleared. */
  void release() throws Exception {
    for (Node node : nodes) if (node.isAlive()) node.clear();
    NodePool.give(nodes);
  }

  void kill() throws InterruptedException {
    for (Node node : nodes) node.kill();
  }
}
