package io.tenon.nexus.internal;

import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;

/** One user's way into a nexus on one reactor; all users of a reactor share its {@link Lane}. */
final class NexusChannel extends IoChannel {
  private final Lane lane;
  private boolean closed;

  NexusChannel(Lane lane) {
    this.lane = lane;
    lane.join();
  }

  @Override
  protected void take(IoRequest request) {
    lane.take(request);
  }

  @Override
  public void close() {
    if (closed) return;
    closed = true;
    lane.leave();
  }
}
