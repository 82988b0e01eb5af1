package io.tenon.bench.local;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The parts of a benchmark that somebody names; all when none is named. */
record Parts(List<String> wanted) {
  /** Ends the program when there is none of that name: its figures would be missed only afterwards. */
  static Parts of(List<String> wanted, Set<String> known) {
    for (String part : wanted) {
      if (known.contains(part)) continue;
      System.err.printf(
          "TENON_BENCH_PARTS names %s, and there are %s, with a blank between them.%n",
          part, String.join(" ", new TreeSet<>(known)));
      System.exit(2);
    }
    return new Parts(wanted);
  }

  boolean want(String part) {
    return wanted.isEmpty() || wanted.contains(part);
  }
}
