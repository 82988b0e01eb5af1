package io.tenon.devices.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceChanges;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceTrials;
import io.tenon.block.DeviceUri;
import io.tenon.block.FaultInjections;
import io.tenon.block.Handover;
import io.tenon.block.InjectedFault;
import io.tenon.block.SlotState;
import io.tenon.devices.internal.Providers.Source;
import io.tenon.error.Check;
import io.tenon.reactor.Reactors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's block devices. Backends are a whiteboard: each {@link DeviceProvider} service that comes makes its schemes
 * usable; when one goes, its devices are drained and vacated, and wait for a successor ({@link Reopening}).
 *
 * <p>Immediate, for the devices must not end because the last user of this service let go of it.
 */
@Component(configurationPid = "io.tenon.devices", immediate = true)
@Designate(ocd = DevicesConfig.class)
public final class DeviceRegistry
    implements BlockDevices, DeviceChanges, DeviceTrials, FaultInjections {
  private static final Logger log = LoggerFactory.getLogger(DeviceRegistry.class);

  private final long reopenDeadlineMs;
  private final long drainWaitMs;
  private final Sampler sampler;
  private final Providers providers = new Providers();

  /** Guards the two below; never held while something blocks. */
  private final Object lock = new Object();

  private final Map<String, Entry> entries = new TreeMap<>();

  /** Names that somebody is opening just now. */
  private final Set<String> opening = new HashSet<>();

  private final Faults faults = new Faults();
  private final Trials trials = new Trials(providers);
  private volatile boolean closed;

  @Activate
  public DeviceRegistry(BundleContext context, DevicesConfig config, @Reference Reactors reactors) {
    this(
        config.reopen_deadline_ms(),
        config.drain_wait_ms(),
        new Sampler(
            reactors.main(),
            () -> context.getBundle(0).getState() != Bundle.ACTIVE,
            config.answer_wait_ms()));
  }

  /** One that believes successors what they answer. */
  DeviceRegistry(long reopenDeadlineMs, long drainWaitMs) {
    this(reopenDeadlineMs, drainWaitMs, Sampler.none());
  }

  DeviceRegistry(long reopenDeadlineMs, long drainWaitMs, Sampler sampler) {
    this.sampler = sampler;
    this.reopenDeadlineMs = reopenDeadlineMs;
    this.drainWaitMs = drainWaitMs;
  }

  @Deactivate
  void close() {
    closed = true;
    providers.wake();
    for (Entry entry : listed()) {
      var ended = entry.slot.fail("The node's device registry has stopped.");
      if (!Entry.await(ended, drainWaitMs)) {
        log.warn("device {}: still has requests in flight", entry.slot.name());
      }
    }
    synchronized (lock) {
      entries.clear();
    }
  }

  // Faults.

  @Override
  public InjectedFault inject(String uri) throws DeviceException {
    return faults.add(uri, this);
  }

  @Override
  public void removeInjected(String uri) throws DeviceException {
    faults.remove(uri, this);
  }

  @Override
  public List<InjectedFault> injected() {
    return faults.all();
  }

  // Backends.

  @Reference(
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC,
      unbind = "removeProvider")
  void addProvider(DeviceProvider provider, ServiceReference<DeviceProvider> reference) {
    add(Source.of(provider, reference, trials::deviceOf));
  }

  void add(Source source) {
    if (source.schemes().isEmpty()) {
      log.warn("{}: a backend without the property {}", source.who(), DeviceProvider.SCHEME);
      return;
    }
    providers.add(source);
    log.info("schemes {}: provided by {}", source.schemes(), source.who());
  }

  /** Waits for its devices to be closed, within bounds, since its bundle is about to lose its classes. */
  void removeProvider(DeviceProvider provider) {
    var removed = providers.remove(provider);
    if (removed.isEmpty() || closed) return;
    var source = removed.get();
    log.info("schemes {}: {} goes", source.schemes(), source.who());
    var vacating = new LinkedHashMap<DeviceSlot, CompletionStage<?>>();
    for (Entry entry : listed()) {
      if (!entry.hasSchemeOf(source)) continue;
      if (!lockWithin(entry, drainWaitMs)) {
        log.warn("device {}: is being opened by the backend that goes", entry.slot.name());
        Thread.ofVirtual().start(() -> orphanWhenPossible(entry, source));
        continue;
      }
      try {
        if (entry.isFrom(source)) vacating.put(entry.slot, orphan(entry, source));
      } finally {
        entry.changing.unlock();
      }
    }
    for (var leaving : vacating.entrySet()) {
      if (Entry.await(leaving.getValue(), drainWaitMs)) continue;
      var slot = leaving.getKey();
      log.warn("device {}: not closed yet, {}", slot.name(), slot.status().waitsFor());
    }
  }

  private static boolean lockWithin(Entry entry, long timeoutMs) {
    try {
      return entry.changing.tryLock(timeoutMs, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void orphanWhenPossible(Entry entry, Source gone) {
    entry.changing.lock();
    try {
      if (entry.isFrom(gone)) orphan(entry, gone);
    } finally {
      entry.changing.unlock();
    }
  }

  /** Holding {@link Entry#changing}. */
  private CompletionStage<?> orphan(Entry entry, Source gone) {
    entry.orphan();
    // Others are not read: a far end that is away would hold up their bundle's stop.
    return reopen(
        entry, "Its backend, " + gone.who() + ",", gone.replaceable() ? sampler : Sampler.none());
  }

  /** Holding {@link Entry#changing}. */
  private CompletionStage<?> reopen(Entry entry, String gone, Sampler by) {
    var reopening = new Reopening(entry, gone, providers, reopenDeadlineMs, () -> closed, by);
    reopening.start();
    return reopening.vacated();
  }

  @Override
  public CompletionStage<Void> leave(List<DeviceSlot> devices, String who) {
    var vacated = new ArrayList<CompletableFuture<?>>();
    for (DeviceSlot slot : devices) {
      var entry = entry(slot);
      if (entry.isEmpty() || slot.state() == SlotState.FAILED) continue;
      entry.get().changing.lock();
      try {
        vacated.add(reopen(entry.get(), who, sampler).toCompletableFuture());
      } finally {
        entry.get().changing.unlock();
      }
    }
    return CompletableFuture.allOf(vacated.toArray(CompletableFuture[]::new));
  }

  @Override
  public Change change(DeviceSlot device, String text) throws DeviceException {
    var uri = DeviceUri.parse(text);
    var source = providers.get(text, uri.scheme());
    var entry = entry(device).orElseThrow(() -> DeviceException.notFound(device.name()));
    Change done;
    entry.changing.lock();
    try {
      done = new UriChange(entry, uri, source, sampler, drainWaitMs, this::waitForReturn).run();
      if (entry.isFrom(source) && !providers.isThere(source)) orphan(entry, source);
    } finally {
      entry.changing.unlock();
    }
    // Now, for who writes it down may wait for somebody who changes the device.
    device.tellUri();
    return done;
  }

  private void waitForReturn(Entry entry, String why, CompletionStage<Optional<Handover>> vacated) {
    entry.orphan();
    new Reopening(entry, why, providers, reopenDeadlineMs, () -> closed, sampler, vacated).start();
  }

  private Optional<Entry> entry(DeviceSlot slot) {
    synchronized (lock) {
      return Optional.ofNullable(entries.get(slot.name())).filter(entry -> entry.slot == slot);
    }
  }

  // Trials.

  @Override
  public Trial announce(String bundle, DeviceSlot device) {
    return trials.announce(bundle, device, () -> entry(device), this::move);
  }

  /** From whichever backend has it. */
  private void move(Entry entry) {
    entry.changing.lock();
    try {
      entry.orphan();
      reopen(entry, "The version of its backend that all others have", sampler);
    } finally {
      entry.changing.unlock();
    }
  }

  @Override
  public List<Backend> backends() {
    var found = new ArrayList<Backend>();
    for (String scheme : providers.schemes()) {
      var source = providers.find(scheme);
      if (source.isEmpty()) continue;
      int devices = 0;
      for (Entry entry : listed()) {
        boolean ofScheme = entry.uri().map(DeviceUri::scheme).equals(Optional.of(scheme));
        if (ofScheme && entry.isFrom(source.get())) devices++;
      }
      found.add(new Backend(scheme, source.get().bundle(), source.get().version(), devices));
    }
    return found;
  }

  @Override
  public Set<String> schemes() {
    return new TreeSet<>(providers.schemes());
  }

  // Devices.

  private List<Entry> listed() {
    synchronized (lock) {
      return List.copyOf(entries.values());
    }
  }

  @Override
  public List<DeviceSlot> all() {
    var slots = new ArrayList<DeviceSlot>();
    for (Entry entry : listed()) slots.add(entry.slot);
    return slots;
  }

  @Override
  public DeviceSlot create(String text) throws DeviceException {
    var uri = DeviceUri.parse(text);
    if (Schemes.isAlias(uri)) return addAlias(uri, true);
    var source = providers.get(text, uri.scheme());
    String name = source.provider().deviceName(uri);
    var present = reserve(name);
    if (present.isPresent()) return createAgain(present.get(), uri, source);
    try {
      return open(uri, source, name);
    } finally {
      unreserve(name);
    }
  }

  /**
   * @return the entry that has the name; when there is none the name is kept for the caller to open
   */
  private Optional<Entry> reserve(String name) throws DeviceException {
    synchronized (lock) {
      var present = entries.get(name);
      if (present != null) return Optional.of(present);
      if (!opening.add(name)) {
        throw new DeviceException(
            Kind.ALREADY_EXISTS,
            "Block device " + name + " was not created.",
            "Somebody else is just creating it.",
            "Use that one when it is there.");
      }
      return Optional.empty();
    }
  }

  private void unreserve(String name) {
    synchronized (lock) {
      opening.remove(name);
    }
  }

  private DeviceSlot open(DeviceUri uri, Source source, String name) throws DeviceException {
    var device = source.open(uri, Optional.empty());
    Check.that(device.name().equals(name), "%s opened %s as %s", source.who(), uri, device.name());
    var entry = list(device, uri.text(), Optional.of(uri), Optional.of(source));
    if (!providers.isThere(source)) orphanWhenPossible(entry, source);
    return entry.slot;
  }

  private Entry list(
      BlockDevice device, String text, Optional<DeviceUri> uri, Optional<Source> source)
      throws DeviceException {
    boolean taken = false;
    Entry entry = null;
    synchronized (lock) {
      for (Entry other : entries.values()) taken |= other.slot.uuid().equals(device.uuid());
      if (!taken && !closed) {
        entry = new Entry(new DeviceSlot(device, text), device, uri, source);
        entries.put(device.name(), entry);
        faults.plant(entry.slot);
      }
    }
    if (entry != null) {
      log.info("device {}: {}, uuid {}", device.name(), device.productName(), device.uuid());
      return entry;
    }
    device.close();
    throw new DeviceException(
        taken ? Kind.ALREADY_EXISTS : Kind.UNSUPPORTED,
        "Block device " + device.name() + " was not created.",
        taken
            ? "There is one with the same uuid " + device.uuid() + "."
            : "The node's device registry is stopping.",
        taken ? "Give another uuid." : "Start it again.");
  }

  /** The name is there already: the URI may ask for a change, or bring a failed device back. */
  private DeviceSlot createAgain(Entry entry, DeviceUri uri, Source source) throws DeviceException {
    Schemes.checkUuid(uri, entry.slot);
    entry.changing.lock();
    try {
      if (entry.isDestroyed()) throw DeviceException.alreadyExists(entry.slot.name());
      if (entry.slot.state() == SlotState.FAILED && entry.uri().isPresent()) {
        var nothing = new Entry.Legacy(Optional.empty(), Optional.empty());
        // By the same backend it is what it was, though a parameter be not said again.
        if (entry.hasSchemeOf(source)) entry.reopen(source, nothing, sampler);
        else entry.reopenBy(uri, source, nothing, sampler);
        if (!providers.isThere(source)) orphan(entry, source);
      } else if (source.provider().changesOpenDevice(uri)) {
        entry.change(uri, source, drainWaitMs);
      } else {
        throw DeviceException.alreadyExists(entry.slot.name());
      }
      return entry.slot;
    } finally {
      entry.changing.unlock();
    }
  }

  @Override
  public DeviceSlot adopt(BlockDevice device, String uri) throws DeviceException {
    var present = reserve(device.name());
    if (present.isPresent()) return takeUp(present.get(), device, uri);
    try {
      return list(device, uri, Optional.empty(), Optional.empty()).slot;
    } finally {
      unreserve(device.name());
    }
  }

  private DeviceSlot takeUp(Entry entry, BlockDevice device, String uri) throws DeviceException {
    entry.changing.lock();
    try {
      entry.takeUp(device, uri, sampler);
    } finally {
      entry.changing.unlock();
    }
    // Nobody needs to wait for it any more.
    providers.wake();
    return entry.slot;
  }

  private DeviceSlot addAlias(DeviceUri uri, boolean isNew) throws DeviceException {
    Schemes.checkAlias(uri);
    String name = uri.name();
    DeviceSlot slot;
    synchronized (lock) {
      var entry = entries.get(name);
      if (entry == null) throw DeviceException.notFound(name);
      slot = entry.slot;
    }
    Schemes.checkUuid(uri, slot);
    if (isNew && slot.aliases().contains(uri.text())) {
      throw DeviceException.alreadyExists(uri.text());
    }
    slot.addAlias(uri.text());
    return slot;
  }

  @Override
  public Optional<DeviceSlot> find(String nameOrUri) {
    synchronized (lock) {
      var named = entries.get(nameOrUri);
      if (named != null) return Optional.of(named.slot);
      for (Entry entry : entries.values()) {
        var slot = entry.slot;
        if (slot.uri().equals(nameOrUri)
            || slot.uuid().toString().equals(nameOrUri)
            || slot.aliases().contains(nameOrUri)) {
          return Optional.of(slot);
        }
      }
    }
    try {
      return findByUri(DeviceUri.parse(nameOrUri));
    } catch (DeviceException e) {
      log.trace("{} names no device", nameOrUri, e);
      return Optional.empty();
    }
  }

  private Optional<DeviceSlot> findByUri(DeviceUri uri) throws DeviceException {
    String name = uri.name();
    if (!Schemes.isAlias(uri)) {
      var source = providers.find(uri.scheme());
      if (source.isEmpty()) return Optional.empty();
      name = source.get().provider().deviceName(uri);
    }
    DeviceSlot slot;
    synchronized (lock) {
      var entry = entries.get(name);
      if (entry == null) return Optional.empty();
      slot = entry.slot;
    }
    Schemes.checkUuid(uri, slot);
    return Optional.of(slot);
  }

  @Override
  public DeviceSlot findOrCreate(String text) throws DeviceException {
    var known = find(text);
    if (known.isPresent() && known.get().state() != SlotState.FAILED) return known.get();
    var uri = DeviceUri.parse(text);
    if (Schemes.isAlias(uri)) return addAlias(uri, false);
    var present = findByUri(uri);
    if (present.isPresent() && present.get().state() != SlotState.FAILED) return present.get();
    return create(text);
  }

  @Override
  public void destroy(String nameOrUri) throws DeviceException {
    var slot = find(nameOrUri).orElseThrow(() -> DeviceException.notFound(nameOrUri));
    if (!slot.removeAlias(nameOrUri)) destroy(slot);
  }

  @Override
  public void destroy(DeviceSlot slot) throws DeviceException {
    var entry = entry(slot).orElseThrow(() -> DeviceException.notFound(slot.name()));
    try (var _ = claimToDestroy(slot)) {
      entry.changing.lock();
      try {
        entry.destroy(drainWaitMs);
      } finally {
        entry.changing.unlock();
      }
    }
    providers.wake();
    synchronized (lock) {
      entries.remove(slot.name(), entry);
    }
    log.info("device {}: destroyed", slot.name());
  }

  private static DeviceSlot.Claim claimToDestroy(DeviceSlot slot) throws DeviceException {
    var holder = slot.claimedBy();
    if (holder.isPresent()) {
      throw new DeviceException(
          Kind.IN_USE,
          "Block device " + slot.name() + " was not destroyed.",
          "It belongs to " + holder.get() + ".",
          "Release it there first.");
    }
    return slot.claim("its destruction");
  }
}
