package io.tenon.nvme.internal;

import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.block.ReservationStatus;
import io.tenon.block.Snapshots;
import io.tenon.linux.Memory;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.Cns;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.IdentifyNamespace;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.ControllerInfo;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.TargetException;
import io.tenon.nvme.internal.reservation.ReservationCommand;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.IntConsumer;

/** A shared device: one subsystem with namespace 1. Any thread; I/O queues are told by message. */
final class ServedSubsystem
    implements Subsystem, ControllerHome, DeviceListener, LbaStatusReports.Place {
  private static final int ANA_PAGE_BYTES = 52;
  private static final int ANA_GROUP = 1;

  /** RGO. */
  private static final int ANA_GROUPS_ONLY = 1;

  private static final int READY = 1;

  private final Target target;
  private final String nqn;
  private final DeviceSlot device;
  private final DeviceSlot.Claim claim;
  private final String serial;
  private final Map<Integer, Controller> controllers = new ConcurrentSkipListMap<>();
  private final NamespaceReservations reservations;
  private final Set<IoQueue> queues = new CopyOnWriteArraySet<>();
  private final CompletableFuture<Void> empty = new CompletableFuture<>();
  private volatile ShareOptions options;
  private volatile AnaState anaState = AnaState.OPTIMIZED;
  private volatile long anaChanges;
  private volatile boolean paused;
  private volatile boolean closing;

  // Under the lock of this.
  private final BitSet takenIds = new BitSet();
  private int nextId;
  private int pauses;
  private CompletableFuture<Void> draining = CompletableFuture.completedFuture(null);

  ServedSubsystem(
      Target target, String nqn, DeviceSlot device, DeviceSlot.Claim claim, ShareOptions options)
      throws TargetException {
    this.target = target;
    this.nqn = nqn;
    this.device = device;
    this.claim = claim;
    this.options = options;
    this.serial = Serial.of(device.uuid());
    this.nextId = options.minControllerId();
    this.reservations = new NamespaceReservations(this, target.reservationStore(), options);
    device.addListener(this);
  }

  @Override
  public String nqn() {
    return nqn;
  }

  @Override
  public DeviceSlot device() {
    return device;
  }

  int blockBytes() {
    return device.geometry().blockBytes();
  }

  @Override
  public String serial() {
    return serial;
  }

  @Override
  public UUID namespaceUuid() {
    return device.uuid();
  }

  @Override
  public ShareOptions options() {
    return options;
  }

  /**
   * @param delayed the host waits as long as a status tells it
   */
  int hostStatus(IoStatus status, boolean delayed) {
    var delays = target.retryDelays();
    return delayed ? delays.status(status, options.origin()) : RetryDelays.plain(status);
  }

  // Hosts.

  @Override
  public boolean admits(String hostNqn) {
    var allowed = options.hosts();
    return !closing && (allowed.isEmpty() || allowed.contains(hostNqn));
  }

  @Override
  public synchronized void hosts(Set<String> nqns) {
    var before = options;
    options = before.withHosts(nqns);
    target.discoveryChanged();
    if (nqns.isEmpty()) return;
    var removed = new LinkedHashSet<>(before.hosts());
    removed.removeAll(nqns);
    for (var controller : controllers.values()) {
      if (removed.contains(controller.hostNqn())) {
        controller.disconnect("its host is not allowed any more");
      }
    }
  }

  // Controllers.

  Optional<Controller> controller(int id) {
    return Optional.ofNullable(controllers.get(id));
  }

  @Override
  public boolean hasLateIo(String hostNqn, UUID hostId) {
    for (var queue : queues) if (queue.isLate() && queue.isOf(hostNqn, hostId)) return true;
    return false;
  }

  @Override
  public synchronized OptionalInt takeControllerId() {
    int first = options.minControllerId();
    int count = options.maxControllerId() - first + 1;
    for (int i = 0; i < count; i++) {
      int id = first + (nextId - first + i) % count;
      if (takenIds.get(id)) continue;
      takenIds.set(id);
      nextId = id + 1;
      return OptionalInt.of(id);
    }
    return OptionalInt.empty();
  }

  @Override
  public void entered(Controller controller) {
    controllers.put(controller.id(), controller);
    if (closing) controller.disconnect("the subsystem is removed");
  }

  @Override
  public void left(Controller controller) {
    controllers.remove(controller.id());
    synchronized (this) {
      takenIds.clear(controller.id());
    }
    completeIfEmpty();
  }

  void entered(IoQueue queue) {
    queues.add(queue);
  }

  void left(IoQueue queue) {
    queues.remove(queue);
    completeIfEmpty();
  }

  private void completeIfEmpty() {
    if (closing && controllers.isEmpty() && queues.isEmpty()) empty.complete(null);
  }

  /**
   * What it had acknowledged and not made durable may be gone when it is back. A host that does I/O sees that fail; one that has been idle
   * meanwhile must learn it too, and loses its connection.
   */
  @Override
  public void lost(String reason) {
    disconnectAll("its device is lost: " + reason);
  }

  /** As {@link #lost}: somebody else's target may have been restarted behind this one. */
  @Override
  public void interrupted(IoStatus how, String reason) {
    disconnectAll("the way to its device broke: " + reason);
  }

  private void disconnectAll(String why) {
    for (var controller : controllers.values()) controller.disconnect(why);
  }

  /** Ends all associations; completes when the device is not used any more. */
  CompletableFuture<Void> close() {
    closing = true;
    disconnectAll("the subsystem is removed");
    synchronized (this) {
      pauses = 0;
      paused = false;
    }
    for (var queue : queues) queue.tell(queue::resume);
    completeIfEmpty();
    return empty.thenRun(
        () -> {
          device.removeListener(this);
          target.shareEnded(this);
          claim.close();
        });
  }

  @Override
  public List<ControllerInfo> controllers() {
    return controllers.values().stream()
        .map(Controller::info)
        .sorted(Comparator.comparingInt(ControllerInfo::id))
        .toList();
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return device.snapshots();
  }

  @Override
  public Optional<LbaStatusReports.Place> place() {
    return Optional.of(this);
  }

  @Override
  public int refusal(UUID host) {
    return LbaStatusReports.refusal(
        anaState != AnaState.INACCESSIBLE, reservations.forbidden(host));
  }

  @Override
  public void runBlocking(Runnable task) {
    target.runBlocking(task);
  }

  @Override
  public boolean hasIo() {
    return true;
  }

  // Reservations.

  NamespaceReservations namespaceReservations() {
    return reservations;
  }

  Collection<IoQueue> ioQueues() {
    return queues;
  }

  Collection<Controller> associated() {
    return controllers.values();
  }

  @Override
  public ReservationStatus reservations() {
    return reservations.status();
  }

  @Override
  public boolean keepsReservations() {
    return reservations.persists();
  }

  @Override
  public void keepReservations(boolean keeps, UUID host, IntConsumer answer) {
    reservations.change(host, new ReservationCommand.Persist(keeps), answer);
  }

  // What hosts read.

  @Override
  public IdentifyController.Description describe(Controller controller) {
    return new IdentifyController.Description(
        serial,
        Target.MODEL,
        target.firmware(),
        nqn,
        controller.id(),
        Controller.VERSION,
        false,
        options.ana(),
        target.retryDelays().units(),
        controller.limits());
  }

  @Override
  public int identify(int cns, long nsid, long address) {
    boolean active = nsid == IoQueue.NAMESPACE;
    switch (cns) {
      case Cns.ACTIVE_NAMESPACES -> {
        if (nsid >= IoQueue.ALL_NAMESPACES - 1) return invalidNamespace();
        if (nsid < IoQueue.NAMESPACE) Memory.putInt(address, IoQueue.NAMESPACE);
        return NvmeStatus.SUCCESS;
      }
      case Cns.NAMESPACE -> {
        if (!active) return invalidNamespace();
        IdentifyNamespace.write(
            address,
            device.geometry(),
            device.uuid(),
            options.ana() ? ANA_GROUP : 0,
            reservations.canPersist());
      }
      case Cns.NAMESPACE_DESCRIPTORS -> {
        if (!active) return invalidNamespace();
        IdentifyNamespace.writeDescriptors(address, device.uuid());
      }
      case Cns.INDEPENDENT_NAMESPACE -> {
        if (!active) return invalidNamespace();
        Memory.putByte(address + 1, 1); // NMIC: may be shared
        Memory.putByte(address + 2, IdentifyNamespace.reservations(reservations.canPersist()));
        Memory.putInt(address + 4, options.ana() ? ANA_GROUP : 0);
        Memory.putByte(address + 14, READY);
      }
      default -> {
        if (!active) return invalidNamespace();
      }
    }
    return NvmeStatus.SUCCESS;
  }

  private static int invalidNamespace() {
    return NvmeStatus.INVALID_NAMESPACE | NvmeStatus.DO_NOT_RETRY;
  }

  @Override
  public long logGeneration(int id) {
    return anaChanges;
  }

  /** Asymmetric Namespace Access, Base 2.0c §5.16.1.13: one group. RGO leaves its namespaces out. */
  @Override
  public byte[] logPage(int id, int specific, Controller controller) {
    if (id != LogPage.ANA) return new byte[0];
    boolean groupsOnly = (specific & ANA_GROUPS_ONLY) != 0;
    var page =
        ByteBuffer.allocate(groupsOnly ? ANA_PAGE_BYTES - Integer.BYTES : ANA_PAGE_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(0, anaChanges)
            .putShort(8, (short) 1)
            .putInt(16, ANA_GROUP)
            .putInt(20, groupsOnly ? 0 : 1)
            .putLong(24, anaChanges)
            .put(32, (byte) anaState.code());
    if (!groupsOnly) page.putInt(48, IoQueue.NAMESPACE);
    return page.array();
  }

  @Override
  public AnaState anaState() {
    return anaState;
  }

  @Override
  public synchronized void anaState(AnaState state) {
    anaState = state;
    anaChanges = anaChanges + 1;
    boolean accessible = state != AnaState.INACCESSIBLE;
    for (var queue : queues) queue.tell(() -> queue.accessible(accessible));
    for (var controller : controllers.values()) {
      controller.notice(AsyncEvents.Notice.ANA_CHANGED);
    }
  }

  @Override
  public void resized(Geometry now) {
    for (var queue : queues) queue.tell(() -> queue.geometry(now));
    for (var controller : controllers.values()) {
      controller.notice(AsyncEvents.Notice.NAMESPACE_CHANGED);
    }
  }

  // Pause.

  boolean isPaused() {
    return paused;
  }

  @Override
  public synchronized CompletionStage<Void> pause() {
    if (++pauses > 1) return draining;
    paused = true;
    var all =
        queues.stream()
            .map(
                queue -> {
                  var drained = new CompletableFuture<Void>();
                  queue.tell(() -> queue.pause(drained));
                  return drained;
                })
            .toArray(CompletableFuture<?>[]::new);
    draining = CompletableFuture.allOf(all);
    return draining;
  }

  @Override
  public synchronized void resume() {
    if (pauses == 0 || --pauses > 0) return;
    paused = false;
    for (var queue : queues) queue.tell(queue::resume);
  }
}
