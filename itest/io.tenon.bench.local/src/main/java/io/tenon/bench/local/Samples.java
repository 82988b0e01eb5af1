package io.tenon.bench.local;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What was measured several times. */
final class Samples {
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
}
