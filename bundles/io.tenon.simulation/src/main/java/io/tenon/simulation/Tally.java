package io.tenon.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much all worlds of this Java machine have simulated, so that it cannot shrink without anybody noticing. An I/O is a request that has
 * come to a simulated disk; a fault is something that went wrong on purpose: a crash, a cut, an answer that got lost.
 */
public final class Tally {
  private static final AtomicLong IOS = new AtomicLong();
  private static final AtomicLong FAULTS = new AtomicLong();
  private static final ConcurrentSkipListMap<String, AtomicLong> EVENTS =
      new ConcurrentSkipListMap<>();
  private static final String FILE = "target/simulated.txt";

  private Tally() {}

  public static void io() {
    IOS.incrementAndGet();
  }

  public static void fault() {
    FAULTS.incrementAndGet();
  }

  /** Something has happened that a suite must not do without, such as a rebuild or a fault of one kind. */
  public static void event(String name) {
    EVENTS.computeIfAbsent(name, _ -> new AtomicLong()).incrementAndGet();
  }

  /** Those of each name. */
  public static String events() {
    return EVENTS.toString();
  }

  public static long ios() {
    return IOS.get();
  }

  public static long faults() {
    return FAULTS.get();
  }

  /**
   * After the last test of a suite: what it has simulated since the one before it is printed, and kept for whoever sums up over all modules.
   *
   * @param leastIos with the usual number of seeds
   */
  public static void close(Class<?> suite, long leastIos, long leastFaults) {
    close(suite, leastIos, leastFaults, Map.of());
  }

  /**
   * @param leastEvents how often something of that name must have happened, with the usual number of seeds
   */
  public static void close(
      Class<?> suite, long leastIos, long leastFaults, Map<String, Integer> leastEvents) {
    var happened = new TreeMap<String, Long>();
    EVENTS.forEach((name, count) -> happened.put(name, count.get()));
    EVENTS.clear();
    long ios = IOS.getAndSet(0);
    long faults = FAULTS.getAndSet(0);
    String line =
        "%s %d I/Os %d faults %s%n".formatted(suite.getSimpleName(), ios, faults, happened);
    System.out.print(line);
    try {
      Files.writeString(Path.of(FILE), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!Seeds.areUsual()) return;
    if (ios < leastIos || faults < leastFaults) {
      throw new AssertionError(
          "%s has shrunk: at least %d I/Os and %d faults were simulated before"
              .formatted(line.strip(), leastIos, leastFaults));
    }
    leastEvents.forEach((name, least) -> mustHaveHappened(suite, name, happened, least));
  }

  private static void mustHaveHappened(
      Class<?> suite, String name, Map<String, Long> happened, int least) {
    long count = happened.getOrDefault(name, 0L);
    if (count >= least) return;
    throw new AssertionError(
        "%s has shrunk: %d times %s, and there were at least %d before"
            .formatted(suite.getSimpleName(), count, name, least));
  }
}
