package io.tenon.nvme.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.error.Check;
import io.tenon.error.TenonException;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.SubsystemHandover;
import io.tenon.nvme.TargetException;
import io.tenon.nvme.TargetException.Kind;
import io.tenon.nvme.Transport;
import io.tenon.nvme.TransportHandover;
import io.tenon.nvme.internal.reservation.ReservationFiles;
import io.tenon.nvme.internal.reservation.ReservationStore;
import io.tenon.reactor.Reactor;
import java.lang.ref.WeakReference;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.osgi.framework.FrameworkUtil;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node's subsystems, and discovery of them. */
@Component(configurationPid = "io.tenon.nvme")
@Designate(ocd = NvmeConfig.class)
public final class Target implements NvmeTarget {
  static final String MODEL = "Mayastor NVMe controller";

  private static final Logger log = LoggerFactory.getLogger(Target.class);
  private static final String RETRY_DELAYS_VARIABLE = "NVMF_TGT_CRDT";

  /** A device that does not end its I/O for so long keeps its claim; the rest goes on. */
  private static final long UNSHARE_WITHIN_S = 30;

  private static final long HANDOVER_DEADLINE_MS = 30_000;

  private final RetryDelays retryDelays;
  private final int maxSubsystems;
  private final String firmware;
  private final ReservationStore reservationStore;
  private final Executor blocking;
  private final Discovery discovery = new Discovery(this);
  private final ConcurrentSkipListMap<String, ServedSubsystem> subsystems =
      new ConcurrentSkipListMap<>();
  private final List<Transport> transports = new CopyOnWriteArrayList<>();
  private final Handovers handovers;

  /** Those that queues live on. */
  private final Set<Reactor> reactors = new CopyOnWriteArraySet<>();

  /** Devices that hosts had registered with when their share ended; guarded by itself. A device is forgotten with its slot. */
  private final List<WeakReference<DeviceSlot>> leftReserved = new ArrayList<>();

  private final AtomicLong generation = new AtomicLong();

  @Activate
  public Target(NvmeConfig config) throws TenonException {
    this(
        config.retry_delays(),
        config.max_subsystems(),
        version(),
        config.ptpl_dir().isEmpty()
            ? ReservationStore.NONE
            : new ReservationFiles(
                Path.of(config.ptpl_dir()), Thread.ofVirtual().name("reservations")::start),
        Thread.ofVirtual().name("nvme-admin")::start,
        config.handover_deadline_ms());
  }

  /** Without OSGi, and without a place to keep reservations in. */
  public Target(String retryDelays, int maxSubsystems, String firmware) throws TenonException {
    this(
        retryDelays,
        maxSubsystems,
        firmware,
        ReservationStore.NONE,
        Thread.ofVirtual().name("nvme-admin")::start);
  }

  /**
   * @param blocking runs commands that may block
   */
  public Target(
      String retryDelays,
      int maxSubsystems,
      String firmware,
      ReservationStore reservationStore,
      Executor blocking)
      throws TenonException {
    this(retryDelays, maxSubsystems, firmware, reservationStore, blocking, HANDOVER_DEADLINE_MS);
  }

  private Target(
      String retryDelays,
      int maxSubsystems,
      String firmware,
      ReservationStore reservationStore,
      Executor blocking,
      long handoverDeadlineMs)
      throws TenonException {
    this.handovers = new Handovers(this, TimeUnit.MILLISECONDS.toNanos(handoverDeadlineMs));
    this.reservationStore = reservationStore;
    this.blocking = blocking;
    String environment = System.getenv().getOrDefault(RETRY_DELAYS_VARIABLE, "");
    this.retryDelays = RetryDelays.parse(retryDelays.isEmpty() ? environment : retryDelays);
    this.maxSubsystems = maxSubsystems;
    this.firmware = firmware;
  }

  private static String version() {
    var version = FrameworkUtil.getBundle(Target.class).getVersion();
    return version.getMajor() + "." + version.getMinor() + "." + version.getMicro();
  }

  void runBlocking(Runnable task) {
    blocking.execute(task);
  }

  RetryDelays retryDelays() {
    return retryDelays;
  }

  String firmware() {
    return firmware;
  }

  ReservationStore reservationStore() {
    return reservationStore;
  }

  Discovery discovery() {
    return discovery;
  }

  /** Called by SCR, and by whoever runs without it. */
  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  public void addTransport(Transport transport) {
    transports.add(transport);
    discoveryChanged();
  }

  public void removeTransport(Transport transport) {
    transports.remove(transport);
    discoveryChanged();
  }

  @Override
  public Subsystem share(DeviceSlot device, ShareOptions options) throws TargetException {
    String nqn = NQN_PREFIX + device.name();
    check(nqn, device, options);
    if (subsystems.containsKey(nqn)) {
      throw new TargetException(
          Kind.ALREADY_SHARED,
          "Block device " + device.name() + " was not shared: it is shared already.",
          "",
          "Use the share that exists, or end it first.");
    }
    if (subsystems.size() >= maxSubsystems) {
      throw new TargetException(
          Kind.LIMIT,
          "Block device " + device.name() + " was not shared.",
          "There are " + maxSubsystems + " subsystems, as many as this node serves.",
          "End a share first, or raise max_subsystems.");
    }
    var subsystem = serve(nqn, device, options);
    subsystems.put(nqn, subsystem);
    discoveryChanged();
    log.info("{} is shared", nqn);
    return subsystem;
  }

  private ServedSubsystem serve(String nqn, DeviceSlot device, ShareOptions options)
      throws TargetException {
    var claim = claim(device);
    try {
      return new ServedSubsystem(this, nqn, device, claim, options);
    } catch (TargetException e) {
      claim.close();
      throw e;
    }
  }

