package io.tenon.nexus.internal;

import io.tenon.apart.Apart;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceOwner;
import io.tenon.block.DeviceSlot;
import io.tenon.metadata.MetadataStore;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.Nexuses;
import io.tenon.nexus.internal.StoredRecord.Limits;
import io.tenon.nvme.NvmeTarget;
import io.tenon.reactor.Reactors;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Executor;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's nexuses: names and uuids are unique here, everything else is each nexus' own. Immediate, for what the bundle before has left is taken
 * up whether or not somebody asks for it.
 */
@Component(
    service = {Nexuses.class, DeviceOwner.class},
    immediate = true)
public final class NexusService implements Nexuses, DeviceOwner {
  private static final Logger log = LoggerFactory.getLogger(NexusService.class);
  static final String ANA_VARIABLE = "NEXUS_NVMF_ANA_ENABLE";

  private final Surroundings node;
  private final CurrentStore store = new CurrentStore();

  /** By name; guarded by itself, as are the names and uuids of those that are being made. */
  private final TreeMap<String, ServedNexus> served = new TreeMap<>();

  /** By name, those of them that another version of this bundle tries; guarded by the same. */
  private final TreeMap<String, Nexuses> lent = new TreeMap<>();

  private final TreeSet<String> takenNames = new TreeSet<>();
  private final TreeSet<UUID> takenUuids = new TreeSet<>();
  private boolean closed;

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
    this(devices, target, reactors, new Apart(Thread.ofVirtual().name("nexus-", 0).factory()), ana);
  }

  /**
   * @param blocking runs what may block and follows from I/O: closing a child, pausing a subsystem
   */
  NexusService(
      BlockDevices devices, NvmeTarget target, Reactors reactors, Executor blocking, boolean ana) {
    this(devices, target, reactors, blocking, ana, Timing.of(InstantSource.system(), Limits.USUAL));
  }

  NexusService(
      BlockDevices devices,
      NvmeTarget target,
      Reactors reactors,
      Executor blocking,
      boolean ana,
      Timing timing) {
    node = new Surroundings(devices, target, reactors, blocking, ana, timing, store);
  }

  @Activate
  void takeUp(BundleContext context) {
    if (context.getBundle().getHeaders("").get(TRIAL_HEADER) == null) takeUp();
  }

  /** Goes on with what the service before this one has left. Blocks; before anybody asks for anything. */
  void takeUp() {
    new LeftNexuses(node, this::serve).takeUp();
  }

  private void serve(LeftNexus left, DeviceSlot slot) throws NexusException {
    var spec = left.spec();
    take(spec);
    boolean taken = false;
    try {
      var made = TakingUp.takeUp(left, slot, node, () -> forget(spec));
      taken = true;
      boolean isLate;
      synchronized (served) {
        isLate = closed;
        if (!isLate) served.put(spec.name(), made);
      }
      if (isLate) made.leaveToSuccessor();
    } finally {
      if (!taken) forget(spec);
    }
  }

  /** Nexuses outlive it: they wait for the next one, as long as their patience lasts. */
  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY,
      target = "(tenon.metadata=slot)",
      unbind = "storeWent")
  public void storeCame(MetadataStore now) {
    store.came(now);
  }

  public void storeWent(MetadataStore gone) {
    store.went(gone);
  }

  @Override
  public Nexus create(NexusSpec spec) throws NexusException {
    SpecRules.check(spec);
    take(spec);
    try {
      var made = Making.make(spec, node, () -> forget(spec));
      serve(spec, made);
      return made;
    } catch (NexusException e) {
      forget(spec);
      throw e;
    }
  }

  /** Nobody else can have its name and its uuid from now on. */
  private void take(NexusSpec spec) throws NexusException {
    synchronized (served) {
      if (closed) throw stopping(spec);
      if (takenNames.contains(spec.name())) {
        throw SpecRules.refused(spec, Kind.NAME_EXISTS, "There is a nexus of this name.");
      }
      if (!takenUuids.add(spec.uuid())) {
        throw SpecRules.refused(
            spec, Kind.UUID_EXISTS, "There is a nexus with uuid " + spec.uuid() + ".");
      }
      takenNames.add(spec.name());
    }
  }

  private void serve(NexusSpec spec, ServedNexus made) throws NexusException {
    boolean isLate;
    synchronized (served) {
      isLate = closed;
      if (!isLate) served.put(spec.name(), made);
    }
    if (isLate) {
      made.leave();
      throw stopping(spec);
    }
    var geometry = made.device().geometry();
    log.info(
        "nexus {}: created with {} blocks of {} bytes on {} children",
        spec.name(),
        geometry.blockCount(),
        geometry.blockBytes(),
        spec.childUris().size());
  }

  private static NexusException stopping(NexusSpec spec) {
    return new NexusException(
        Kind.UNAVAILABLE,
        "Nexus " + spec.name() + " was not created.",
        "The service of nexuses stops.",
        "Try again when it is back.");
  }

  private void forget(NexusSpec spec) {
    synchronized (served) {
      served.remove(spec.name());
      takenNames.remove(spec.name());
      takenUuids.remove(spec.uuid());
    }
  }

  @Override
  public List<Nexus> all() {
    List<ServedNexus> own;
    synchronized (served) {
      own = List.copyOf(served.values());
    }
    return own.stream().flatMap(nexus -> shown(nexus).stream()).toList();
  }

  /** One that is lent is what the other service makes of it. Until that serves it this one says that it is away. */
  private Optional<Nexus> shown(ServedNexus own) {
    Nexuses by;
    synchronized (served) {
      by = lent.get(own.name());
    }
    if (by == null) return Optional.of(own);
    var there = by.findByName(own.name());
    boolean isDestroyed = there.isEmpty() && !node.devices().all().contains(own.slot());
    return isDestroyed ? Optional.empty() : Optional.of(there.orElse(own));
  }

  @Override
  public Optional<Nexus> findByUuid(UUID uuid) {
    return all().stream().filter(nexus -> nexus.uuid().equals(uuid)).findFirst();
  }

  @Override
  public Optional<Nexus> findByName(String name) {
    Optional<ServedNexus> own;
    synchronized (served) {
      own = Optional.ofNullable(served.get(name));
    }
    return own.flatMap(this::shown);
  }

  // Trials.

  @Override
  public boolean has(DeviceSlot device) {
    return own(device).isPresent();
  }

  private Optional<ServedNexus> own(DeviceSlot device) {
    synchronized (served) {
      return Optional.ofNullable(served.get(device.name())).filter(nexus -> nexus.isIn(device));
    }
  }

  @Override
  public void lend(DeviceSlot device, DeviceOwner to) throws DeviceException {
    if (!(to instanceof Nexuses others)) {
      throw new DeviceException(
          DeviceException.Kind.UNSUPPORTED,
          "Nexus " + device.name() + " stays where it is.",
          "The other bundle serves no nexuses.",
          "Give one that does.");
    }
    var own = own(device);
    if (own.isEmpty()) return;
    synchronized (served) {
      lent.put(device.name(), others);
    }
    JointEnd.atRest(List.of(own.get()), node.blocking(), JointEnd.WITHIN);
    to.takeUp(device);
  }

  @Override
  public void takeUp(DeviceSlot device) {
    if (has(device)) return;
    synchronized (served) {
      lent.remove(device.name());
      var before = served.get(device.name());
      if (before != null) forget(before.spec());
    }
    new LeftNexuses(node, this::serve).takeUp(device);
  }

  /** With the node everything ends; otherwise a successor of this service is expected. */
  @Deactivate
  void deactivate(BundleContext context) {
    var whole = context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION);
    if (whole.getState() == Bundle.STOPPING) close();
    else leave();
  }

  /** Ends all nexuses in order. */
  void close() {
    JointEnd.of(stop(), node.blocking(), JointEnd.WITHIN);
  }

  /**
   * Leaves all nexuses to a successor: I/O waits for it. What does not come to rest within a while goes on behind this method's back; the successor
   * gets that nexus when it has.
   */
  void leave() {
    JointEnd.atRest(stop(), node.blocking(), JointEnd.WITHIN);
  }

  private List<ServedNexus> stop() {
    synchronized (served) {
      closed = true;
      return List.copyOf(served.values());
    }
  }
}
