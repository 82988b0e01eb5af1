package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;

/** One user's way into a remote namespace; all users on a reactor share its lane. */
final class RemoteChannel extends IoChannel {
  private final RemoteController controller;
  private final Lane lane;

  RemoteChannel(RemoteController controller, Lane lane) {
    this.controller = controller;
    this.lane = lane;
  }

  @Override
  protected void take(IoRequest request) {
    lane.take(request);
  }

  @Override
  protected void look(AllocationQuery query) {
    controller.look(query, lane.reactor());
  }

  @Override
  public void close() {
    // The lane is the controller's.
  }
}
