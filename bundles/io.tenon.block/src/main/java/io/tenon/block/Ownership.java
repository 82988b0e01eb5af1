package io.tenon.block;

import io.tenon.block.DeviceException.Kind;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whose a device is. Any thread. */
final class Ownership {
  private final String device;
  private @Nullable Owner owner;

  Ownership(String device) {
    this.device = device;
  }

  synchronized Optional<String> claimedBy() {
    var holder = owner;
    if (holder == null) return Optional.empty();
    return Optional.of(
        holder.forSuccessor == null
            ? holder.name
            : holder.name + ", whose service is being replaced");
  }

  synchronized DeviceSlot.Claim claim(String by) throws DeviceException {
    var holder = owner;
    Handover left = null;
    if (holder != null) {
      left = holder.forSuccessor;
      if (left == null || !holder.name.equals(by)) throw inUse(by);
    }
    var claimed = new Owner(by, Optional.ofNullable(left));
    owner = claimed;
    return claimed;
  }

  private DeviceException inUse(String by) {
    return new DeviceException(
        Kind.IN_USE,
        "Block device " + device + " was not claimed for " + by + ".",
        "It belongs to " + claimedBy().orElse("nobody") + ".",
        "Release it there first.");
  }

  private final class Owner implements DeviceSlot.Claim {
    private final String name;
    private final Optional<Handover> left;
    private @Nullable Handover forSuccessor;

    Owner(String name, Optional<Handover> left) {
      this.name = name;
      this.left = left;
    }

    @Override
    public Optional<Handover> left() {
      return left;
    }

    @Override
    public void leave(Handover handover) {
      synchronized (Ownership.this) {
        if (owner == this) forSuccessor = handover;
      }
    }

    @Override
    public void close() {
      synchronized (Ownership.this) {
        if (owner == this) owner = null;
      }
    }
  }
}
