package io.tenon.nexus.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.metadata.Key;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import java.util.List;

/**
 * A nexus that goes on where the one before has left.
 *
 * <pre>
 * read what is left ─► claim its children ─► its device, with the old proof ─► hear of the children ─► into the slot: I/O goes on ─► rebuilds go on
 *        │                    │                                                      │
 *        └───────────── refused: all is left to the next one ◄───────────────────────┘
 * </pre>
 *
 * <p>Nothing here asks the store or another node, so that hosts do not wait for them.
 */
final class TakingUp {
  private final LeftNexus left;
  private final Surroundings node;
  private final ChildDevices children;

  private TakingUp(LeftNexus left, Surroundings node) throws NexusException {
    this.left = left;
    this.node = node;
    var predecessor = node.predecessor(left.spec().name());
    children = ChildDevices.takeUp(left, node.devices(), predecessor);
  }

  /**
   * Blocks.
   *
   * @param slot where the nexus was
   * @param forget told when the nexus is no more
   * @throws NexusException when it stays as it is, for another one to take up
   */
  static ServedNexus takeUp(LeftNexus left, DeviceSlot slot, Surroundings node, Runnable forget)
      throws NexusException {
    var taking = new TakingUp(left, node);
    boolean taken = false;
    try {
      var served = taking.serve(slot, forget);
      taken = true;
      return served;
    } finally {
      if (!taken) taking.children.leave();
    }
  }

  private ServedNexus serve(DeviceSlot slot, Runnable forget) throws NexusException {
    var spec = left.spec();
    var watcher = new ServedNexus.Watcher(node.blocking());
    var record = record();
    var made = device(slot, record, watcher);
    if (left.proof().isPresent()) {
      var held = children.reservations();
      made.keepVigil(
          (asked, then) -> held.ask(asked, record, node.blocking(), then),
          node.timing(),
          left.proof());
    }
    var succession = new Succession(made);
    succession.listenAgain();
    try {
      var _ = node.devices().adopt(made, slot.uri());
    } catch (DeviceException e) {
      succession.abandon();
      throw new NexusException(
          Kind.INTERNAL,
          "Nexus " + spec.name() + " was not taken up.",
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy(),
          e);
    }
    var served = new ServedNexus(spec, made, slot, children, node, watcher, forget);
    served.takeUp(left);
    succession.goOn(left);
    return served;
  }

  private NexusDevice device(DeviceSlot slot, RetirementRecord record, NexusWatcher watcher) {
    List<Child> members =
        left.children().stream()
            .map(child -> Child.of(left.spec().name(), child, node.reactors().all().size()))
            .toList();
    return new NexusDevice(
        new NexusDevice.Plan(
            left.spec().name(),
            slot.uuid(),
            left.area(),
            members,
            left.spec().readPolicy(),
            node.reactors().all(),
            NexusDevice.DEPTH,
            record,
            node.timing().clock(),
            watcher,
            new NexusParts()),
        left);
  }

  private RetirementRecord record() throws NexusException {
    if (left.stored().isEmpty()) return RetirementRecord.NOTHING;
    try {
      return StoredRecord.takeUp(
          node.store(),
          Key.of(left.spec().infoKey().orElseThrow()),
          left.spec().name(),
          left.stored().get(),
          node.recordPlace());
    } catch (IllegalArgumentException e) {
      throw new NexusException(
          Kind.INTERNAL,
          "Nexus " + left.spec().name() + " was not taken up: its info key is not valid.",
          String.valueOf(e.getMessage()),
          "Put the bundle back that was there before.",
          e);
    }
  }
}
