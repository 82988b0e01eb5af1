package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code bin/tenon-node} as people start it, in a home of its own whose {@code etc/} may be written to. */
final class NodeProcess implements AutoCloseable {
  private static final Path BUILT = Path.of(System.getProperty("tenon.home")).normalize();
  private static final long STOP_DEADLINE_SECONDS = 30;

  private final Process process;
  private final BufferedReader log;
  private final List<String> lines = new ArrayList<>();

  private NodeProcess(Process process) {
    this.process = process;
    this.log = process.errorReader();
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

  /** Reads the log up to a line that has it; fails when the node ends before that. */
  Matcher await(Pattern pattern) throws IOException {
    while (true) {
      String line = log.readLine();
      if (line == null) return fail("the node ended without " + pattern + ":\n" + all());
      lines.add(line);
      Matcher matcher = pattern.matcher(line);
      if (matcher.find()) return matcher;
    }
  }

  /** What it said until it ended by itself. */
  String complaint() throws IOException {
    log.lines().forEach(lines::add);
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

  /** As a service manager does: SIGTERM. Fails when the node logged an error in its life, as nothing here makes one. */
  int terminate() throws IOException, InterruptedException {
    process.toHandle().destroy(); // Process.destroy would close the log as well.
    int status = status();
    String said = complaint();
    if (said.contains(" ERROR ")) return fail("the node logged an error:\n" + said);
    return status;
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
