package io.tenon.block;

import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The locked ranges of a slot: one at a time, reached by messages to all channels. Under the slot's lock, but for {@link #active}. */
final class SlotRangeLocks {
  private final List<SlotChannel> channels;
  private final ArrayDeque<RangeLock> waiting = new ArrayDeque<>();
  private volatile @Nullable RangeLock active;

  /**
   * @param channels the slot's open ones, as they come and go
   */
  SlotRangeLocks(List<SlotChannel> channels) {
    this.channels = channels;
  }

  /** Any thread. */
  @Nullable RangeLock active() {
    return active;
  }

  /** Calls the lock's owner back when no other write to its range is in flight anywhere. */
  void acquire(RangeLock wanted) {
    if (active == null) activate(wanted);
    else waiting.add(wanted);
  }

  /** The active lock's owner has done. */
  void release() {
    active = null;
    for (SlotChannel channel : channels) {
      channel.reactor().execute(channel.unlockMessage);
    }
    var next = waiting.poll();
    if (next != null) activate(next);
  }

  private void activate(RangeLock next) {
    active = next;
    next.expect(channels.size());
    for (SlotChannel channel : channels) {
      channel.reactor().execute(channel.lockMessage);
    }
  }
}
