package io.tenon.nexus.internal;

import io.tenon.nexus.internal.StoredRecord.Limits;
import java.time.InstantSource;

/**
 * What a node's nexuses know of time.
 *
 * @param clock the wall's
 * @param record how patient records are
 * @param windowNs of a {@link Vigil}; the same on all nodes
 */
record Timing(InstantSource clock, Limits record, long windowNs) {
  static Timing of(InstantSource clock, Limits record) {
    return new Timing(clock, record, Vigil.WINDOW_NS);
  }

  /** Longer than the window by more than clocks differ in so short a time. */
  long successorWaitsNs() {
    return windowNs + windowNs / 10;
  }
}
