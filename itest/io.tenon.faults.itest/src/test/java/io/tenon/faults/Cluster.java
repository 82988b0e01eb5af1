package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.blobstore.itest.PoolDiskReader;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Three nodes, a disk on each, and a nexus on node 1 over what is on its own disk and what nodes 2 and 3 share: thin replicas of pools, or
 * a disk itself. Node numbers from 1.
 */
final class Cluster {
  /** Where a nexus' data begins on each child: Mayastor's layout, stated here once more on purpose. */
  static final long DATA_OFFSET_BYTES = 5L << 20;

  static final long IO_TIMEOUT_MS = 3_000;
  private static final int NODES = 3;
  private static final String NEXUS = "v1";

  /** Behind the data: a copy of the partition table, and what the replicas' clusters round up to. */
  private static final long BEHIND_MIB = 11;

  /** Metadata, and the room that a pool keeps. */
  private static final long POOL_MIB = 16;

  /**
   * What is on the nodes.
   *
   * @param withoutPool node whose child is the disk itself; 0 for none
   */
  record Shape(long nexusMib, int withoutPool) {
    static final Shape USUAL = new Shape(16, 3);

    long nexusBytes() {
      return nexusMib << 20;
    }

    private long replicaMib() {
      return nexusMib + (DATA_OFFSET_BYTES >> 20) + BEHIND_MIB;
    }

    private long diskBytes() {
      return (replicaMib() + POOL_MIB) << 20;
    }
  }

  private final Shape shape;
  private final List<Node> nodes;
  private final List<String> childUris = new ArrayList<>();
  private final UUID uuid = UUID.randomUUID();
  private String uri = "";
  private int nexusesMade;

  /** A child as the node tells it. */
  record Child(String uri, String state, String reason, String since, String detail) {}

  /** The nexus as the node tells it, its children in the order of their nodes. */
  record View(String state, List<Child> children) {
    Child child(int node) {
      return children.get(node - 1);
    }
  }

  /** A rebuild as the node tells it. */
  record Rebuild(String child, String state, String kind, long copied, String detail) {}

  private Cluster(Shape shape, List<Node> nodes) {
    this.shape = shape;
    this.nodes = nodes;
  }

  /**
   * @param faulty nodes whose disk is behind {@code fault://}, dropped into the running node
   */
  static Cluster start(Shape shape, Set<Integer> faulty) throws Exception {
    return start(NodePool.take(NODES), shape, faulty);
  }

