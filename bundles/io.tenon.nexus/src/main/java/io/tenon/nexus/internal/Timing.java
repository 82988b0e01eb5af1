package io.tenon.nexus.internal;

import io.tenon.nexus.internal.StoredRecord.Limits;
import java.lang.management.ManagementFactory;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What a node's nexuses know of time.
 *
 * @param clock the wall's
 * @param record how patient records are
 * @param windowNs of a {@link Vigil}; the same on all nodes
 * @param uptimeNs how long this node has been there: of what it did before it knows nothing. Asked on the nexuses' home reactor
 */
record Timing(InstantSource clock, Limits record, long windowNs, LongSupplier uptimeNs) {
  static Timing of(InstantSource clock, Limits record) {
    return new Timing(clock, record, Vigil.WINDOW_NS, Timing::processUptimeNs);
  }

  private static long processUptimeNs() {
    return TimeUnit.MILLISECONDS.toNanos(ManagementFactory.getRuntimeMXBean().getUptime());
  }

  /** Longer than the window by more than clocks differ in so short a time. */
  long successorWaitsNs() {
    return windowNs + windowNs / 10;
  }
}
