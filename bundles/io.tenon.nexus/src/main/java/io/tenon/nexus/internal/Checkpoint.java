package io.tenon.nexus.internal;

import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.util.List;

/**
 * Keeps the write logs short: some time after a change, and then as long as there are changes, all children make durable what they
 * have, and the logs forget what is older. The home reactor only.
 *
 * <pre>
 * idle ── a lane changed something ──► timed ──► every lane turns its log ──► every child flushes ──► every lane forgets ──► idle
 * </pre>
 *
 * <p>A flush covers what was answered before it. A lane's turn is answered before the flush, and carries over to the new part of the log
 * what is under way. When a child does not flush, or it is not settled whether one is out, nothing is forgotten.
 */
class Checkpoint {
  /** What a child may have forgotten after a power cut is what was changed in so long a time, and in its absence. */
  static final long USUAL_NS = 30_000_000_000L;

  private final Reactor home;
  private final List<Lane> lanes;
  private final long afterNs;

  /** Timed or under way. */
  private boolean isDue;

  private boolean isUnderWay;
  private boolean changedMeanwhile;
  private int unanswered;
  private boolean complete;
  private Reactor.Timer timer = () -> {};

  Checkpoint(Reactor home, List<Lane> lanes, long afterNs) {
    this.home = home;
    this.lanes = lanes;
    this.afterNs = afterNs;
  }

  /** A lane has changed something since its log was turned last. */
  void changed() {
    if (isDue) {
      changedMeanwhile |= isUnderWay;
      return;
    }
    isDue = true;
    timer = home.schedule(afterNs, this::turn);
  }

  /** The nexus is another's from now on. */
  final void stop() {
    timer.cancel();
  }

  private void turn() {
    isUnderWay = true;
    unanswered = lanes.size();
    for (Lane lane : lanes) {
      lane.reactor()
          .execute(
              () -> {
                lane.turnLog();
                home.execute(this::turned);
              });
    }
  }

  private void turned() {
    if (--unanswered == 0) flush();
  }

  private void flush() {
    var lane = lanes.getFirst();
    if (lane.isStopped()) return;
    complete = lane.unsettled() == 0;
    unanswered = 1;
    for (long left = lane.takers(); left != 0; left &= left - 1) {
      unanswered++;
      ChildFlush.submit(lane, Long.numberOfTrailingZeros(left), this::flushed);
    }
    flushed(IoStatus.SUCCESS);
  }

  void flushed(IoStatus status) {
    complete &= status.isSuccess();
    if (--unanswered > 0) return;
    if (complete && lanes.getFirst().unsettled() == 0) {
      for (Lane lane : lanes) lane.reactor().execute(lane::forgetOlder);
    }
    isUnderWay = false;
    isDue = false;
    if (!changedMeanwhile) return;
    changedMeanwhile = false;
    changed();
  }
}
