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
  static final Timing USUAL = of(Limits.USUAL);

  static Timing of(Limits record) {
    return new Timing(InstantSource.system(), record, Vigil.WINDOW_NS);
  }

  /** Longer than the window by more than clocks differ in so short a time. */
  long successorWaitsNs() {
    return windowNs + windowNs / 10;
  }
}
