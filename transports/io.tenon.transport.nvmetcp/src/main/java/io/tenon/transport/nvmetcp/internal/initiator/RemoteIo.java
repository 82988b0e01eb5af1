package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import org.jspecify.annotations.Nullable;

/** A request on its way to the controller, in as many commands as its size needs. Used again and again by its lane. */
final class RemoteIo {
  @Nullable IoRequest request;

  /** Blocks for which no command was sent yet, and where they begin within the request. */
  long blocksLeft;

  long blocksDone;

  /** Commands that are not answered. */
  int outstanding;

  /** A flush has no blocks, and yet one command. */
  boolean allSent;

  IoStatus status = IoStatus.SUCCESS;

  @Nullable RemoteIo next;

  void begin(IoRequest with) {
    request = with;
    blocksLeft = with.blocks();
    blocksDone = 0;
    outstanding = 0;
    allSent = false;
    status = IoStatus.SUCCESS;
  }

  /** The first failure counts. */
  void note(IoStatus ended) {
    if (status == IoStatus.SUCCESS) status = ended;
  }

  boolean isOver() {
    return allSent && outstanding == 0;
  }
}
