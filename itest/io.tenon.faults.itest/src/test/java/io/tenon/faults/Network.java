package io.tenon.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/**
 * A network of this machine alone: a namespace for each node, one for the router between them, and a link from the router to the host that
 * runs the test. What the router does with packets is what is cut; it drops them silently, each direction by itself.
 *
 * <p>Station 0 is the host, the others are nodes.
 */
final class Network implements AutoCloseable {
  private static final String PREFIX = "tenon-faults-";
  private static final Path NAMESPACES = Path.of("/run/netns");
  private static final long PATIENCE_SECONDS = 30;

  /** For measurements within one's own network (RFC 2544): nobody is to be found there. */
  private static final String NETWORK = "198.18.";

  private static final int SUBNETS = 256;
  private static final int ADDRESSES_PER_LINK = 4;
  private static final int NVME_PORT = 8420;

  /** The kernel's, for whoever connects. */
  private static final String USUAL_PORTS = "32768-60999";

  private static final AtomicInteger made = new AtomicInteger();

  private final long owner = ProcessHandle.current().pid();
  private final int stations;
  private final String subnet;
  private final String hostLink;
  private final Set<Cut> cuts = new LinkedHashSet<>();
  private boolean closed;

  /**
   * Packets from one station to another are dropped.
   *
   * @param ports only of connections from these; all if empty
   */
  record Cut(int from, int to, String ports) {
    Cut(int from, int to) {
      this(from, to, "");
    }

    /** Only connections that were made before {@link #useOtherPorts}: as when one of several ways through a network fails. */
    static Cut ofOldConnections(int from, int to) {
      return new Cut(from, to, USUAL_PORTS);
    }
  }

  /** What connects from this node from now on is told apart from what did before. */
  void useOtherPorts(int node) throws IOException {
    within(namespace(node), "sh", "-c", "echo 20000 29999 >/proc/sys/net/ipv4/ip_local_port_range");
  }

  private Network(int stations, String subnet) {
    this.stations = stations;
    this.subnet = subnet;
    this.hostLink = "tnf" + owner + "-" + made.incrementAndGet();
  }

