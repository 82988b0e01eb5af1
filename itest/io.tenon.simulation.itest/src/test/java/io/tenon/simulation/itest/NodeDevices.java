package io.tenon.simulation.itest;

import io.tenon.block.BlockDevice;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.simulation.SimThreads;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** Block devices of a simulated node: those of other nodes are opened, its own are adopted. */
final class NodeDevices implements BlockDevices {
  private static final Set<String> REMOTE = Set.of("nvmf");

  private final DeviceProvider remote;
  private final InstantSource clock;
  private final SimThreads threads;
  private final TreeMap<String, DeviceSlot> open = new TreeMap<>();

  NodeDevices(DeviceProvider remote, InstantSource clock, SimThreads threads) {
    this.remote = remote;
    this.clock = clock;
    this.threads = threads;
  }

  @Override
  public DeviceSlot create(String uri) throws DeviceException {
    var parsed = DeviceUri.parse(uri);
    if (!REMOTE.contains(parsed.scheme())) throw DeviceException.notFound(uri);
    return adopt(remote.open(parsed), uri);
  }

  @Override
  public DeviceSlot adopt(BlockDevice device, String uri) throws DeviceException {
    if (open.containsKey(device.name())) throw DeviceException.alreadyExists(device.name());
    var slot = new DeviceSlot(device, uri, clock, threads::start);
    open.put(slot.name(), slot);
    return slot;
  }

  @Override
  public CompletionStage<Void> leave(List<DeviceSlot> devices, String who) {
    throw new UnsupportedOperationException("nobody is replaced here");
  }

  @Override
  public Optional<DeviceSlot> find(String nameOrUri) {
    return open.values().stream()
        .filter(slot -> slot.name().equals(nameOrUri) || slot.uri().equals(nameOrUri))
        .findFirst();
  }

  @Override
  public DeviceSlot findOrCreate(String uri) throws DeviceException {
    var present = find(uri);
    return present.isPresent() ? present.get() : create(uri);
  }

  @Override
  public List<DeviceSlot> all() {
    return List.copyOf(open.values());
  }

  @Override
  public void destroy(DeviceSlot device) throws DeviceException {
    if (device.claimedBy().isPresent()) {
      throw new DeviceException(Kind.IN_USE, device + " is not destroyed.", "It is claimed.", "");
    }
    if (!open.remove(device.name(), device)) throw DeviceException.notFound(device.name());
    try {
      device.fail("It is destroyed.").toCompletableFuture().get();
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError(e);
    }
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
    return REMOTE;
  }
}
