package io.tenon.nexus.internal;

import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;

/** In place of a channel to a child that must not be reached. */
final class NoChannel extends IoChannel {
  static final NoChannel NONE = new NoChannel();

  private NoChannel() {}

  @Override
  protected void take(IoRequest request) {
    request.complete(IoStatus.DEVICE_GONE);
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
