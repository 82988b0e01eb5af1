package io.tenon.nexus.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.metadata.MetadataStore;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.Nexuses;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.reactor.Reactors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node's nexuses: names and uuids are unique here, everything else is each nexus' own. */
@Component(service = Nexuses.class)
public final class NexusService implements Nexuses {
  private static final Logger log = LoggerFactory.getLogger(NexusService.class);
  static final String ANA_VARIABLE = "NEXUS_NVMF_ANA_ENABLE";

  private final BlockDevices devices;
  private final NvmeTarget target;
  private final Reactors reactors;
  private final Executor blocking;
  private final boolean ana;
  private final Timing timing;
  private final CurrentStore store = new CurrentStore();

  /** By name; guarded by itself, as are the names and uuids of those that are being made. */
  private final TreeMap<String, ServedNexus> served = new TreeMap<>();

  private final TreeSet<String> takenNames = new TreeSet<>();
  private final TreeSet<UUID> takenUuids = new TreeSet<>();

  @Activate
  public NexusService(
      @Reference BlockDevices devices, @Reference NvmeTarget target, @Reference Reactors reactors) {
    this(devices, target, reactors, "1".equals(System.getenv(ANA_VARIABLE)));
  }

  /**
   * Without OSGi.
   *
   * @param ana hosts are told of ANA states
   */
  public NexusService(BlockDevices devices, NvmeTarget target, Reactors reactors, boolean ana) {
    this(devices, target, reactors, Thread.ofVirtual().name("nexus-", 0)::start, ana);
  }

  /**
   * @param blocking runs what may block and follows from I/O: closing a child, pausing a subsystem
   */
  NexusService(
      BlockDevices devices, NvmeTarget target, Reactors reactors, Executor blocking, boolean ana) {
    this(devices, target, reactors, blocking, ana, Timing.USUAL);
  }

  NexusService(
      BlockDevices devices,
      NvmeTarget target,
      Reactors reactors,
      Executor blocking,
      boolean ana,
      Timing timing) {
    this.devices = devices;
    this.target = target;
    this.reactors = reactors;
    this.blocking = blocking;
    this.ana = ana;
    this.timing = timing;
  }

