package io.tenon.bench.local;

import io.tenon.block.BlockDevice;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.error.Check;
import io.tenon.reactor.Reactors;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;

/** The block devices of a nexus in this process. */
final class BenchDevices implements BlockDevices {
  private final Reactors reactors;
  private final TreeMap<String, DeviceProvider> providers = new TreeMap<>();
  private final TreeMap<String, DeviceSlot> open = new TreeMap<>();

  BenchDevices(Reactors reactors) {
    this.reactors = reactors;
  }

  @Override
  public synchronized DeviceSlot create(String uri) throws DeviceException {
    var parsed = DeviceUri.parse(uri);
    var provider = providers.get(parsed.scheme());
    try {
      if (provider == null) provider = Backends.provider(parsed.scheme(), reactors);
    } catch (ReflectiveOperationException e) {
      throw Check.bug("no backend for %s: %s", uri, e);
    }
    providers.put(parsed.scheme(), provider);
    return adopt(provider.open(parsed), uri);
  }

  @Override
  public synchronized DeviceSlot adopt(BlockDevice device, String uri) throws DeviceException {
    if (open.containsKey(device.name())) throw DeviceException.alreadyExists(device.name());
    var slot = new DeviceSlot(device, uri);
    open.put(slot.name(), slot);
    return slot;
  }

  @Override
  public CompletionStage<Void> leave(List<DeviceSlot> devices, String who) {
    throw Check.bug("nobody is replaced in a benchmark, %s neither", who);
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

  @Override
  public void destroy(DeviceSlot device) throws DeviceException {
    synchronized (this) {
      if (!open.remove(device.name(), device)) throw DeviceException.notFound(device.name());
    }
    Backends.close(device);
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
  public synchronized Set<String> schemes() {
    return Set.copyOf(providers.keySet());
  }
}
