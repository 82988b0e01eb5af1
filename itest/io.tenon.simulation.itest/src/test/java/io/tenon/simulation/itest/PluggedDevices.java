package io.tenon.simulation.itest;

import io.tenon.block.BlockDevice;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.SlotState;
import io.tenon.simulation.SimThreads;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** Block devices of a simulated node with one disk, which may be plugged in or not; those of other nodes are opened, all others adopted. */
final class PluggedDevices implements BlockDevices {
  static final String DISK_URI = "sim:///" + PlatterDisk.NAME;

  /** What is plugged in now. */
  interface Socket {
    Optional<BlockDevice> open();
  }

  private static final Set<String> REMOTE = Set.of("nvmf");

  private final Socket socket;
  private final Optional<DeviceProvider> remote;
  private final InstantSource clock;
  private final SimThreads threads;
  private final TreeMap<String, DeviceSlot> slots = new TreeMap<>();

  PluggedDevices(Socket socket, InstantSource clock, SimThreads threads) {
    this(socket, Optional.empty(), clock, threads);
  }

  PluggedDevices(
      Socket socket, Optional<DeviceProvider> remote, InstantSource clock, SimThreads threads) {
    this.socket = socket;
    this.remote = remote;
    this.clock = clock;
    this.threads = threads;
  }

  @Override
  public DeviceSlot create(String uri) throws DeviceException {
    if (!uri.equals(DISK_URI)) return open(uri);
    var plugged = socket.open().orElseThrow(() -> DeviceException.notFound(uri));
    var present = slots.get(PlatterDisk.NAME);
    if (present == null) return put(plugged, uri);
    present.restore(plugged, "It was plugged in.");
    return present;
  }

  private DeviceSlot open(String uri) throws DeviceException {
    var parsed = DeviceUri.parse(uri);
    if (!REMOTE.contains(parsed.scheme())) throw DeviceException.notFound(uri);
    return adopt(remote.orElseThrow(() -> DeviceException.notFound(uri)).open(parsed), uri);
  }

  private DeviceSlot put(BlockDevice device, String uri) {
    var slot = new DeviceSlot(device, uri, clock, threads::start);
    slots.put(slot.name(), slot);
    return slot;
  }

  @Override
  public DeviceSlot adopt(BlockDevice device, String uri) throws DeviceException {
    var present = slots.get(device.name());
    if (present == null) return put(device, uri);
    if (present.state() == SlotState.READY) throw DeviceException.alreadyExists(device.name());
    present.restore(device, "It was made again.");
    return present;
  }

  @Override
  public CompletionStage<Void> leave(List<DeviceSlot> devices, String who) {
    var vacated = new ArrayList<CompletableFuture<?>>();
    for (DeviceSlot slot : devices) {
      if (slot.state() == SlotState.FAILED) continue;
      vacated.add(slot.vacate(who + " goes.", "its successor").toCompletableFuture());
    }
    return CompletableFuture.allOf(vacated.toArray(CompletableFuture[]::new));
  }

  @Override
  public Optional<DeviceSlot> find(String nameOrUri) {
    return slots.values().stream()
        .filter(
            slot ->
                slot.name().equals(nameOrUri)
                    || nameOrUri.equals("bdev:///" + slot.name())
                    || slot.uri().equals(nameOrUri)
                    || slot.uuid().toString().equals(nameOrUri))
        .findFirst();
  }

  @Override
  public DeviceSlot findOrCreate(String uri) throws DeviceException {
    var present = find(uri);
    boolean usable = present.isPresent() && present.get().state() != SlotState.FAILED;
    return usable ? present.get() : create(uri);
  }

  @Override
  public List<DeviceSlot> all() {
    return List.copyOf(slots.values());
  }

  @Override
  public void destroy(DeviceSlot device) throws DeviceException {
    if (device.claimedBy().isPresent()) {
      throw new DeviceException(Kind.IN_USE, device + " is not destroyed.", "It is claimed.", "");
    }
    if (!slots.remove(device.name(), device)) throw DeviceException.notFound(device.name());
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
    return remote.isPresent() ? Set.of("sim", "nvmf") : Set.of("sim");
  }
}
