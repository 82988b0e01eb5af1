package io.tenon.bench.local;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What was measured several times. */
final class Samples {
  private static final double NS_PER_MS = 1e6;

  private Samples() {}

  static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  /** A JSON list of them. */
  static String text(List<Double> values) {
    return values.stream()
        .map(value -> String.format(Locale.ROOT, "%.2f", value))
        .collect(Collectors.joining(",", "[", "]"));
  }

  /** In the same unit. */
  static long median(long[] values) {
    return percentile(values, 0.5);
  }

  /**
   * @param share 0 to 1
   */
  static long percentile(long[] values, double share) {
    var sorted = values.clone();
    Arrays.sort(sorted);
    int index = (int) Math.ceil(share * sorted.length) - 1;
    return sorted[Math.clamp(index, 0, sorted.length - 1)];
  }

  /** Members of a JSON object: median, the longest but one of a hundred, the longest. */
  static String shares(String name, long[] ns) {
    return String.format(
        Locale.ROOT,
        "\"%s_p50_ms\":%.2f,\"%s_p99_ms\":%.2f,\"%s_max_ms\":%.2f",
        name,
        median(ns) / NS_PER_MS,
        name,
        percentile(ns, 0.99) / NS_PER_MS,
        name,
        percentile(ns, 1) / NS_PER_MS);
  }
}
