package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code bin/tenon-node} as people start it, in a home of its own whose {@code etc/} may be written to. */
final class NodeProcess implements AutoCloseable {
  private static final Pattern READY = Pattern.compile("ready in [0-9.]+ s:");
  private static final Path BUILT = Path.of(System.getProperty("tenon.home")).normalize();
  private static final long SAY_DEADLINE_SECONDS = 120;
  private static final long STOP_DEADLINE_SECONDS = 30;

  private final Process process;

  /** What nobody has looked at yet, and nothing at its end. Taken at once: a node whose log nobody reads stands still when the pipe is full. */
  private final BlockingQueue<Optional<String>> log = new LinkedBlockingQueue<>();

  private final List<String> lines = new ArrayList<>();

  private NodeProcess(Process process) {
    this.process = process;
    Thread.ofVirtual().name("reads a node's log").start(() -> read(process.errorReader()));
  }

  private void read(BufferedReader from) {
    try (from) {
      from.lines().map(Optional::of).forEach(log::add);
    } catch (IOException | UncheckedIOException e) {
      log.add(Optional.of("(the log ended: " + e + ")"));
    } finally {
      log.add(Optional.empty());
    }
  }

  /** The next line; empty at the end, as often as it is asked for. */
  private Optional<String> next() throws IOException {
    try {
      var line = log.take();
      if (line.isEmpty()) log.add(line);
      line.ifPresent(lines::add);
      return line;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  /** Bundles and libraries are those that were built; scripts and settings are copies. */
  static Path home(Path folder) throws IOException {
    Path home = Files.createDirectories(folder.resolve("home"));
    for (String linked : List.of("bundles", "lib")) {
      Files.createSymbolicLink(home.resolve(linked), BUILT.resolve(linked));
    }
    for (String copied : List.of("bin", "etc")) {
      Files.createDirectories(home.resolve(copied));
      try (Stream<Path> files = Files.list(BUILT.resolve(copied))) {
        for (Path file : files.toList()) {
          Files.copy(
              file,
              home.resolve(copied).resolve(file.getFileName()),
              StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
    return home;
  }

  static NodeProcess start(Path home, String... options) throws IOException {
    return startWith("", home, options);
  }

  /**
   * @param java options of the virtual machine
   */
  static NodeProcess startWith(String java, Path home, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/tenon-node").toString());
    command.addAll(List.of(options));
    var builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("TENON_"));
    builder.environment().put("TENON_JAVA_HOME", System.getProperty("java.home"));
    if (!java.isEmpty()) builder.environment().put("TENON_JAVA_OPTS", java);
    return new NodeProcess(builder.start());
  }

  /** One that is ready, with its data in a folder of its name. */
  static NodeProcess startReady(Path home, Path folder, String name) throws IOException {
    var node =
        start(
            home,
            "--name",
            name,
            "--grpc",
            "127.0.0.1:0",
            "--nvme",
            "127.0.0.1:0",
            "--data",
            folder.resolve(name).toString());
    node.await(READY);
    return node;
  }

  /** Reads the log up to a line that has it; fails when the node ends before that. */
  Matcher await(Pattern pattern) throws IOException {
    while (true) {
      var line = next();
      if (line.isEmpty()) return fail("the node ended without " + pattern + ":\n" + all());
      Matcher matcher = pattern.matcher(line.get());
      if (matcher.find()) return matcher;
    }
  }

  /** What it said until it ended by itself. */
  String complaint() throws IOException {
    Optional<String> line;
    do line = next();
    while (line.isPresent());
    return all();
  }

  String output() throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private String all() {
    return String.join("\n", lines);
  }

  long pid() {
    return process.pid();
  }

  /** What {@code tenon-shell} says to these words on the node of a data folder. */
  static String say(Path home, Path data, String... words) throws Exception {
    var command = new ArrayList<String>();
    command.add(home.resolve("bin/tenon-shell").toString());
    command.addAll(List.of("--data", data.toString()));
    command.addAll(List.of(words));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("TENON_JAVA_HOME", System.getProperty("java.home"));
    var process = builder.start();
    process.getOutputStream().close();
    var answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(SAY_DEADLINE_SECONDS, TimeUnit.SECONDS)) fail("no end: " + command);
    return answer;
  }

  /** As a service manager does: SIGTERM. Fails when the node logged an error in its life, as nothing here makes one. */
  int terminate() throws IOException, InterruptedException {
    int status = end();
    if (!errors().isEmpty()) return fail("the node logged an error:\n" + all());
    return status;
  }

  /** The same for a node that has had one trouble: it must have told it, and nothing else. */
  int terminateAfter(String trouble) throws IOException, InterruptedException {
    int status = end();
    if (errors().isEmpty() || !errors().stream().allMatch(line -> line.contains(trouble))) {
      return fail("the node logged not just \"" + trouble + "\" as an error:\n" + all());
    }
    return status;
  }

  private int end() throws IOException, InterruptedException {
    process.toHandle().destroy(); // Process.destroy would close the log as well.
    int status = status();
    complaint();
    return status;
  }

  private List<String> errors() {
    return lines.stream().filter(line -> line.contains(" ERROR ")).toList();
  }

  int status() throws InterruptedException {
    if (!process.waitFor(STOP_DEADLINE_SECONDS, TimeUnit.SECONDS)) {
      return fail("the node did not end:\n" + all());
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
