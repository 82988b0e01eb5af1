package io.tenon.pool.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A disk for as long as it is looked at or repaired: claimed if nobody has it, and closed afterwards if it was opened for that. */
final class HeldDisk implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HeldDisk.class);
  private static final String WHO = "a check of the disk";

  private final BlockDevices devices;
  private final String uri;
  private final Optional<String> usedBy;
  private DeviceSlot slot;
  private DeviceSlot.@Nullable Claim claim;
  private final boolean openedHere;

  private HeldDisk(
      BlockDevices devices,
      String uri,
      DeviceSlot slot,
      DeviceSlot.@Nullable Claim claim,
      Optional<String> usedBy,
      boolean openedHere) {
    this.devices = devices;
    this.uri = uri;
    this.slot = slot;
    this.claim = claim;
    this.usedBy = usedBy;
    this.openedHere = openedHere;
  }

  /** Also when somebody has it. */
  static HeldDisk open(BlockDevices devices, String disk, String what) throws PoolException {
    try {
      var present = present(devices, disk);
      var slot = present.isPresent() ? present.get() : devices.findOrCreate(PoolDisk.uri(disk));
      var usedBy = slot.claimedBy();
      DeviceSlot.Claim claim = null;
      if (usedBy.isEmpty()) claim = claim(devices, slot, present.isEmpty());
      return new HeldDisk(devices, PoolDisk.uri(disk), slot, claim, usedBy, present.isEmpty());
    } catch (DeviceException e) {
      throw new PoolException(Kind.DISK, what, e);
    }
  }

  /** Only when nobody has it. */
  static HeldDisk openAlone(BlockDevices devices, String disk, String what) throws PoolException {
    var held = open(devices, disk, what);
    if (held.usedBy.isEmpty()) return held;
    held.close();
    throw new PoolException(
        Kind.IN_USE,
        what,
        "It belongs to %s, which writes to it.".formatted(held.usedBy.get()),
        "Export the pool first.");
  }

  /** A path is also the name of the device that was opened by a URI with more to it. */
  private static Optional<DeviceSlot> present(BlockDevices devices, String disk) {
    var byName = devices.find(disk);
    return byName.isPresent() ? byName : devices.find(PoolDisk.uri(disk));
  }

  private static DeviceSlot.Claim claim(BlockDevices devices, DeviceSlot slot, boolean openedHere)
      throws DeviceException {
    try {
      return slot.claim(WHO);
    } catch (DeviceException e) {
      if (openedHere) devices.destroy(slot);
      throw e;
    }
  }

  DeviceSlot slot() {
    return slot;
  }

  /** Who has it. */
  Optional<String> usedBy() {
    return usedBy;
  }

  /**
   * Opens it again with other blocks, where that is nobody else's business.
   *
   * @return false when it is
   */
  boolean reopen(int blockBytes) throws PoolException {
    if (!openedHere || uri.contains("?") || claim == null) return false;
    close();
    try {
      slot = devices.findOrCreate("%s?blk_size=%d".formatted(uri, blockBytes));
      claim = claim(devices, slot, true);
      return true;
    } catch (DeviceException e) {
      throw new PoolException(
          Kind.DISK,
          "Disk %s was not opened with blocks of %d bytes.".formatted(uri, blockBytes),
          e);
    }
  }

  @Override
  public void close() {
    var held = claim;
    if (held == null) return;
    held.close();
    claim = null;
    if (!openedHere) return;
    try {
      devices.destroy(slot);
    } catch (DeviceException e) {
      log.warn("disk {} stays open: {}", slot.name(), e.getMessage());
    }
  }
}
