package io.tenon.block;

import io.tenon.error.Check;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Blocks that one request has for itself: no other write to them is in flight on any channel of the slot, and those that
 * come wait. Asked for with {@link DeviceSlot#acquire}; one at a time in a slot.
 */
final class RangeLock {
  private final SlotChannel owner;
  private final Runnable granted;
  private final AtomicInteger missing = new AtomicInteger();
  private volatile long lba;
  private volatile long blocks;

  /**
   * @param granted called on the owner's reactor when the range is ours
   */
  RangeLock(SlotChannel owner, Runnable granted) {
    this.owner = owner;
    this.granted = granted;
  }

  void range(long firstLba, long count) {
    lba = firstLba;
    blocks = count;
  }

  boolean overlaps(long firstLba, long count) {
    return firstLba < lba + blocks && lba < firstLba + count;
  }

  /**
   * @param channels that have to reach it; at least the owner's
   */
  void expect(int channels) {
    if (channels < 1) throw Check.bug("range lock of %s without a channel", owner);
    missing.set(channels);
  }

  /** One channel has no earlier request in flight any more. On its reactor. */
  void reached() {
    if (missing.decrementAndGet() > 0) return;
    if (owner.reactor().isCurrent()) granted.run();
    else owner.reactor().execute(granted);
  }
}
