package io.tenon.nexus.internal;

import io.tenon.block.IoOperation;

/**
 * What a lane knows of the children, as bits of a few words: child {@code n} is bit {@code n}. That lane's reactor only.
 *
 * <pre>
 *  joining ─► in ─► unsettled ─► out      joining: takes all changes, serves no reads
 *   ▲  │      ▲        │          │       in: takes all changes and serves reads
 *   │  │      └── kept ┘          │       unsettled: gets no more I/O from here; other reactors may still read from it
 *   │  └────────────►             │       out: no reactor reads from it any more, and that is on record
 *   └─────────────────────────────┘
 * </pre>
 */
final class LaneChildren {
  private final boolean readsLocalFirst;

  // What a child can do, whatever its state.
  private long local;
  private long flushable;
  private long unmappable;

  // Its state; out is none of them.
  private long in;
  private long joining;
  private long unsettled;

  private int lastRead = Long.SIZE - 1;

  /**
   * @param readsLocalFirst reads go to children on this node where there are some
   */
  LaneChildren(boolean readsLocalFirst) {
    this.readsLocalFirst = readsLocalFirst;
  }

  /** One that is there from the beginning: it holds everything, unless the nexus before has left it otherwise. */
  void begin(Child child) {
    switch (child.state()) {
      case OPENING, OPEN -> in |= child.bit();
      case OUT_OF_SYNC -> joining |= child.bit();
      case FAULTED, CLOSED -> {
        return;
      }
    }
    learn(child);
  }

  private void learn(Child child) {
    long bit = child.bit();
    boolean near = readsLocalFirst && child.isLocal();
    local = near ? local | bit : local & ~bit;
    flushable = child.slot().supports(IoOperation.FLUSH) ? flushable | bit : flushable & ~bit;
    unmappable = child.slot().supports(IoOperation.UNMAP) ? unmappable | bit : unmappable & ~bit;
  }

  long in() {
    return in;
  }

  /** In, or joining. */
  long takers() {
    return in | joining;
  }

  long unsettled() {
    return unsettled;
  }

  long flushable() {
    return flushable;
  }

  long unmappable() {
    return unmappable;
  }

  boolean isIn(Child child) {
    return (in & child.bit()) != 0;
  }

  boolean isJoining(Child child) {
    return (joining & child.bit()) != 0;
  }

  boolean isUnsettled(Child child) {
    return (unsettled & child.bit()) != 0;
  }

  /** Nobody else is in, and it is not open whether somebody else was. */
  boolean isLast(Child child) {
    return in == child.bit() && unsettled == 0;
  }

  // ---- from state to state

  void detach(Child child) {
    in &= ~child.bit();
    joining &= ~child.bit();
    unsettled |= child.bit();
  }

  void settle(Child child) {
    unsettled &= ~child.bit();
  }

  void keep(Child child) {
    unsettled &= ~child.bit();
    in |= child.bit();
  }

  void join(Child child) {
    learn(child);
    joining |= child.bit();
  }

  void becomeReadable(Child child) {
    joining &= ~child.bit();
    in |= child.bit();
  }

  // ---- whom to read

  /** A local one before others, as the policy says; else in turn. */
  int choose(long candidates) {
    long near = candidates & local;
    long from = near != 0 ? near : candidates;
    long later = from & (-2L << lastRead);
    lastRead = Long.numberOfTrailingZeros(later != 0 ? later : from);
    return lastRead;
  }

  /** A local one before others; always the same as long as it is there. */
  int chooseSource(long candidates) {
    long near = candidates & local;
    return Long.numberOfTrailingZeros(near != 0 ? near : candidates);
  }
}
