package io.tenon.swap.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.nvme.NvmeTarget.Subsystem;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Block devices that hosts reach: the node's subsystems. */
final class Shares {
  private Shares() {}

  private static Stream<Subsystem> all(Surroundings node) {
    return node.target().get().stream().flatMap(target -> target.subsystems().stream());
  }

  static List<DeviceSlot> devices(Surroundings node) {
    return all(node).map(Subsystem::device).toList();
  }

  static Optional<Subsystem> of(DeviceSlot device, Surroundings node) {
    return all(node).filter(subsystem -> subsystem.device().equals(device)).findFirst();
  }

  /** The one with this NQN. */
  static Optional<DeviceSlot> find(String nqn, Surroundings node) {
    return all(node).filter(one -> one.nqn().equals(nqn)).map(Subsystem::device).findFirst();
  }
}
