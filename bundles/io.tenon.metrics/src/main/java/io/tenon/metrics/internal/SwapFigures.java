package io.tenon.metrics.internal;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.tenon.swap.SwapCounters;
import java.time.Duration;

/** {@code tenon_swap_}: what came of the bundles that were replaced since the node was started, and who had to wait. */
final class SwapFigures {
  private static final double NS_PER_S = 1e9;

  private SwapFigures() {}

  static void add(MetricSnapshots.Builder to, SwapCounters swaps) {
    to.metricSnapshot(
        CounterSnapshot.builder()
            .name("tenon_swaps")
            .help("Bundles that were replaced, or should have been, by what came of it")
            .dataPoint(Family.counter(result("swapped"), swaps.swapped()))
            .dataPoint(Family.counter(result("rolled_back"), swaps.rolledBack()))
            .dataPoint(Family.counter(result("refused"), swaps.refused()))
            .dataPoint(Family.counter(result("failed"), swaps.failed()))
            .build());
    to.metricSnapshot(
        CounterSnapshot.builder()
            .name("tenon_swap_pauses")
            .help("How often a device, or a host's connection, had to wait for a swap")
            .dataPoint(Family.counter(Labels.of("of", "device"), swaps.devicePauses()))
            .dataPoint(Family.counter(Labels.of("of", "host"), swaps.hostPauses()))
            .build());
    to.metricSnapshot(
        Family.counter(
            "tenon_swap_pause_seconds", "All these pauses together", seconds(swaps.totalPause())));
    to.metricSnapshot(
        Family.counter(
            "tenon_swap_broken_connections",
            "Connections of hosts that no transport went on with",
            (double) swaps.brokenConnections()));
    to.metricSnapshot(
        GaugeSnapshot.builder()
            .name("tenon_swap_longest_pause_seconds")
            .help("The longest of these pauses")
            .dataPoint(Family.gauge(Labels.EMPTY, seconds(swaps.longestPause())))
            .build());
  }

  private static Labels result(String result) {
    return Labels.of("result", result);
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / NS_PER_S;
  }
}
