package io.tenon.nexus.internal;

import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoStatus;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.nexus.ChildReason;

/** A child's device says that it will not work any more, or that it may have forgotten something. */
final class ChildListener implements DeviceListener {
  private final Membership membership;
  private final Child child;
  private final DeviceSlot slot;

  ChildListener(Membership membership, Child child, DeviceSlot slot) {
    this.membership = membership;
    this.child = child;
    this.slot = slot;
  }

  /** Late news of a device that the child has no more. */
  private boolean isLate() {
    return child.slot() != slot;
  }

  @Override
  public void lost(String reason) {
    if (isLate()) return;
    membership.hears(child, slot);
    membership.lost(child, slot, kind(), "device lost: " + reason);
  }

  @Override
  public void interrupted(IoStatus how, String reason) {
    if (isLate()) return;
    membership.hears(child, slot);
    var kind = how == IoStatus.TIMED_OUT ? ChildReason.TIMED_OUT : kind();
    membership.lost(child, slot, kind, "connection interrupted: " + reason);
  }

  @Override
  public void returned() {
    if (isLate()) return;
    membership.hears(child, slot);
    membership.returned(child, slot);
  }

  @Override
  public void stateChanged(SlotStatus now) {
    if (now.state() == SlotState.READY && !isLate()) membership.returned(child, slot);
  }

  private ChildReason kind() {
    return Answer.gone(child.isLocal());
  }
}
