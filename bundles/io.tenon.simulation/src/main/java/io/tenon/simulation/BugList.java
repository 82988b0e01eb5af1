package io.tenon.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The list of planted bugs in the documentation, which must name each, and how fast they were found this time. */
public final class BugList {
  private static final String LIST = "docs/PLANTED-BUGS.md";
  private static final String FILE = "target/planted-bugs.txt";

  private BugList() {}

  /**
   * A bug was found; {@code target/planted-bugs.txt} says so.
   *
   * @param suite that plants it
   * @param seeds it took
   * @param beganNs as of {@link System#nanoTime}
   * @throws AssertionError if the documentation does not list it
   */
  public static void found(Class<?> suite, String bug, long seeds, long beganNs) {
    long ms = (System.nanoTime() - beganNs) / 1_000_000;
    String line = "%s | %s | %d | %d%n".formatted(suite.getSimpleName(), bug, seeds, ms);
    try {
      Files.writeString(Path.of(FILE), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      if (Files.readString(root().resolve(LIST)).contains("| " + bug + " |")) return;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new AssertionError(LIST + " does not list: " + bug);
  }

  /** Of the project. */
  public static Path root() {
    for (var at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.exists(at.resolve(LIST))) return at;
    }
    throw new AssertionError("there is no " + LIST + " above here");
  }
}
