package io.tenon.simulation;

import org.jspecify.annotations.Nullable;

/** Something that will happen, unless it is cancelled or its node dies before. */
final class SimEvent implements Comparable<SimEvent> {
  /** Moves only while it is not in the queue. */
  long atNs;

  final @Nullable SimReactor reactor;
  final Runnable task;

  /** What a frozen node has missed it does in the order in which it was due. */
  private final long dueNs;

  private final long sequence;
  private boolean cancelled;

  SimEvent(long atNs, long sequence, @Nullable SimReactor reactor, Runnable task) {
    this.atNs = atNs;
    this.dueNs = atNs;
    this.sequence = sequence;
    this.reactor = reactor;
    this.task = task;
  }

  void cancel() {
    cancelled = true;
  }

  boolean isDue() {
    return !cancelled && (reactor == null || reactor.node().isUp());
  }

  @Override
  public int compareTo(SimEvent other) {
    int order = Long.compare(atNs, other.atNs);
    if (order == 0) order = Long.compare(dueNs, other.dueNs);
    return order != 0 ? order : Long.compare(sequence, other.sequence);
  }
}
