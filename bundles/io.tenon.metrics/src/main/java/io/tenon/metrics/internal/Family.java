package io.tenon.metrics.internal;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.function.ToDoubleFunction;

/** Figures of one name that differ in their labels. */
final class Family {
  private Family() {}

  /** One for each of those that there are; none if there are none. */
  static <T extends Labelled> GaugeSnapshot gauge(
      String name, String help, Iterable<T> all, ToDoubleFunction<T> figure) {
    var family = GaugeSnapshot.builder().name(name).help(help);
    for (T one : all) family.dataPoint(gauge(one.labels(), figure.applyAsDouble(one)));
    return family.build();
  }

  static GaugeDataPointSnapshot gauge(Labels labels, double figure) {
    return GaugeDataPointSnapshot.builder().labels(labels).value(figure).build();
  }

  static CounterDataPointSnapshot counter(Labels labels, long figure) {
    return CounterDataPointSnapshot.builder().labels(labels).value((double) figure).build();
  }

  /**
   * @param name without {@code _total}
   */
  static CounterSnapshot counter(String name, String help, double figure) {
    return CounterSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(CounterDataPointSnapshot.builder().value(figure).build())
        .build();
  }

  /** Something that has figures. */
  interface Labelled {
    Labels labels();
  }
}
