package io.tenon.block;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A device in a slot, and its way out. What it says by itself counts as long as it is the one inside. */
final class SlotInside implements DeviceListener {
  final BlockDevice device;

  /** Set when it is on its way out; under the slot's lock. */
  @Nullable CompletableFuture<Optional<Handover>> released;

  private final DeviceSlot slot;
  private final SlotListeners listeners;

  SlotInside(BlockDevice device, DeviceSlot slot, SlotListeners listeners) {
    this.device = device;
    this.slot = slot;
    this.listeners = listeners;
  }

  /** All but UNMAP, which is the device's to offer, are done by the slot where the device does not. */
  boolean supports(IoOperation operation) {
    return switch (operation) {
      case READ, WRITE, UNMAP -> device.supports(operation);
      case FLUSH -> true;
      case COMPARE -> device.supports(operation) || device.supports(IoOperation.READ);
      case WRITE_ZEROES -> device.supports(operation) || device.supports(IoOperation.WRITE);
      case COMPARE_AND_WRITE ->
          device.supports(operation)
              || (device.supports(IoOperation.READ) && device.supports(IoOperation.WRITE));
    };
  }

  @Override
  public void resized(Geometry now) {
    if (slot.has(this)) slot.resizedTo(now);
  }

  @Override
  public void lost(String why) {
    if (slot.keeps(this)) slot.fail(why);
  }

  @Override
  public void interrupted(IoStatus how, String why) {
    if (slot.has(this)) listeners.interrupted(how, why);
  }

  @Override
  public void returned() {
    if (slot.has(this)) listeners.returned();
  }
}
