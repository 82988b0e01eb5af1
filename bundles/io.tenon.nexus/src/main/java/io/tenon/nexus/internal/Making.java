package io.tenon.nexus.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A nexus that is being made.
 *
 * <pre>
 * open its children ─► found it: whom to trust, theirs no more, on record ─► its device ─► its place in the node ─► let in the others
 *                              │                                              │              │
 *                              └──────────────── refused: undo ◄──────────────┴──────────────┘
 * </pre>
 */
final class Making {
  private static final Logger log = LoggerFactory.getLogger(Making.class);

  private final NexusSpec spec;
  private final Surroundings node;
  private final ChildDevices children;
  private @Nullable NexusDevice device;

  private Making(NexusSpec spec, Surroundings node) throws NexusException {
    this.spec = spec;
    this.node = node;
    children = ChildDevices.open(spec, node.devices(), node.predecessor(spec.name()));
  }

  /**
   * Blocks.
   *
   * @param forget told when the nexus is no more
   * @throws NexusException when it was not made; nothing of it is left then
   */
  static ServedNexus make(NexusSpec spec, Surroundings node, Runnable forget)
      throws NexusException {
    var making = new Making(spec, node);
    try {
      var area = making.area();
      var founding = making.found();
      var served = making.serve(area, founding, forget);
      letIn(served, making.children.slots(), founding);
      return served;
    } catch (NexusException e) {
      making.undo();
      throw e;
    }
  }

  private void undo() {
    if (device != null) device.close();
    children.leaveInOrder();
    children.close();
  }

  private DataArea area() throws NexusException {
    var shapes = new ArrayList<DataArea.Shape>();
    var slots = children.slots();
    for (int i = 0; i < slots.size(); i++) {
      shapes.add(new DataArea.Shape(spec.childUris().get(i), slots.get(i).geometry()));
    }
    return DataArea.of(spec.name(), spec.sizeBytes(), shapes);
  }

  private Founding found() throws NexusException {
    var candidates = new ArrayList<Trust.Candidate>();
    var slots = children.slots();
    for (int i = 0; i < slots.size(); i++) {
      candidates.add(Trust.candidate(spec.childUris().get(i), slots.get(i)));
    }
    return Founding.of(spec, node.store(), candidates, node.recordPlace(), this::reserve);
  }

  /** Takes seconds when somebody had them before, and nobody listens to the children yet. */
  private void reserve() throws NexusException {
    children.reserve(spec.childUris());
    var slots = children.slots();
    for (int i = 0; i < slots.size(); i++) {
      var now = slots.get(i).status();
      if (now.state() != SlotState.FAILED) continue;
      throw new NexusException(
          Kind.CHILD,
          "Nexus %s was not created: child %s was lost while its children were being taken."
              .formatted(spec.name(), spec.childUris().get(i)),
          now.reason(),
          "Create it again when the child is there, or without it.");
    }
  }

  private ServedNexus serve(DataArea area, Founding founding, Runnable forget)
      throws NexusException {
    var watcher = new ServedNexus.Watcher(node.blocking());
    var made = device(area, founding, watcher);
    device = made;
    if (spec.reservation().isPresent()) {
      var held = children.reservations();
      made.keepVigil(
          (asked, then) -> held.ask(asked, founding.record(), node.blocking(), then),
          node.timing(),
          Optional.empty());
    }
    return new ServedNexus(spec, made, adopt(made), children, node, watcher, forget);
  }

  private NexusDevice device(DataArea area, Founding founding, NexusWatcher watcher) {
    return new NexusDevice(
        new NexusDevice.Plan(
            spec.name(),
            deviceUuid(spec),
            area,
            trusted(founding),
            spec.readPolicy(),
            node.reactors().all(),
            NexusDevice.DEPTH,
            founding.record(),
            node.timing().clock(),
            watcher,
            new NexusParts()));
  }

  private List<Child> trusted(Founding founding) {
    var trusted = new ArrayList<Child>();
    var slots = children.slots();
    for (int i = 0; i < slots.size(); i++) {
      String uri = spec.childUris().get(i);
      if (founding.doubts().containsKey(uri)) continue;
      trusted.add(new Child(spec.name(), trusted.size(), uri, slots.get(i)));
    }
    return trusted;
  }

  /** Hosts know a volume by the name that the control plane gives its nexus, whatever the nexus' own uuid. */
  static UUID deviceUuid(NexusSpec spec) {
    String name = spec.name().startsWith("nexus-") ? spec.name().substring(6) : spec.name();
    try {
      var uuid = UUID.fromString(name);
      if (uuid.toString().equalsIgnoreCase(name)) return uuid;
    } catch (IllegalArgumentException notAUuid) {
      log.debug(
          "nexus {}: its name is no uuid, so hosts see {}", spec.name(), spec.uuid(), notAUuid);
    }
    return spec.uuid();
  }

  private DeviceSlot adopt(NexusDevice made) throws NexusException {
    try {
      return node.devices().adopt(made, LeftNexuses.SCHEME + made.name());
    } catch (DeviceException e) {
      throw new NexusException(
          e.kind() == DeviceException.Kind.ALREADY_EXISTS ? Kind.NAME_EXISTS : Kind.INTERNAL,
          "Nexus " + made.name() + " was not created.",
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy(),
          e);
    }
  }

  private static void letIn(ServedNexus served, List<DeviceSlot> slots, Founding founding)
      throws NexusException {
    try {
      served.letIn(slots, founding.doubts());
    } catch (NexusException e) {
      served.leave();
      throw e;
    }
  }
}
