package io.tenon.swap.internal;

import io.tenon.swap.DevicePause;
import io.tenon.swap.HostPause;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Who had to wait for a swap, and for how long. */
record Waits(List<DevicePause> devices, List<HostPause> hosts) {
  static final Waits NONE = new Waits(List.of(), List.of());

  /** Of those that had to wait in both, the longer time. */
  Waits and(Waits other) {
    var found = new TreeMap<String, DevicePause>();
    Stream.concat(devices.stream(), other.devices.stream())
        .forEach(
            pause ->
                found.merge(
                    pause.device(),
                    pause,
                    (one, two) -> one.pause().compareTo(two.pause()) >= 0 ? one : two));
    var connections = new TreeMap<String, HostPause>();
    Stream.concat(hosts.stream(), other.hosts.stream())
        .forEach(pause -> connections.merge(pause.host(), pause, HostPauses::worse));
    return new Waits(List.copyOf(found.values()), List.copyOf(connections.values()));
  }

  private Stream<Duration> all() {
    return Stream.concat(
        devices.stream().map(DevicePause::pause), hosts.stream().map(HostPause::pause));
  }

  Duration longest() {
    return all().max(Comparator.naturalOrder()).orElse(Duration.ZERO);
  }

  Duration total() {
    return all().reduce(Duration.ZERO, Duration::plus);
  }

  long broken() {
    return hosts.stream().filter(HostPause::broken).count();
  }
}
