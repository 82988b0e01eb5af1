package io.tenon.nexus.internal;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.BlockDevice;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.SlotState;
import io.tenon.block.testing.TestReactors;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/** Block devices of a node that knows only {@code malloc}; as strict about claims as the real one. */
final class TestDevices implements BlockDevices {
  private final MallocProvider provider = new MallocProvider();
  private final BiFunction<BlockDevice, String, DeviceSlot> slots;
  private final TreeMap<String, DeviceSlot> open = new TreeMap<>();

  TestDevices() {
    this(DeviceSlot::new);
  }

  /**
   * @param slots makes one for a device and its URI
   */
  TestDevices(BiFunction<BlockDevice, String, DeviceSlot> slots) {
    this.slots = slots;
  }

  @Override
  public synchronized DeviceSlot create(String uri) throws DeviceException {
    var parsed = DeviceUri.parse(uri);
    if (!parsed.scheme().equals("malloc")) {
      throw new DeviceException(
          Kind.UNKNOWN_SCHEME, uri + " was not opened.", "Its scheme is unknown.", "Use malloc.");
    }
    return adopt(provider.open(parsed), uri);
  }

  @Override
  public synchronized DeviceSlot adopt(BlockDevice device, String uri) throws DeviceException {
    var present = open.get(device.name());
    if (present != null) {
      boolean waits = present.state() == SlotState.VACANT || present.state() == SlotState.FAILED;
      if (!waits || !present.uri().equals(uri)) throw DeviceException.alreadyExists(device.name());
      var _ = present.restore(device, "It was made again.");
      return present;
    }
    var slot = slots.apply(device, uri);
    open.put(slot.name(), slot);
    return slot;
  }

  @Override
  public CompletionStage<Void> leave(List<DeviceSlot> devices, String who) {
    return CompletableFuture.allOf(
        devices.stream()
            .map(slot -> slot.vacate(who + " goes.", "a successor").toCompletableFuture())
            .toArray(CompletableFuture[]::new));
  }

  @Override
  public synchronized Optional<DeviceSlot> find(String nameOrUri) {
    return open.values().stream()
        .filter(slot -> slot.name().equals(nameOrUri) || slot.uri().equals(nameOrUri))
        .findFirst();
  }

  @Override
  public synchronized DeviceSlot findOrCreate(String uri) throws DeviceException {
    var present = find(uri);
    return present.isPresent() ? present.get() : create(uri);
  }

  @Override
  public synchronized List<DeviceSlot> all() {
    return List.copyOf(open.values());
  }

  synchronized List<String> names() {
    return List.copyOf(open.keySet());
  }

  @Override
  public void destroy(DeviceSlot device) throws DeviceException {
    synchronized (this) {
      if (device.claimedBy().isPresent()) {
        throw new DeviceException(Kind.IN_USE, device + " is not destroyed.", "It is claimed.", "");
      }
      if (!open.remove(device.name(), device)) throw DeviceException.notFound(device.name());
    }
    TestReactors.await(device.fail("It is destroyed.").toCompletableFuture());
  }

  @Override
  public void destroy(String nameOrUri) throws DeviceException {
    destroy(find(nameOrUri).orElseThrow(() -> DeviceException.notFound(nameOrUri)));
  }

  @Override
  public List<Backend> backends() {
    return List.of();
  }

  @Override
  public Set<String> schemes() {
    return Set.of("malloc");
  }
}
