package io.tenon.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Core lists as Linux writes them: {@code 0,2-3}. */
final class Cores {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String ALLOWED = "Cpus_allowed_list:";
  private static final int MOST_CORES = 4096;

  private Cores() {}

  /** Refuses a list that is none, and cores that this process may not run on. */
  static void check(Given given) throws RefusedException {
    check(given, allowed());
  }

  static void check(Given given, String allowed) throws RefusedException {
    SortedSet<Integer> wanted;
    try {
      wanted = parse(given.value());
    } catch (IllegalArgumentException e) {
      throw given.refused(
          e.getMessage() + ".", "Give numbers and ranges of cores, such as 0,2 or 0-3.");
    }
    wanted.removeAll(parse(allowed));
    if (!wanted.isEmpty()) {
      throw given.refused(
          "Core " + wanted.first() + " is not one that this process may run on (" + allowed + ").",
          "Give cores out of " + allowed + ".");
    }
  }

  static SortedSet<Integer> parse(String list) {
    var cores = new TreeSet<Integer>();
    for (String part : list.split(",", -1)) {
      if (!part.matches("\\d{1,4}(-\\d{1,4})?")) {
        throw new IllegalArgumentException("\"" + part + "\" is neither a core nor a range");
      }
      int dash = part.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
      int last = dash < 0 ? first : Integer.parseInt(part.substring(dash + 1));
      if (last < first) throw new IllegalArgumentException("Range " + part + " runs backwards");
      if (last >= MOST_CORES) throw new IllegalArgumentException("There is no core " + last);
      for (int core = first; core <= last; core++) {
        if (!cores.add(core))
          throw new IllegalArgumentException("Core " + core + " is twice in it");
      }
    }
    return cores;
  }

  /** What the scheduler and the container leave us; cores online are not enough. */
  private static String allowed() throws RefusedException {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(ALLOWED)) return line.substring(ALLOWED.length()).trim();
      }
    } catch (IOException e) {
      throw unknown(String.valueOf(e.getMessage()), e);
    }
    throw unknown("It has no line " + ALLOWED, null);
  }

  private static RefusedException unknown(String why, @Nullable IOException cause) {
    var refused =
        new RefusedException(
            "The node was not started: which cores there are cannot be read from " + STATUS + ".",
            why,
            "Run it on Linux with /proc mounted.");
    if (cause != null) refused.initCause(cause);
    return refused;
  }
}
