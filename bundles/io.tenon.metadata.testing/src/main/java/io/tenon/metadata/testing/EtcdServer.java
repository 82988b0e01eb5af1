package io.tenon.metadata.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** A real etcd, of one member or one member of several, from the Debian package etcd-server. */
public final class EtcdServer implements AutoCloseable {
  public static final String NOT_INSTALLED =
      "etcd is not installed; apt-get install etcd-server, or ./test";

  private static final int FIRST_PORT = 21400;
  private static final int PORTS = 100;
  private static final AtomicInteger nextPort =
      new AtomicInteger((int) (ProcessHandle.current().pid() % PORTS));

  private final String name;
  private final Path folder;
  private final List<String> more;
  private final boolean tls;
  private final int clientPort;
  private final int peerPort;
  private String cluster;
  private Optional<Process> process = Optional.empty();

  /**
   * Starts one that is alone.
   *
   * @param folder for its data and its log
   * @param more options
   */
  public EtcdServer(Path folder, String... more) throws Exception {
    this("one", folder, more);
    revive();
  }

  /** Not started yet. */
  private EtcdServer(String name, Path folder, String... more) throws IOException {
    if (!isInstalled()) throw new IOException(NOT_INSTALLED);
    this.name = name;
    this.folder = folder;
    this.more = List.of(more);
    this.tls = this.more.stream().anyMatch(option -> option.startsWith("--cert-file"));
    this.clientPort = freePort();
    this.peerPort = freePort();
    this.cluster = name + "=" + peerUrl();
  }

  /** Members of one cluster, started. */
  public static List<EtcdServer> cluster(Path folder, int count) throws Exception {
    var members = new ArrayList<EtcdServer>();
    for (int i = 0; i < count; i++) {
      var own = Files.createDirectories(folder.resolve("member" + i));
      members.add(new EtcdServer("member" + i, own));
    }
    var all = members.stream().map(member -> member.cluster).collect(Collectors.joining(","));
    try {
      for (var member : members) {
        member.cluster = all;
        member.begin();
      }
      for (var member : members) member.awaitListening();
    } catch (Exception | AssertionError e) {
      for (var member : members) member.close();
      throw e;
    }
    return List.copyOf(members);
  }

  private String peerUrl() {
    return "http://127.0.0.1:" + peerPort;
  }

  /** By its own word, which may be a moment old; false when it says nothing. */
  public boolean isLeader() throws Exception {
    var connection = URI.create(endpoint() + "/metrics").toURL().openConnection();
    connection.setConnectTimeout(1_000);
    connection.setReadTimeout(1_000);
    try (var in = connection.getInputStream()) {
      return new String(in.readAllBytes(), UTF_8).contains("\netcd_server_is_leader 1\n");
    } catch (IOException e) {
      return false;
    }
  }

  public static boolean isInstalled() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
        .anyMatch(path -> Files.isExecutable(Path.of(path, "etcd")));
  }

  private static int freePort() {
    for (int i = 0; i < PORTS; i++) {
      int port = FIRST_PORT + Math.floorMod(nextPort.getAndIncrement(), PORTS);
      if (isFree(port)) return port;
    }
    throw new AssertionError("no free port from " + FIRST_PORT + " on");
  }

  private static boolean isFree(int port) {
    try (var probe = new Socket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  public String endpoint() {
    return (tls ? "https://" : "http://") + "127.0.0.1:" + clientPort;
  }

  public void kill() throws Exception {
    var running = process.orElseThrow();
    running.destroyForcibly();
    if (!running.waitFor(60, TimeUnit.SECONDS)) throw new AssertionError("etcd cannot be killed");
  }

  public void revive() throws Exception {
    begin();
    awaitListening();
  }

  private void begin() throws IOException {
    var command = new ArrayList<String>();
    command.addAll(
        List.of(
            "etcd",
            "--name=" + name,
            "--data-dir=" + folder.resolve("etcd"),
            "--listen-client-urls=" + endpoint(),
            "--advertise-client-urls=" + endpoint(),
            "--listen-peer-urls=" + peerUrl(),
            "--initial-advertise-peer-urls=" + peerUrl(),
            "--initial-cluster=" + cluster));
    command.addAll(more);
    var started =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
            .start();
    process = Optional.of(started);
  }

  private void awaitListening() throws Exception {
    long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), clientPort), 1_000);
        return;
      } catch (IOException e) {
        if (System.nanoTime() > endNs || !process.orElseThrow().isAlive()) {
          throw new AssertionError(
              "etcd did not start: " + Files.readString(folder.resolve("log")), e);
        }
        Thread.sleep(10);
      }
    }
  }

  public void restart() throws Exception {
    kill();
    revive();
  }

  /** All data, as if it had never been there. */
  public void forget() throws IOException {
    try (var files = Files.walk(folder.resolve("etcd"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }

  public void freeze() throws Exception {
    signal("STOP");
  }

  public void thaw() throws Exception {
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    int status =
        new ProcessBuilder("kill", "-" + name, "" + process.orElseThrow().pid()).start().waitFor();
    if (status != 0) throw new AssertionError("kill -" + name + " ended with " + status);
  }

  @Override
  public void close() throws Exception {
    if (process.isPresent()) kill();
  }
}
