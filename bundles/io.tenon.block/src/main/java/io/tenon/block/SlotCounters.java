package io.tenon.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What one {@link SlotChannel} counts. Written by its reactor's thread, without a lock and without an allocation; read by anyone, who
 * may miss the latest few.
 */
final class SlotCounters {
  private static final VarHandle COUNTER = MethodHandles.arrayElementVarHandle(long[].class);

  // Of an operation.
  private static final int ENDED = 0;
  private static final int BLOCKS = 1;
  private static final int ERRORS = 2;
  private static final int TOOK = 3;
  private static final int LONGEST = 4;

  /** One more than it was, so that zero says that there was none. */
  private static final int SHORTEST = 5;

  private static final int PER_OPERATION = 6;

  /** Keeps other channels' counters off this one's cache lines. */
  private static final int PADDING = 8;

  private static final int IN_FLIGHT = PADDING;
  private static final int PARKED = PADDING + 1;
  private static final int OPERATION_0 = PADDING + 2;
  private static final int COUNT =
      OPERATION_0 + IoOperation.values().length * PER_OPERATION + PADDING;

  private final long[] counters = new long[COUNT];

  /** Of several channels together. Under the slot's lock. */
  static final class Sum {
    private final long[] sum = new long[PER_OPERATION];

    private void add(int which, long value) {
      switch (which) {
        case LONGEST -> sum[which] = Math.max(sum[which], value);
        case SHORTEST -> {
          if (value != 0 && (sum[which] == 0 || value < sum[which])) sum[which] = value;
        }
        default -> sum[which] += value;
      }
    }

    void add(Sum other) {
      for (int i = 0; i < PER_OPERATION; i++) add(i, other.sum[i]);
    }

    IoCounters counters(int blockShift) {
      return new IoCounters(
          sum[ENDED],
          sum[BLOCKS] << blockShift,
          sum[ERRORS],
          sum[TOOK],
          Math.max(0, sum[SHORTEST] - 1),
          sum[LONGEST]);
    }
  }

  // The channel's reactor.

  void inFlight(long now) {
    counters[IN_FLIGHT] = now;
  }

  void parked(long now) {
    counters[PARKED] = now;
  }

  void succeeded(int operation, long blocks, long tookNs) {
    int at = OPERATION_0 + operation * PER_OPERATION;
    counters[at + ENDED]++;
    counters[at + BLOCKS] += blocks;
    counters[at + TOOK] += tookNs;
    if (tookNs > counters[at + LONGEST]) counters[at + LONGEST] = tookNs;
    long shortest = counters[at + SHORTEST];
    if (tookNs < shortest - 1 || shortest == 0) counters[at + SHORTEST] = tookNs + 1;
  }

  void failed(int operation) {
    int at = OPERATION_0 + operation * PER_OPERATION;
    counters[at + ERRORS]++;
  }

  /** All begins at zero again, but for what is in flight and parked. */
  void reset() {
    for (int i = OPERATION_0; i < COUNT - PADDING; i++) counters[i] = 0;
  }

  // Anyone.

  private long counter(int index) {
    return (long) COUNTER.getOpaque(counters, index);
  }

  long inFlight() {
    return counter(IN_FLIGHT);
  }

  long parked() {
    return counter(PARKED);
  }

  void addTo(Sum sum, IoOperation operation) {
    int at = OPERATION_0 + operation.index() * PER_OPERATION;
    for (int i = 0; i < PER_OPERATION; i++) sum.add(i, counter(at + i));
  }
}
