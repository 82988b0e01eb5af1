package io.tenon.nexus.internal;

import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import java.util.function.Consumer;

/** Makes durable what one child has acknowledged; the nexus' own, not a host's. Not on the I/O path. */
final class ChildFlush extends IoRequest {
  private final Lane lane;
  private final int child;
  private final Consumer<IoStatus> then;

  private ChildFlush(Lane lane, int child, Consumer<IoStatus> then) {
    this.lane = lane;
    this.child = child;
    this.then = then;
  }

  /**
   * On the lane's reactor.
   *
   * @param then told there how it went; at once when there is nothing to flush
   */
  static void submit(Lane lane, int child, Consumer<IoStatus> then) {
    if ((lane.flushable() & 1L << child) == 0) {
      then.accept(IoStatus.SUCCESS);
      return;
    }
    var flush = new ChildFlush(lane, child, then);
    flush.prepareFlush();
    lane.join();
    lane.borrow();
    lane.submit(child, flush);
  }

  @Override
  protected void completed(IoStatus status) {
    lane.legEnded(child);
    if (status == IoStatus.RESERVATION_CONFLICT) lane.conflict(child);
    lane.giveBack();
    then.accept(status);
    // Not inside a completion of the channels that are to be closed.
    lane.reactor().execute(lane::leave);
  }
}