  /** Skips the test, with the reason, where this process may not make networks. */
  static void assumePossible() {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")) && Files.isExecutable(Path.of("/bin/ip")),
        "skipped: network namespaces need root and ip(8) of the Debian package iproute2");
  }

  static Network of(int nodes) throws IOException {
    removeLeftovers();
    var network = new Network(nodes + 1, freeSubnet());
    Runtime.getRuntime().addShutdownHook(new Thread(network::closeAtTheEnd));
    try {
      network.build();
    } catch (IOException | AssertionError e) {
      network.close();
      throw e;
    }
    return network;
  }

  private static String freeSubnet() throws IOException {
    String used = run("ip", "-4", "route", "show", "table", "all");
    int first = (int) (ProcessHandle.current().pid() % SUBNETS);
    for (int i = 0; i < SUBNETS; i++) {
      String subnet = NETWORK + (first + i) % SUBNETS + ".";
      if (!used.contains(subnet)) return subnet;
    }
    throw new IOException("no network in 198.18.0.0/16 is free");
  }

  private void build() throws IOException {
    ip("netns", "add", router());
    within(router(), "ip", "link", "set", "lo", "up");
    // A cut of one direction is no reason to doubt the other one.
    within(
        router(),
        "sh",
        "-c",
        "cd /proc/sys/net/ipv4; echo 1 >ip_forward; for f in conf/*/rp_filter; do echo 0 >$f; done");
    for (int station = 0; station < stations; station++) connect(station);
  }

  private void connect(int station) throws IOException {
    if (station == 0) {
      String far = hostLink;
      ip("link", "add", far, "type", "veth", "peer", "name", "r0", "netns", router());
      ip("addr", "add", address(0) + "/30", "dev", far);
      ip("link", "set", far, "up");
      ip("route", "add", subnet + "0/24", "via", gateway(0));
    } else {
      String node = namespace(station);
      ip("netns", "add", node);
      within(
          router(),
          "ip",
          "link",
          "add",
          "r" + station,
          "type",
          "veth",
          "peer",
          "name",
          "eth0",
          "netns",
          node);
      within(node, "ip", "link", "set", "lo", "up");
      within(node, "ip", "addr", "add", address(station) + "/30", "dev", "eth0");
      within(node, "ip", "link", "set", "eth0", "up");
      within(node, "ip", "route", "add", "default", "via", gateway(station));
    }
    within(router(), "ip", "addr", "add", gateway(station) + "/30", "dev", "r" + station);
    within(router(), "ip", "link", "set", "r" + station, "up");
  }

  private String router() {
    return PREFIX + owner + "-router";
  }

  private String namespace(int node) {
    return PREFIX + owner + "-" + node;
  }

  private String gateway(int station) {
    return subnet + (station * ADDRESSES_PER_LINK + 1);
  }

  private String address(int station) {
    return subnet + (station * ADDRESSES_PER_LINK + 2);
  }

  /** Where a node of this number runs. */
  Place place(int node) {
    return new Place(
        List.of("nsenter", "--net=" + NAMESPACES.resolve(namespace(node))),
        address(node),
        NVME_PORT);
  }

  /** Nothing of these arrives from now on. */
  void cut(Set<Cut> directions) throws IOException {
    for (Cut one : directions) if (cuts.add(one)) rule("add", one);
  }

  /** What is not cut otherwise arrives again. */
  void heal(Set<Cut> directions) throws IOException {
    for (Cut one : directions) if (cuts.remove(one)) rule("del", one);
  }

  private void rule(String verb, Cut cut) throws IOException {
    var words =
        new ArrayList<String>(
            List.of("ip", "rule", verb, "iif", "r" + cut.from, "to", address(cut.to)));
    if (!cut.ports.isEmpty()) words.addAll(List.of("ipproto", "tcp", "sport", cut.ports));
    words.add("blackhole");
    within(router(), words.toArray(String[]::new));
  }

  // ---- leaving nothing behind

  @Override
  public synchronized void close() throws IOException {
    if (closed) return;
    closed = true;
    // Links go with their namespaces, but by and by; that of the host keeps addresses from the next
    // one.
    if (Files.exists(Path.of("/sys/class/net", hostLink))) ip("link", "delete", hostLink);
    for (String one : ours(owner)) remove(one);
  }

  private void closeAtTheEnd() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("left behind: network namespaces " + PREFIX + owner + "-*: " + e);
    }
  }

  /** Of test runs that could not end as they should. */
  private static void removeLeftovers() throws IOException {
    for (String one : namespaces()) {
      String rest = one.substring(PREFIX.length());
      long pid = Long.parseLong(rest.substring(0, rest.indexOf('-')));
      if (ProcessHandle.of(pid).isEmpty()) remove(one);
    }
  }

  /** With the nodes in it, which would keep it and its links. */
  private static void remove(String namespace) throws IOException {
    run("ip", "netns", "pids", namespace)
        .lines()
        .map(line -> Long.parseLong(line.strip()))
        .flatMap(pid -> ProcessHandle.of(pid).stream())
        .forEach(ProcessHandle::destroyForcibly);
    ip("netns", "delete", namespace);
  }

  private static List<String> ours(long owner) throws IOException {
    return namespaces().stream().filter(one -> one.startsWith(PREFIX + owner + "-")).toList();
  }

  private static List<String> namespaces() throws IOException {
    if (!Files.isDirectory(NAMESPACES)) return List.of();
    try (var files = Files.list(NAMESPACES)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches(PREFIX + "\\d+-.+"))
          .toList();
    }
  }

  // ---- commands

  private static void within(String namespace, String... command) throws IOException {
    var all = new ArrayList<String>(List.of("nsenter", "--net=" + NAMESPACES.resolve(namespace)));
    all.addAll(Arrays.asList(command));
    var _ = run(all.toArray(String[]::new));
  }

  private static void ip(String... words) throws IOException {
    var all = new ArrayList<String>(List.of("ip"));
    all.addAll(Arrays.asList(words));
    var _ = run(all.toArray(String[]::new));
  }

  private static String run(String... command) throws IOException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(String.join(" ", command) + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    if (process.exitValue() != 0) throw new IOException(String.join(" ", command) + ": " + said);
    return said;
  }
}
