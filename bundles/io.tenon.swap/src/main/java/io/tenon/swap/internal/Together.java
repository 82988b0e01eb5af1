package io.tenon.swap.internal;

import io.tenon.block.DeviceOwner;
import io.tenon.block.DeviceSlot;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.osgi.framework.Bundle;

/**
 * What tries a new version of a bundle at the same time: a device alone, or all that are on one disk, for who serves them cannot part them.
 *
 * @param disk empty for one that can be alone
 */
record Together(List<DeviceSlot> devices, Optional<DeviceSlot> disk) {
  /** Those that go with a device of a bundle. */
  static Together with(DeviceSlot device, Bundle bundle, Surroundings node) {
    var owner = Footprint.owner(bundle, node);
    var devices = owner.map(one -> one.lentWith(device)).orElse(List.of());
    return devices.isEmpty()
        ? new Together(List.of(device), Optional.empty())
        : new Together(devices, owner.flatMap(one -> disk(devices, one, node)));
  }

  private static Optional<DeviceSlot> disk(
      List<DeviceSlot> devices, DeviceOwner owner, Surroundings node) {
    return node.devices().all().stream()
        .filter(slot -> !devices.contains(slot) && owner.lentWith(slot).equals(devices))
        .findFirst();
  }

  /** Those of a bundle that are on a disk; empty when there are none. */
  static Optional<Together> on(DeviceSlot disk, Bundle bundle, Surroundings node) {
    return Footprint.owner(bundle, node)
        .map(owner -> owner.lentWith(disk))
        .filter(devices -> !devices.isEmpty() && !devices.contains(disk))
        .map(devices -> new Together(devices, Optional.of(disk)));
  }

  /** Whose they all are, such as {@code pool fast0}. */
  Optional<String> whole() {
    return disk.flatMap(DeviceSlot::claimedBy);
  }

  /** For people. */
  String who() {
    return devices.size() == 1
        ? "block device " + devices.getFirst().name()
        : whole().orElse("block devices " + names());
  }

  private String names() {
    return String.join(", ", devices.stream().map(DeviceSlot::name).toList());
  }

  /** Of all others. */
  String namesBut(DeviceSlot device) {
    return String.join(
        ", ", devices.stream().filter(one -> !one.equals(device)).map(DeviceSlot::name).toList());
  }

  boolean areAll(Predicate<DeviceSlot> like) {
    return devices.stream().allMatch(like);
  }
}
