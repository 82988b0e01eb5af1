package io.tenon.nexus.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoOperation;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices of a nexus' children: all opened and claimed, or none. What was opened for the nexus is closed with it; what was there
 * before stays. May block; never on a reactor.
 */
final class ChildDevices {
  private static final Logger log = LoggerFactory.getLogger(ChildDevices.class);

  private final String nexus;
  private final BlockDevices devices;
  private final List<Held> held = new ArrayList<>();

  private static final class Held {
    final DeviceSlot slot;
    final DeviceSlot.Claim claim;
    final boolean openedHere;
    boolean released;

    Held(DeviceSlot slot, DeviceSlot.Claim claim, boolean openedHere) {
      this.slot = slot;
      this.claim = claim;
      this.openedHere = openedHere;
    }
  }

  private ChildDevices(String nexus, BlockDevices devices) {
    this.nexus = nexus;
    this.devices = devices;
  }

  /**
   * @throws NexusException naming the child that could not be had; nothing stays open then
   */
  static ChildDevices open(NexusSpec spec, BlockDevices devices) throws NexusException {
    var opened = new ChildDevices(spec.name(), devices);
    try {
      for (String uri : spec.childUris()) opened.add(uri);
    } catch (NexusException e) {
      opened.close();
      throw e;
    }
    return opened;
  }

  private void add(String uri) throws NexusException {
    try {
      boolean openedHere = devices.find(uri).isEmpty();
      var slot = devices.findOrCreate(uri);
      held.add(new Held(slot, claim(slot, openedHere), openedHere));
      if (slot.supports(IoOperation.READ) && slot.supports(IoOperation.WRITE)) return;
    } catch (DeviceException e) {
      throw new NexusException(
          Kind.CHILD,
          "Nexus %s was not created: child %s cannot be had.".formatted(nexus, uri),
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy(),
          e);
    }
    throw new NexusException(
        Kind.CHILD,
        "Nexus %s was not created: child %s cannot be read and written.".formatted(nexus, uri),
        "",
        "Use a device that takes reads and writes.");
  }

  private DeviceSlot.Claim claim(DeviceSlot slot, boolean openedHere) throws DeviceException {
    try {
      return slot.claim("nexus " + nexus);
    } catch (DeviceException e) {
      if (openedHere) devices.destroy(slot);
      throw e;
    }
  }

  List<DeviceSlot> slots() {
    return held.stream().map(one -> one.slot).toList();
  }

  /** Closes one that is used no more. Idempotent. */
  synchronized void release(int child) {
    var one = held.get(child);
    if (one.released) return;
    one.released = true;
    one.claim.close();
    if (!one.openedHere) return;
    try {
      devices.destroy(one.slot);
    } catch (DeviceException e) {
      log.warn("nexus {}: child device {} stays open: {}", nexus, one.slot.name(), e.getMessage());
    }
  }

  /** Idempotent. */
  void close() {
    for (int child = 0; child < held.size(); child++) release(child);
  }
}
