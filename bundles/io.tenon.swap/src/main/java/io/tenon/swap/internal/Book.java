package io.tenon.swap.internal;

import io.tenon.swap.SwapCounters;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapResult;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down what came of each swap: history, counters, log, flight recorder. Any thread. */
final class Book {
  private static final Logger log = LoggerFactory.getLogger(SwapService.class);

  private final History history;
  private final Map<SwapResult, Long> counts = new EnumMap<>(SwapResult.class);
  private long devicePauses;
  private long hostPauses;
  private long broken;
  private Duration longest = Duration.ZERO;
  private Duration total = Duration.ZERO;

  Book(Path file) {
    history = History.open(file);
  }

  /** A swap that was begun. */
  static final class Entry {
    final Instant at = Instant.now();
    final String bundle;
    final String by;
    String from = "";
    String to = "";
    Optional<Canary> canary = Optional.empty();
    private final SwapEvent event = new SwapEvent();

    Entry(String bundle, String by) {
      this.bundle = bundle;
      this.by = by;
      event.begin();
    }
  }

  SwapRecord close(Entry entry, SwapResult result, Waits waits, String reason) {
    var pause = waits.longest();
    var one =
        new SwapRecord(
            entry.at,
            entry.by,
            entry.bundle,
            entry.from,
            entry.to,
            result,
            waits.devices(),
            waits.hosts(),
            pause,
            reason);
    history.add(one);
    synchronized (this) {
      counts.merge(result, 1L, Long::sum);
      devicePauses += waits.devices().size();
      hostPauses += waits.hosts().size();
      broken += waits.broken();
      total = total.plus(waits.total());
      if (pause.compareTo(longest) > 0) longest = pause;
    }
    log(one);
    var event = entry.event;
    event.bundle = one.bundle();
    event.fromVersion = one.fromVersion();
    event.toVersion = one.toVersion();
    event.result = result.name();
    event.devices = waits.devices().size();
    event.hosts = waits.hosts().size();
    event.brokenConnections = (int) waits.broken();
    event.longestPause = pause.toNanos();
    event.reason = reason;
    event.commit();
    return one;
  }

  private static void log(SwapRecord one) {
    String text =
        "bundle %s: %s -> %s by %s: %s, %d devices and %d connections of hosts waited, the longest %.1f ms. %s"
            .formatted(
                one.bundle(),
                one.fromVersion(),
                one.toVersion(),
                one.by(),
                one.result(),
                one.pauses().size(),
                one.hosts().size(),
                one.longestPause().toNanos() / 1e6,
                one.reason());
    switch (one.result()) {
      case SWAPPED, REFUSED -> log.info("{}", text);
      case ROLLED_BACK -> log.warn("{}", text);
      case FAILED -> log.error("{}", text);
    }
  }

  List<SwapRecord> all() {
    return history.all();
  }

  synchronized SwapCounters counters() {
    return new SwapCounters(
        count(SwapResult.SWAPPED),
        count(SwapResult.ROLLED_BACK),
        count(SwapResult.REFUSED),
        count(SwapResult.FAILED),
        devicePauses,
        hostPauses,
        broken,
        longest,
        total);
  }

  private long count(SwapResult result) {
    return counts.getOrDefault(result, 0L);
  }
}
