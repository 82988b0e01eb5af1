package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** {@code bin/tenon-distro} as people start it. */
final class DistroTool {
  /** The node's distribution as built. */
  static final Path NODE = built("tenon.home");

  static final Path ALL_IN_ONE = built("tenon.all.in.one");
  static final Path MINIMAL = built("tenon.minimal");

  private static final long ENDS_WITHIN_SECONDS = 300;

  private DistroTool() {}

  private static Path built(String property) {
    return Path.of(System.getProperty(property)).toAbsolutePath().normalize();
  }

  /** What a process said, on both ways, and what it ended with. */
  record Said(int status, String text) {}

  static Said run(Path home, String... words) throws Exception {
    var command = new ArrayList<String>();
    command.add(home.resolve("bin/tenon-distro").toString());
    command.addAll(List.of(words));
    return run(command, home);
  }

  static Said run(List<String> command, Path folder) throws Exception {
    var builder = new ProcessBuilder(command).redirectErrorStream(true).directory(folder.toFile());
    builder.environment().put("TENON_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    var process = builder.start();
    process.getOutputStream().close();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(ENDS_WITHIN_SECONDS, TimeUnit.SECONDS), text);
    return new Said(process.exitValue(), text);
  }

  static String must(Path home, String... words) throws Exception {
    Said said = run(home, words);
    assertEquals(0, said.status(), said.text());
    return said.text();
  }

  static Set<String> names(Path folder) throws IOException {
    var names = new TreeSet<String>();
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }
}
