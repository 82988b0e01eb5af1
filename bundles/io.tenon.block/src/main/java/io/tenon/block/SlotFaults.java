package io.tenon.block;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The faults that a slot's channels play. A channel has its own copy and takes I/O that could meet one out of its direct way, so that there is
 * nothing to ask here per I/O. Under the slot's lock.
 */
final class SlotFaults {
  private final List<SlotChannel> channels;
  private List<InjectedFault> played = List.of();

  /**
   * @param channels the slot's open ones, as they come and go
   */
  SlotFaults(List<SlotChannel> channels) {
    this.channels = channels;
  }

  /**
   * For I/O that is submitted from now on; those of before are none any more.
   *
   * @return done when every reactor plays them
   */
  CompletionStage<Void> play(List<InjectedFault> now) {
    var faults = List.copyOf(now);
    played = faults;
    var round = new Round(channels.size());
    for (SlotChannel channel : channels) {
      channel
          .reactor()
          .execute(
              () -> {
                channel.adopt(faults);
                round.arrive();
              });
    }
    return round.done();
  }

  /** A new channel, on its reactor. */
  void giveTo(SlotChannel channel) {
    channel.adopt(played);
  }
}
