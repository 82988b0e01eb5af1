package io.tenon.nexus.internal;

import io.tenon.block.IoStatus;
import io.tenon.block.SlotState;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusState;
import java.util.function.Consumer;

/**
 * A nexus' way from one version of the bundle to the next, as far as its membership goes: {@link #leave} in the one; {@link #listenAgain} and {@link #goOn} in
 * the other.
 */
final class Succession {
  private final NexusDevice device;
  private final Membership membership;

  /** While nobody listened: what was copied from it may be newer than what it holds. By the thread that takes the nexus up. */
  private boolean sourceWasAway;

  Succession(NexusDevice device) {
    this.device = device;
    this.membership = device.membership();
  }

  // ---- the one that leaves

  /**
   * Comes to rest, and is no more then. Nothing of hosts is under way, and nobody asks for anything. Any thread.
   *
   * @param then told on the home reactor what the successor needs
   */
  void leave(Consumer<Leaving.Left> then) {
    membership
        .home()
        .execute(
            () -> {
              membership.isLeaving();
              new Leaving(membership, then).begin();
            });
  }

  /** It was not taken up after all, and has not had any I/O. Any thread. */
  void abandon() {
    membership
        .home()
        .execute(
            () -> {
              var _ = membership.left();
            });
  }

  /** No child is on its way out or in, and no copy is under way. Home reactor. */
  static boolean isAtRest(Membership membership) {
    if (membership.view().state() == NexusState.SHUTTING_DOWN) return false;
    if (membership.rebuilds().areBusy() || !membership.admissions().areOver()) return false;
    if (!membership.retirements().areOver()) return false;
    if (membership.stopsAfterwards()) return true;
    int lanes = membership.lanes().size();
    for (Child child : membership.members()) {
      if (child.state() == ChildState.FAULTED && !child.isDrained(lanes)) return false;
    }
    return true;
  }

  // ---- the one that follows

  /**
   * Hears of its children from now on, and of what happened to them while nobody listened. Before any I/O of hosts; by the thread that takes it up, as
   * is {@link #goOn}.
   */
  void listenAgain() {
    for (Child child : membership.members()) {
      if (!child.takesChanges() || child.listenAgain(membership)) continue;
      sourceWasAway |= child.isHealthy();
      var slot = child.slot();
      membership.lost(
          child,
          slot,
          Answer.gone(child.isLocal()),
          "its device was lost or interrupted while the nexus' bundle was replaced");
      // The last healthy one stays, and may be as well as ever.
      if (slot.state() != SlotState.FAILED) membership.returned(child, slot);
    }
  }

  /** What was to be done next is done: rebuilds go on where they were. */
  void goOn(LeftNexus left) {
    membership
        .home()
        .execute(
            () -> {
              left.standing()
                  .stopFor()
                  .ifPresent(why -> membership.stopByItself(IoStatus.DEVICE_GONE, why));
              if (membership.isStopping()) return;
              for (LeftChild was : left.children()) rebuildOn(was);
              membership.checkpoint().changed();
              membership.publish();
            });
  }

  private void rebuildOn(LeftChild was) {
    var child = device.children()[was.index()];
    if (child == null || was.rebuild().isEmpty()) return;
    if (child.state() != ChildState.OUT_OF_SYNC) return;
    var before = was.rebuild().get();
    var rebuilds = membership.rebuilds();
    if (rebuilds.of(child) != null) return; // Somebody was faster.
    membership
        .admissions()
        .letIn(child, rebuilds.prepare(child, sourceWasAway ? before.anew() : before));
  }
}
