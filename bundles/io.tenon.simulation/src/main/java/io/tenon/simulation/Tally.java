package io.tenon.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much all worlds of this Java machine have simulated, so that it cannot shrink without anybody noticing. An I/O is a request that has
 * come to a simulated disk; a fault is something that went wrong on purpose: a crash, a cut, an answer that got lost.
 */
public final class Tally {
  private static final AtomicLong IOS = new AtomicLong();
  private static final AtomicLong FAULTS = new AtomicLong();
  private static final String FILE = "target/simulated.txt";

  private Tally() {}

  public static void io() {
    IOS.incrementAndGet();
  }

  public static void fault() {
    FAULTS.incrementAndGet();
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
    long ios = IOS.getAndSet(0);
    long faults = FAULTS.getAndSet(0);
    String line = "%s %d I/Os %d faults%n".formatted(suite.getSimpleName(), ios, faults);
    System.out.print(line);
    try {
      Files.writeString(Path.of(FILE), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!Seeds.areUsual() || (ios >= leastIos && faults >= leastFaults)) return;
    throw new AssertionError(
        "%s has shrunk: at least %d I/Os and %d faults were simulated before"
            .formatted(line.strip(), leastIos, leastFaults));
  }
}
