package io.tenon.metrics.internal;

import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoCounters;
import io.tenon.block.IoOperation;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What went through the devices of one kind, under the six names that Mayastor's exporter has for it: gauges that only grow. */
final class IoFigures {
  private IoFigures() {}

  /** One device's. */
  record Io(Labels labels, IoCounters read, IoCounters write) implements Family.Labelled {
    static Io of(Labels labels, DeviceSlot slot) {
      return new Io(labels, slot.counters(IoOperation.READ), slot.counters(IoOperation.WRITE));
    }
  }

  /**
   * @param prefix what the devices are
   */
  static void add(MetricSnapshots.Builder to, String prefix, List<Io> devices) {
    to.metricSnapshot(
        Family.gauge(
            prefix + "_bytes_read", "Bytes that were read", devices, io -> io.read().bytes()));
    to.metricSnapshot(
        Family.gauge(
            prefix + "_bytes_written",
            "Bytes that were written",
            devices,
            io -> io.write().bytes()));
    to.metricSnapshot(
        Family.gauge(prefix + "_num_read_ops", "Reads", devices, io -> io.read().operations()));
    to.metricSnapshot(
        Family.gauge(prefix + "_num_write_ops", "Writes", devices, io -> io.write().operations()));
    to.metricSnapshot(
        Family.gauge(
            prefix + "_read_latency_us",
            "Microseconds of all reads together",
            devices,
            io -> micros(io.read())));
    to.metricSnapshot(
        Family.gauge(
            prefix + "_write_latency_us",
            "Microseconds of all writes together",
            devices,
            io -> micros(io.write())));
  }

  private static double micros(IoCounters counters) {
    return TimeUnit.NANOSECONDS.toMicros(counters.totalNs());
  }
}
