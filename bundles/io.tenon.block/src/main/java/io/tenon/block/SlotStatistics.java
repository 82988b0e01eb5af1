package io.tenon.block;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * What the channels of a slot have counted, with those that are closed. The I/O path knows nothing of it: each channel counts for itself, and
 * is asked here. Under the slot's lock.
 */
final class SlotStatistics {
  private final List<SlotChannel> channels;

  /** Of channels that are closed, by operation. */
  private final SlotCounters.Sum[] closed = new SlotCounters.Sum[IoOperation.COUNT];

  /**
   * @param channels the slot's open ones, as they come and go
   */
  SlotStatistics(List<SlotChannel> channels) {
    this.channels = channels;
    clear();
  }

  private void clear() {
    Arrays.setAll(closed, _ -> new SlotCounters.Sum());
  }

  IoCounters of(IoOperation operation, int blockShift) {
    var sum = new SlotCounters.Sum();
    sum.add(closed[operation.index()]);
    for (SlotChannel channel : channels) channel.counters().addTo(sum, operation);
    return sum.counters(blockShift);
  }

  /** Of all operations. */
  long inFlight() {
    long sum = 0;
    for (SlotChannel channel : channels) sum += channel.counters().inFlight();
    return sum;
  }

  long parked() {
    long sum = 0;
    for (SlotChannel channel : channels) sum += channel.counters().parked();
    return sum;
  }

  /**
   * Counts from zero.
   *
   * @return done when every reactor does
   */
  CompletionStage<Void> reset() {
    clear();
    var round = new Round(channels.size());
    for (SlotChannel channel : channels) {
      channel.resetIsDue = true;
      channel.reactor().execute(() -> channel.resetCounters(round));
    }
    return round.done();
  }

  /** The channel is closed and counts no more. */
  void keep(SlotChannel channel) {
    if (channel.resetIsDue) return;
    for (IoOperation operation : IoOperation.values()) {
      channel.counters().addTo(closed[operation.index()], operation);
    }
  }
}
