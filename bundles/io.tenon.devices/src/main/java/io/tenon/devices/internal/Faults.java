package io.tenon.devices.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.InjectedFault;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Faults that are injected into this node's devices, by the devices' names. */
final class Faults {
  private static final Logger log = LoggerFactory.getLogger(Faults.class);

  /** Reactors answer in a round. */
  private static final long PLANT_WITHIN_MS = 10_000;

  private final List<InjectedFault> all = new CopyOnWriteArrayList<>();

  List<InjectedFault> all() {
    return List.copyOf(all);
  }

  InjectedFault add(String uri, BlockDevices devices) throws DeviceException {
    var fault = InjectedFault.parse(uri, InstantSource.system());
    synchronized (all) {
      for (InjectedFault other : all) {
        if (!other.uri().equals(uri)) continue;
        throw new DeviceException(
            Kind.ALREADY_EXISTS,
            "Fault " + uri + " was not injected.",
            "It is already.",
            "Remove it first, or give other parameters.");
      }
      all.add(fault);
    }
    log.warn("device {}: fault {} is injected by request", fault.device(), uri);
    plantNow(fault.device(), devices);
    return fault;
  }

  void remove(String uri, BlockDevices devices) throws DeviceException {
    InjectedFault found = null;
    synchronized (all) {
      for (InjectedFault fault : all) if (fault.uri().equals(uri)) found = fault;
      if (found == null) {
        throw new DeviceException(
            Kind.NOT_FOUND,
            "Fault " + uri + " was not removed.",
            "It is not injected.",
            "List those that are, and name one as it is written there.");
      }
      all.remove(found);
    }
    log.warn("device {}: fault {} is removed after {} I/Os", found.device(), uri, found.struck());
    plantNow(found.device(), devices);
  }

  private void plantNow(String device, BlockDevices devices) {
    for (DeviceSlot slot : devices.all()) {
      if (slot.name().equals(device) && !Entry.await(plant(slot), PLANT_WITHIN_MS)) {
        log.error("device {}: not all reactors have heard of its injected faults", device);
      }
    }
  }

  /** What is injected into this device now, and nothing else. */
  CompletionStage<Void> plant(DeviceSlot slot) {
    synchronized (all) {
      return slot.faults(all.stream().filter(fault -> fault.device().equals(slot.name())).toList());
    }
  }
}
