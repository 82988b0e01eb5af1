package io.tenon.metadata.etcd.internal;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/** A real etcd of one member, from the Debian package etcd-server. */
final class EtcdServer implements AutoCloseable {
  private static final int FIRST_PORT = 21400;
  private static final int PORTS = 100;
  private static final AtomicInteger nextPort =
      new AtomicInteger((int) (ProcessHandle.current().pid() % PORTS));

  private final Path folder;
  private final List<String> more;
  private final boolean tls;
  private final int clientPort;
  private final int peerPort;
  private Process process;

  /**
   * @param more options
   */
  EtcdServer(Path folder, String... more) throws Exception {
    Assumptions.assumeTrue(
        isInstalled(), "etcd is not installed; apt-get install etcd-server, or ./test");
    this.folder = folder;
    this.more = List.of(more);
    this.tls = this.more.stream().anyMatch(option -> option.startsWith("--cert-file"));
    this.clientPort = freePort();
    this.peerPort = freePort();
    revive();
  }

  static boolean isInstalled() {
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

  String endpoint() {
    return (tls ? "https://" : "http://") + "127.0.0.1:" + clientPort;
  }

  void kill() throws Exception {
    process.destroyForcibly();
    if (!process.waitFor(60, TimeUnit.SECONDS)) throw new AssertionError("etcd cannot be killed");
  }

  void revive() throws Exception {
    var command = new ArrayList<String>();
    command.addAll(
        List.of(
            "etcd",
            "--name=one",
            "--data-dir=" + folder.resolve("etcd"),
            "--listen-client-urls=" + endpoint(),
            "--advertise-client-urls=" + endpoint(),
            "--listen-peer-urls=http://127.0.0.1:" + peerPort,
            "--initial-advertise-peer-urls=http://127.0.0.1:" + peerPort,
            "--initial-cluster=one=http://127.0.0.1:" + peerPort));
    command.addAll(more);
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
            .start();
    awaitListening();
  }

  private void awaitListening() throws Exception {
    long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), clientPort), 1_000);
        return;
      } catch (IOException e) {
        if (System.nanoTime() > endNs || !process.isAlive()) {
          throw new AssertionError(
              "etcd did not start: " + Files.readString(folder.resolve("log")), e);
        }
        Thread.sleep(10);
      }
    }
  }

  void restart() throws Exception {
    kill();
    revive();
  }

  /** All data, as if it had never been there. */
  void forget() throws IOException {
    try (var files = Files.walk(folder.resolve("etcd"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }

  void freeze() throws Exception {
    signal("STOP");
  }

  void thaw() throws Exception {
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    int status = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor();
    if (status != 0) throw new AssertionError("kill -" + name + " ended with " + status);
  }

  @Override
  public void close() throws Exception {
    process.destroyForcibly();
    if (!process.waitFor(60, TimeUnit.SECONDS)) throw new AssertionError("etcd cannot be killed");
  }
}
