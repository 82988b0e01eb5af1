package io.tenon.bench.nvmf;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What one run gave. Latencies in microseconds. */
record Figures(double iops, double p50Us, double p99Us, double p9999Us) {
  private static final double NS_PER_US = 1_000;

  /**
   * @param samplesNs latencies, sorted by this
   */
  static Figures of(long[] samplesNs, long tookNs) {
    if (samplesNs.length == 0) throw new IllegalStateException("no I/O ended");
    Arrays.sort(samplesNs);
    return new Figures(
        samplesNs.length * 1e9 / tookNs,
        percentile(samplesNs, 0.5),
        percentile(samplesNs, 0.99),
        percentile(samplesNs, 0.9999));
  }

  private static double percentile(long[] sortedNs, double share) {
    int index = (int) Math.ceil(share * sortedNs.length) - 1;
    return sortedNs[Math.max(0, index)] / NS_PER_US;
  }

  /** Each figure's own median. */
  static Figures median(List<Figures> runs) {
    return new Figures(
        median(runs, Figures::iops),
        median(runs, Figures::p50Us),
        median(runs, Figures::p99Us),
        median(runs, Figures::p9999Us));
  }

  static <T> double median(List<T> runs, ToDoubleFunction<T> figure) {
    double[] sorted = runs.stream().mapToDouble(figure).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