  /** Nexuses outlive it: they wait for the next one, as long as their patience lasts. */
  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY,
      unbind = "storeWent")
  public void storeCame(MetadataStore now) {
    store.came(now);
  }

  public void storeWent(MetadataStore gone) {
    store.went(gone);
  }

  @Override
  public Nexus create(NexusSpec spec) throws NexusException {
    check(spec);
    reserve(spec);
    ServedNexus made;
    try {
      made = make(spec);
    } catch (NexusException e) {
      forget(spec);
      throw e;
    }
    synchronized (served) {
      served.put(spec.name(), made);
    }
    log.info(
        "nexus {}: created with {} blocks of {} bytes on {} children",
        spec.name(),
        made.device().geometry().blockCount(),
        made.device().geometry().blockBytes(),
        spec.childUris().size());
    return made;
  }

  private static void check(NexusSpec spec) throws NexusException {
    int children = spec.childUris().size();
    if (spec.name().isEmpty()) throw refused(spec, Kind.INVALID_ARGUMENT, "It has no name.");
    if (spec.sizeBytes() <= 0) {
      throw refused(
          spec,
          Kind.INVALID_ARGUMENT,
          "Its size must be more than 0, was " + spec.sizeBytes() + ".");
    }
    if (children == 0) throw refused(spec, Kind.STATE, "It has no children.");
    if (children > NexusDevice.MOST_CHILDREN) {
      throw refused(
          spec,
          Kind.INVALID_ARGUMENT,
          "It has %d children; %d are possible.".formatted(children, NexusDevice.MOST_CHILDREN));
    }
    if (new TreeSet<>(spec.childUris()).size() < children) {
      throw refused(
          spec, Kind.INVALID_ARGUMENT, "A child is named twice: " + spec.childUris() + ".");
    }
    int min = spec.minControllerId();
    int max = spec.maxControllerId();
    if (min < ShareOptions.MIN_CONTROLLER_ID || max > ShareOptions.MAX_CONTROLLER_ID || min > max) {
      throw refused(
          spec,
          Kind.INVALID_ARGUMENT,
          "Its range of controller ids %d to %d is not within %d to %d."
              .formatted(min, max, ShareOptions.MIN_CONTROLLER_ID, ShareOptions.MAX_CONTROLLER_ID));
    }
  }

  private static NexusException refused(NexusSpec spec, Kind kind, String why) {
    return new NexusException(
        kind, "Nexus " + spec.name() + " was not created.", why, "Correct the request.");
  }

  private void reserve(NexusSpec spec) throws NexusException {
    synchronized (served) {
      if (takenNames.contains(spec.name())) {
        throw refused(spec, Kind.NAME_EXISTS, "There is a nexus of this name.");
      }
      if (!takenUuids.add(spec.uuid())) {
        throw refused(spec, Kind.UUID_EXISTS, "There is a nexus with uuid " + spec.uuid() + ".");
      }
      takenNames.add(spec.name());
    }
  }

  private void forget(NexusSpec spec) {
    synchronized (served) {
      served.remove(spec.name());
      takenNames.remove(spec.name());
      takenUuids.remove(spec.uuid());
    }
  }

  private ServedNexus make(NexusSpec spec) throws NexusException {
    var opened = ChildDevices.open(spec, devices);
    NexusDevice device = null;
    try {
      var slots = opened.slots();
      var shapes = new ArrayList<DataArea.Shape>();
      var candidates = new ArrayList<Trust.Candidate>();
      for (int i = 0; i < slots.size(); i++) {
        String uri = spec.childUris().get(i);
        shapes.add(new DataArea.Shape(uri, slots.get(i).geometry()));
        candidates.add(Trust.candidate(uri, slots.get(i)));
      }
      var area = DataArea.of(spec.name(), spec.sizeBytes(), shapes);
      var place =
          new StoredRecord.Place(
              reactors.all().getFirst(), blocking, timing.clock(), timing.record());
      var founding =
          Founding.of(spec, store, candidates, place, () -> opened.reserve(spec.childUris()));
      var children = new ArrayList<Child>();
      for (int i = 0; i < slots.size(); i++) {
        String uri = spec.childUris().get(i);
        if (founding.doubts().containsKey(uri)) continue;
        children.add(new Child(spec.name(), children.size(), uri, slots.get(i)));
      }
      var watcher = new ServedNexus.Watcher(blocking);
      device =
          new NexusDevice(
              new NexusDevice.Plan(
                  spec.name(),
                  deviceUuid(spec),
                  area,
                  children,
                  spec.readPolicy(),
                  reactors.all(),
                  NexusDevice.DEPTH,
                  founding.record(),
                  timing.clock(),
                  watcher,
                  new NexusParts()));
      if (spec.reservation().isPresent()) {
        var held = opened.reservations();
        device.keepVigil((asked, then) -> held.ask(asked, blocking, then), timing);
        if (held.tookFromAnother()) outwaitPredecessor(spec);
      }
      var slot = adopt(device);
      var share = new ServedNexus.Sharing(target, ana);
      var made =
          new ServedNexus(spec, device, slot, opened, devices, share, watcher, () -> forget(spec));
      letIn(made, slots, founding);
      return made;
    } catch (NexusException e) {
      if (device != null) device.close();
      opened.leaveInOrder();
      opened.close();
      throw e;
    }
  }

  /** Who had the children before may answer reads for so long, without knowing that they are taken. */
  private void outwaitPredecessor(NexusSpec spec) throws NexusException {
    log.info(
        "nexus {}: its children were another's; it waits until that one has noticed", spec.name());
    var over = new CompletableFuture<Boolean>();
    var home = reactors.all().getFirst();
    home.execute(() -> home.schedule(timing.successorWaitsNs(), () -> over.complete(true)));
    try {
      var _ = Wait.on(over, home, 60);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw notWaited(spec, e);
    } catch (ExecutionException | TimeoutException e) {
      throw notWaited(spec, e);
    }
  }

  private static NexusException notWaited(NexusSpec spec, Exception cause) {
    return new NexusException(
        Kind.INTERNAL,
        "Nexus " + spec.name() + " was not created.",
        "The wait for its predecessor was cut short: " + cause + ".",
        "Try again.",
        cause);
  }

  private static void letIn(ServedNexus made, List<DeviceSlot> slots, Founding founding)
      throws NexusException {
    try {
      made.letIn(slots, founding.doubts());
    } catch (NexusException e) {
      made.destroy();
      throw e;
    }
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

  private DeviceSlot adopt(NexusDevice device) throws NexusException {
    try {
      return devices.adopt(device, "nexus:///" + device.name());
    } catch (DeviceException e) {
      throw new NexusException(
          e.kind() == DeviceException.Kind.ALREADY_EXISTS ? Kind.NAME_EXISTS : Kind.INTERNAL,
          "Nexus " + device.name() + " was not created.",
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy(),
          e);
    }
  }

  @Override
  public List<Nexus> all() {
    synchronized (served) {
      return List.copyOf(served.values());
    }
  }

  @Override
  public Optional<Nexus> findByUuid(UUID uuid) {
    return all().stream().filter(nexus -> nexus.uuid().equals(uuid)).findFirst();
  }

  @Override
  public Optional<Nexus> findByName(String name) {
    synchronized (served) {
      return Optional.ofNullable(served.get(name));
    }
  }

  @Deactivate
  void close() {
    for (Nexus nexus : all()) {
      try {
        nexus.destroy();
      } catch (NexusException e) {
        log.error("nexus {}: was not destroyed at the end: {}", nexus.name(), e.getMessage());
      }
    }
  }
}
