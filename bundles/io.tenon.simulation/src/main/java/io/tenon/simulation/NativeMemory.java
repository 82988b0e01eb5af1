package io.tenon.simulation;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What is outside the heap goes with the arenas that a collection finds unused. When the Java machine's limit is met, whoever allocates waits
 * for one in real time: a simulated thread would wait for ever. So there must be room before a world begins.
 */
final class NativeMemory {
  /** The limit is that of the heap, if none is set, and a world needs a few MiB. */
  private static final long MOST_BYTES = Runtime.getRuntime().maxMemory() / 4;

  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(30);
  private static final long LOOK_AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final BufferPoolMXBean DIRECT =
      ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
          .filter(pool -> pool.getName().equals("direct"))
          .findFirst()
          .orElseThrow();

  private NativeMemory() {}

  static boolean hasRoom() {
    return DIRECT.getMemoryUsed() <= MOST_BYTES;
  }

  /** Collects what earlier worlds have left, if that is much. */
  static void makeRoom() {
    if (hasRoom()) return;
    System.gc();
    long beganNs = System.nanoTime();
    while (!hasRoom()) {
      if (System.nanoTime() - beganNs > PATIENCE_NS) {
        throw new AssertionError(
            "earlier worlds still hold %d MiB outside the heap"
                .formatted(DIRECT.getMemoryUsed() >> 20));
      }
      LockSupport.parkNanos(LOOK_AGAIN_NS);
    }
  }
}
