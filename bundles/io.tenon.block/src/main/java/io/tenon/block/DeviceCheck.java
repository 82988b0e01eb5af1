package io.tenon.block;

import io.tenon.block.DeviceException.Kind;
import java.util.UUID;

/** Whether a device is the one that a slot had before: a wrong disk that looks right is worse than none. */
final class DeviceCheck {
  private DeviceCheck() {}

  /**
   * @param uuid that it must have
   * @param before as which it must be large at least
   * @throws DeviceException {@link Kind#MISMATCH} when it is another one, or smaller
   */
  static void verify(String name, UUID uuid, Geometry before, BlockDevice device)
      throws DeviceException {
    var now = device.geometry();
    String why = "";
    if (!device.uuid().equals(uuid)) {
      why = "Its uuid is " + device.uuid() + ", expected " + uuid + ".";
    } else if (now.blockBytes() != before.blockBytes()) {
      why = "Its block size is " + now.blockBytes() + ", expected " + before.blockBytes() + ".";
    } else if (now.blockCount() < before.blockCount()) {
      why = "It has " + now.blockCount() + " blocks, expected " + before.blockCount() + " or more.";
    }
    if (why.isEmpty()) return;
    throw new DeviceException(
        Kind.MISMATCH,
        "Block device " + name + " was not put back: what was opened is not the same device.",
        why,
        "Bring the device back that was there before.");
  }
}