  private static DeviceSlot.Claim claim(DeviceSlot device) throws TargetException {
    try {
      return device.claim("NVMe-oF Target");
    } catch (DeviceException e) {
      throw new TargetException(Kind.DEVICE_IN_USE, e.what(), e.why(), e.remedy());
    }
  }

  /** Its share has ended; before anybody else can have the device. */
  void shareEnded(ServedSubsystem subsystem) {
    var reservations = subsystem.reservations();
    boolean isReserved = !reservations.registrants().isEmpty();
    // With whom it was reserved before does not know of this share either.
    boolean nobodyCame = !isReserved && reservations.generation() == 0;
    if (nobodyCame) return;
    var device = subsystem.device();
    synchronized (leftReserved) {
      leftReserved.removeIf(left -> left.refersTo(device) || left.refersTo(null));
      if (isReserved) leftReserved.add(new WeakReference<>(device));
    }
  }

  @Override
  public boolean wasReserved(DeviceSlot device) {
    synchronized (leftReserved) {
      return leftReserved.stream().anyMatch(left -> left.refersTo(device));
    }
  }

  @Override
  public void forgetReservations(Path kept) throws TargetException {
    reservationStore.forget(kept);
  }

  private static void check(String nqn, DeviceSlot device, ShareOptions options)
      throws TargetException {
    int min = options.minControllerId();
    int max = options.maxControllerId();
    if (min < ShareOptions.MIN_CONTROLLER_ID || max > ShareOptions.MAX_CONTROLLER_ID || min > max) {
      throw new TargetException(
          Kind.INVALID_ARGUMENT,
          "Block device " + device.name() + " was not shared.",
          "Controller ids " + min + " to " + max + " are not a range within 1 to 65519.",
          "Choose a range within 1 to 65519.");
    }
    int length = nqn.getBytes(StandardCharsets.UTF_8).length;
    if (length > ConnectData.MAX_NQN_BYTES) {
      throw new TargetException(
          Kind.INVALID_ARGUMENT,
          "Block device " + device.name() + " was not shared.",
          "Its NQN would have " + length + " bytes; NVMe allows " + ConnectData.MAX_NQN_BYTES + ".",
          "Use a device with a shorter name.");
    }
  }

  @Override
  public void unshare(Subsystem subsystem) {
    if (!(subsystem instanceof ServedSubsystem served)) return;
    for (var reactor : reactors) {
      Check.that(
          !reactor.isCurrent(),
          "%s cannot be unshared on reactor %s, whose queues it would wait for: use another thread",
          served.nqn(),
          reactor.name());
    }
    if (!subsystems.remove(served.nqn(), served)) return;
    discoveryChanged();
    try {
      served.close().get(UNSHARE_WITHIN_S, TimeUnit.SECONDS);
      log.info("{} is not shared any more", served.nqn());
    } catch (TimeoutException e) {
      log.error(
          "{} is not shared any more, but its device has not ended I/O for {} s",
          served.nqn(),
          UNSHARE_WITHIN_S);
    } catch (ExecutionException e) {
      log.error("{}: ending the share failed by a bug", served.nqn(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public List<Subsystem> subsystems() {
    return List.copyOf(subsystems.values());
  }

  @Override
  public Optional<Subsystem> find(String nqn) {
    return Optional.ofNullable(subsystems.get(nqn));
  }

  Optional<ServedSubsystem> served(String nqn) {
    return Optional.ofNullable(subsystems.get(nqn));
  }

  @Override
  public List<String> shareUris(Subsystem subsystem) {
    var uris = new ArrayList<String>();
    for (var transport : transports) {
      for (var address : transport.listening()) {
        uris.add(transport.uriScheme() + "://" + text(address) + "/" + segment(subsystem.nqn()));
      }
    }
    return uris;
  }

  /** One path segment: devices may be named after paths. */
  private static String segment(String nqn) {
    return nqn.replace("%", "%25").replace("/", "%2F").replace("?", "%3F").replace("#", "%23");
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  @Override
  public NvmeQueue accept(QueueTransport connection, Reactor reactor) {
    reactors.add(reactor);
    return new ConnectedQueue(this, connection, reactor);
  }

  @Override
  public void handOver(TransportHandover left) {
    handovers.keep(left);
  }

  @Override
  public Optional<TransportHandover> takeOver(String uriScheme) {
    return handovers.take(uriScheme);
  }

  @Override
  public void handOver(SubsystemHandover left) {
    handovers.keep(left);
  }

  @Override
  public Optional<SubsystemHandover> takeOver(String uriScheme, String nqn) {
    return handovers.take(uriScheme, nqn);
  }

  @Override
  public List<Handover> handovers() {
    return handovers.latest();
  }

  void discoveryChanged() {
    generation.incrementAndGet();
    discovery.changed();
  }

  long discoveryGeneration() {
    return generation.get();
  }

  /** What the host of a discovery controller may know of. */
  byte[] discoveryPage(Controller controller) {
    long now = generation.get();
    var entries = new ArrayList<DiscoveryLog.Entry>();
    for (var subsystem : subsystems.values()) {
      if (!subsystem.admits(controller.hostNqn())) continue;
      int port = 0;
      for (var transport : transports) {
        for (var address : transport.listening()) {
          entries.add(
              new DiscoveryLog.Entry(
                  transport.type(),
                  address,
                  port++,
                  controller.limits().adminQueueDepth(),
                  subsystem.nqn()));
        }
      }
    }
    return DiscoveryLog.page(now, entries);
  }

  @Deactivate
  public void close() {
    handovers.close();
    discovery.close();
    for (var subsystem : subsystems()) unshare(subsystem);
  }
}
