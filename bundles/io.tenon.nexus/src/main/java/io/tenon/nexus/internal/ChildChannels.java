package io.tenon.nexus.internal;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.error.Check;
import io.tenon.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/** A lane's channels to children, and how many legs each of them has under way. */
final class ChildChannels {
  private final Reactor reactor;
  private final @Nullable IoChannel[] channels = new IoChannel[NexusDevice.MOST_CHILDREN];
  private final int[] legs = new int[NexusDevice.MOST_CHILDREN];

  ChildChannels(Reactor reactor) {
    this.reactor = reactor;
  }

  void open(Child child) {
    int index = child.index();
    if (!isUnused(index)) throw Check.bug("child %s is back before it has left", child.uri());
    channels[index] = child.slot().channel(reactor);
  }

  private boolean isUnused(int child) {
    return channels[child] == null && legs[child] == 0;
  }

  void submit(int child, IoRequest leg) {
    var channel = channel(child);
    legs[child]++;
    channel.submit(leg);
  }

  /** It ends as if the child were gone, and does not reach it. */
  void refuse(int child, IoRequest leg) {
    legs[child]++;
    NoChannel.NONE.submit(leg);
  }

  /** Counts as a leg until it is answered. */
  void ask(int child, AllocationQuery question) {
    var channel = channel(child);
    legs[child]++;
    channel.ask(question);
  }

  private IoChannel channel(int child) {
    var channel = channels[child];
    if (channel == null) throw Check.bug("no channel to child %d", child);
    return channel;
  }

  /**
   * @return whether none is under way any more
   */
  boolean legEnded(int child) {
    return --legs[child] == 0;
  }

  boolean hasLegs(int child) {
    return legs[child] > 0;
  }

  /** Idempotent. */
  void close(int child) {
    var channel = channels[child];
    if (channel == null) return;
    channels[child] = null;
    channel.close();
  }

  void closeAll() {
    for (int child = 0; child < channels.length; child++) close(child);
  }
}
