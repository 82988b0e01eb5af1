package io.tenon.nexus.internal;

import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;

/** The part of a nexus' I/O that goes to one child. */
final class ChildLeg extends IoRequest {
  private final NexusIo io;
  private final int child;

  ChildLeg(NexusIo io, int child) {
    this.io = io;
    this.child = child;
  }

  @Override
  protected void completed(IoStatus status) {
    io.answered(child, status);
  }
}