  static Cluster start(List<Node> nodes, Shape shape, Set<Integer> faulty) throws Exception {
    var cluster = new Cluster(shape, nodes);
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
          (faulty.contains(node) ? "fault://" : "aio://") + node(node).makeDisk(shape.diskBytes());
      childUris.add(node == shape.withoutPool() ? share(node, disk) : replica(node, disk));
    }
    makeNexus(List.of(1, 2, 3));
  }

  /** Over the children on these nodes, each of which holds all data, and published. */
  void makeNexus(List<Integer> healthy) throws IOException {
    var create = new StringBuilder("tenon:nexus create " + NEXUS);
    create.append(" --uuid ").append(uuid).append(" --size ").append(shape.nexusMib());
    // Reads go to all children, so that one that is stale would be seen.
    create.append("MiB --read ROUND_ROBIN");
    nexusesMade++;
    create.append(" --info-key ").append(infoKey());
    for (int node : healthy) create.append(" --child '").append(childUri(node)).append('\'');
    var _ = node(1).shell().show(create.toString());
    uri = text(node(1).shell().show("tenon:nexus publish " + NEXUS), "uri");
  }

  private String infoKey() {
    return "/volume/%s/nexus/%d/info".formatted(uuid, nexusesMade);
  }

  /**
   * What a control plane trusts when the nexus' node was killed: the record of the nexus, which node 1 has kept.
   *
   * @return nodes whose child holds all that was acknowledged; what was under way may be on one of them only
   */
  List<Integer> onRecordAsHealthy() throws Exception {
    String record = text(node(1).shell().show("tenon:store get " + infoKey()), "value");
    var healthy = new ArrayList<Integer>();
    if (NodeShell.parse(record) instanceof Map<?, ?> info
        && info.get("children") instanceof List<?> children) {
      for (Object child : children) {
        if (child instanceof Map<?, ?> cells && text(cells, "healthy").equals("true"))
          healthy.add(nodeOfChild(UUID.fromString(text(cells, "uuid"))));
      }
    }
    return healthy;
  }

  private int nodeOfChild(UUID childUuid) throws Exception {
    for (int node = 1; node <= NODES; node++) {
      if (DeviceUri.parse(childUri(node)).uuid().equals(Optional.of(childUuid))) return node;
    }
    throw new AssertionError("no child " + childUuid + " in " + childUris);
  }

  private String share(int node, String disk) throws IOException {
    NodeShell shell = node(node).shell();
    String name = text(shell.show("tenon:device create '" + disk + "'"), "name");
    return text(shell.show("tenon:share create '" + name + "'"), "uri");
  }

  private String replica(int node, String disk) throws IOException {
    node(node).shell().must("tenon:pool create " + Node.POOL + " '" + disk + "' --cluster 1MiB");
    return replica(node);
  }

  /** Of the pool; for this node only, or shared with node 1. */
  private String replica(int node) throws IOException {
    NodeShell shell = node(node).shell();
    String name = replicaName(node);
    var made =
        shell.show(
            "tenon:replica create %s %s --thin --size %dMiB"
                .formatted(Node.POOL, name, shape.replicaMib()));
    return text(node == 1 ? made : shell.show("tenon:replica share " + name), "uri");
  }

  private static String replicaName(int node) {
    return "replica" + node;
  }

  // ---- what an operator does

  /** A node that was killed, and its replica, which it remembers. */
  void startAgain(int node) throws Exception {
    begin(node);
    awaitBack(node);
  }

  /** Its process runs again. */
  void begin(int node) throws IOException {
    nodes.set(node - 1, NodePool.startAgain(node(node)));
  }

  void awaitBack(int node) throws Exception {
    var again = node(node);
    again.awaitReady();
    Waiting.until(
        "node " + node + " has its replica again",
        () ->
            again.shell().list("tenon:replica list").stream()
                .anyMatch(row -> text(row, "uri").equals(childUri(node))),
        again::toString);
  }

  /** Brings the child back, as soon as that is possible. */
  void online(int node) throws Exception {
    Waiting.until(
        "the child on node " + node + " is let in",
        () -> tell("online", node).status() == 0,
        () -> {
          try {
            return tell("online", node) + "; " + describe();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** It is gone; its children hold what they have. */
  void destroyNexus() throws IOException {
    node(1).shell().must("tenon:nexus destroy " + NEXUS);
  }

  void remove(int node) throws IOException {
    must("remove", node);
  }

  /** A child that holds nothing of the nexus, or nothing that can be trusted. */
  void add(int node) throws IOException {
    must("add", node);
  }

  /** Its replica is deleted, and made once more. */
  void wipe(int node) throws IOException {
    node(node).shell().must("tenon:replica destroy " + replicaName(node));
    childUris.set(node - 1, replica(node));
  }

  private void must(String verb, int node) throws IOException {
    var answer = tell(verb, node);
    assertEquals(0, answer.status(), () -> verb + " of node " + node + ": " + answer.errors());
  }

  private NodeShell.Answer tell(String verb, int node) throws IOException {
    return node(1).shell().say("tenon:nexus %s %s '%s'".formatted(verb, NEXUS, childUri(node)));
  }

  /** Its replica as it is now, shared. @return where */
  String snapshot(int node) throws IOException {
    NodeShell shell = node(node).shell();
    String name = "snapshot" + node;
    shell.must("tenon:snapshot create %s %s".formatted(replicaName(node), name));
    return text(shell.show("tenon:share create " + name), "uri");
  }

  /** Nobody reads it any more; a pool with a snapshot that is shared is not closed. */
  void unshareSnapshot(int node) throws IOException {
    node(node).shell().must("tenon:share destroy snapshot" + node);
  }

  /** The replica on this node, which nobody uses, holds what the snapshot does when this returns. */
  void fill(int node, String snapshotUri) throws Exception {
    NodeShell shell = node(node).shell();
    shell.must("tenon:replica unshare " + replicaName(node));
    shell.must(
        "tenon:snapshotrebuild create 'bdev:///%s' '%s'".formatted(replicaName(node), snapshotUri));
    Waiting.until(
        "the replica on node " + node + " is filled",
        Waiting.LONG_PATIENCE,
        () -> rebuilt(shell).equals("SUCCESSFUL"),
        this::describe);
    childUris.set(node - 1, text(shell.show("tenon:replica share " + replicaName(node)), "uri"));
  }

  private static String rebuilt(NodeShell shell) throws IOException {
    var row = shell.list("tenon:snapshotrebuild list").getFirst();
    assertFalse(text(row, "state").equals("FAILED"), row::toString);
    return text(row, "state");
  }

  // ---- what is there

  /** What the disk of this node holds, found without its node; empty when it is as the ledger says. */
  List<String> sweepDisk(int node, Sweep sweep) throws Exception {
    var file = node(node).disk();
    if (node == shape.withoutPool()) return sweep.file(file, DATA_OFFSET_BYTES);
    try (var disk = PoolDiskReader.read(file)) {
      return sweep.blob(disk, replicaName(node), DATA_OFFSET_BYTES);
    }
  }

  private static String text(Map<?, ?> cells, String name) {
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
    for (String child : childUris) children.add(child(shown, child));
    return new View(text(shown, "state"), children);
  }

  private static Child child(Map<String, Object> nexus, String uri) throws IOException {
    if (nexus.get("children") instanceof List<?> list) {
      for (Object one : list) {
        if (!(one instanceof Map<?, ?> row)) throw new IOException("no child: " + one);
        if (!text(row, "child").equals(uri)) continue;
        return new Child(
            uri, text(row, "state"), text(row, "reason"), text(row, "since"), text(row, "detail"));
      }
    }
    return new Child(uri, "NONE", "", "", "");
  }

  /** Under way. */
  List<Rebuild> rebuilds() throws IOException {
    return rebuilds("list");
  }

  /** Over, the newest first. */
  List<Rebuild> pastRebuilds() throws IOException {
    return rebuilds("history");
  }

  private List<Rebuild> rebuilds(String verb) throws IOException {
    return node(1).shell().list("tenon:rebuild " + verb + " " + NEXUS).stream()
        .map(
            row ->
                new Rebuild(
                    text(row, "child"),
                    text(row, "state"),
                    text(row, "kind"),
                    Long.parseLong(text(row, "copied")),
                    text(row, "detail")))
        .toList();
  }

  /** From the replica on this node, by anybody. */
  long bytesRead(int node) throws IOException {
    return bytesRead(node, "REPLICA", replicaName(node));
  }

  /** From the disk of the pool on this node, by whatever is on it. */
  long bytesReadOfPool(int node) throws IOException {
    return bytesRead(node, "POOL", Node.POOL);
  }

  private long bytesRead(int node, String kind, String name) throws IOException {
    return node(node).shell().list("tenon:stats list --kind " + kind).stream()
        .filter(row -> text(row, "name").equals(name))
        .mapToLong(row -> Long.parseLong(text(row, "read")))
        .sum();
  }

  /** For people, when a test fails. */
  String describe() {
    try {
      return nexus() + "; " + nodes + "; rebuilds " + rebuilds() + ", before " + pastRebuilds();
    } catch (IOException | AssertionError e) {
      return "node 1 says " + e + "; " + nodes;
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
