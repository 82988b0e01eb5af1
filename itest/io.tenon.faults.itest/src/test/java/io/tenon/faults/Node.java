package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.Waiting;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A {@code bin/tenon-node} with a place of its own, with a folder for its data, its disks and the bundles dropped into it. */
final class Node {
  /** The name of its pool, when it has one. */
  static final String POOL = "pool";

  private static final Path BUILT = Path.of(System.getProperty("tenon.home")).normalize();
  private static final Path FAULT_BACKEND = Path.of(System.getProperty("tenon.faults.jar"));

  /** A start is all computing: on a machine with much else to do it takes long. */
  private static final Duration START_PATIENCE = Duration.ofSeconds(90);

  private final String name;
  private final Place place;
  private final Path folder;
  private final Path log;
  private final Map<String, String> environment;
  private final Process process;
  private boolean frozen;
  private int disks;

  private Node(
      String name,
      Place place,
      Path folder,
      Path log,
      Map<String, String> environment,
      Process process) {
    this.name = name;
    this.place = place;
    this.folder = folder;
    this.log = log;
    this.environment = environment;
    this.process = process;
  }

  /** Starts it; {@link #awaitReady} waits until it serves. */
  static Node start(
      String name, Place place, Path folder, Path log, Map<String, String> environment)
      throws IOException {
    Files.createDirectories(folder.resolve("deploy"));
    Files.createDirectories(log.getParent());
    var command = new ArrayList<String>(place.within());
    command.add(BUILT.resolve("bin/tenon-node").toString());
    command.addAll(List.of("--name", name, "--grpc", place.address() + ":0"));
    command.addAll(List.of("--nvme", place.address() + ":" + place.nvmePort()));
    command.addAll(List.of("--data", folder.resolve("data").toString()));
    command.addAll(List.of("--cores", Host.REACTORS > 1 ? "0,1" : "0"));
    command.addAll(List.of("--deploy", folder.resolve("deploy").toString()));
    var builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(variable -> variable.startsWith("TENON_"));
    builder.environment().put("TENON_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(Redirect.appendTo(log.toFile()));
    return new Node(name, place, folder, log, environment, builder.start());
  }

  /** The same node once more, after {@link #kill}: its address and its folder are as they were. */
  Node startAgain() throws IOException {
    Files.deleteIfExists(folder.resolve("data/ready.json"));
    var again = start(name, place, folder, log, environment);
    again.disks = disks;
    return again;
  }

  void awaitReady() throws Exception {
    Path ready = folder.resolve("data/ready.json");
    Waiting.until(
        name + " is ready",
        START_PATIENCE,
        () -> {
          assertTrue(process.isAlive(), () -> name + " has ended: " + tail());
          return Files.exists(ready);
        },
        this::tail);
  }

  private String tail() {
    try {
      List<String> lines = Files.readAllLines(log);
      return log
          + "\n"
          + String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  NodeShell shell() {
    return new NodeShell(folder.resolve("data"));
  }

  /** A new sparse file; {@link #disk} from now on. */
  Path makeDisk(long bytes) throws IOException {
    disks++;
    try (var file = new RandomAccessFile(disk().toFile(), "rw")) {
      file.setLength(bytes);
    }
    return disk();
  }

  Path disk() {
    return folder.resolve("disk" + disks);
  }

  /** Drops the backend of {@code fault://} into the running node and waits until it knows the scheme. */
  void deployFaultBackend() throws Exception {
    Path deploy = folder.resolve("deploy");
    Path part = Files.copy(FAULT_BACKEND, folder.resolve("fault.part"));
    var _ = Files.move(part, deploy.resolve("fault.jar"), StandardCopyOption.ATOMIC_MOVE);
    Waiting.until(
        name + " knows fault://",
        () -> shell().say("tenon:backend show fault").status() == 0,
        this::tail);
  }

  /** What its disk, behind {@code fault://}, does from now on; nothing for a healthy one. */
  void diskFault(String words) throws IOException {
    Path part = Files.writeString(folder.resolve("fault.words"), words);
    var _ = Files.move(part, Path.of(disk() + ".fault"), StandardCopyOption.ATOMIC_MOVE);
  }

  /** SIGKILL; it is gone when this returns. */
  void kill() throws InterruptedException {
    // Ends stopped processes too.
    process.destroyForcibly();
    assertTrue(process.waitFor(Waiting.PATIENCE.toSeconds(), TimeUnit.SECONDS), name + " lives on");
  }

  /** SIGTERM: it stops in order, and has when this returns. */
  void terminate() throws Exception {
    signal("TERM");
    assertTrue(process.waitFor(START_PATIENCE.toSeconds(), TimeUnit.SECONDS), name + " lives on");
  }

  /** SIGSTOP: its sockets stay open and nobody answers. When this returns all of its threads stand: on a busy machine some go on for a while. */
  void freeze() throws Exception {
    signal("STOP");
    frozen = true;
    Waiting.until(name + " stands still", this::standsStill);
  }

  private boolean standsStill() {
    try (var threads = Files.list(Path.of("/proc", String.valueOf(process.pid()), "task"))) {
      for (Path thread : threads.toList()) {
        String stat = Files.readString(thread.resolve("stat"));
        // proc(5): the state follows the name, which may hold anything.
        if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') return false;
      }
      return true;
    } catch (IOException e) {
      return false; // a thread has ended meanwhile
    }
  }

  /** SIGCONT. */
  void thaw() throws Exception {
    signal("CONT");
    frozen = false;
  }

  /** Closes all that a test has made on it, and takes the backend back, so that the next one finds it as it was. */
  void clear() throws Exception {
    if (frozen) thaw();
    // A pool writes when it is closed.
    if (Files.exists(Path.of(disk() + ".fault"))) diskFault("");
    NodeShell shell = shell();
    for (var nexus : shell.list("tenon:nexus list")) {
      shell.must("tenon:nexus destroy '" + nexus.get("name") + "'");
    }
    for (var pool : shell.list("tenon:pool list")) {
      shell.must("tenon:pool export '" + pool.get("name") + "'");
    }
    for (var share : shell.list("tenon:share list")) {
      shell.must("tenon:share destroy '" + share.get("device") + "'");
    }
    for (var device : shell.list("tenon:device list")) {
      shell.must("tenon:device destroy '" + device.get("name") + "'");
    }
    if (!Files.deleteIfExists(folder.resolve("deploy/fault.jar"))) return;
    Waiting.until(
        name + " has forgotten fault://",
        () -> shell.say("tenon:backend show fault").status() != 0,
        this::tail);
  }

  @Override
  public String toString() {
    return name + (process.isAlive() ? "" : " (dead)") + ", log " + log;
  }

  private void signal(String signal) throws Exception {
    var kill = new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start();
    assertEquals(0, kill.waitFor(), () -> "kill -" + signal);
  }

  boolean isFrozen() {
    return frozen;
  }

  boolean isAlive() {
    return process.isAlive();
  }
}
