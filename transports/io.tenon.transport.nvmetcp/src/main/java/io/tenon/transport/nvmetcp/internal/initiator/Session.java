package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Memory;
import io.tenon.nvme.Cns;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.Feature;
import io.tenon.nvme.IdentifyCommandSet;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.IdentifyNamespace;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.Property;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The connections to a controller, from one connecting to the loss of any of them: an admin queue and an I/O queue for each
 * lane. Made and used by code that may wait; the queues live on their reactors.
 */
final class Session implements HostQueue.Owner {
  private static final int NSID = 1;
  private static final UUID NO_UUID = new UUID(0, 0);
  private static final int ADMIN_ENTRIES = 32;
  private static final int MAX_TRANSFER_BYTES = 1 << 20;
  private static final int MIN_BLOCK_SHIFT = 9;
  private static final int MAX_BLOCK_SHIFT = 16;
  private static final long READY_POLL_MS = 5;
  private static final int SHUTDOWN_NORMAL = 1 << 14;

  /** Told that the session is over. */
  interface Owner {
    /** Any reactor; once. */
    void lost(Session session, String reason, IoStatus status);
  }

  /** A queue that is being connected. */
  private record Opening(HostQueue queue, CompletableFuture<HostQueue> ready) {}

  private final RemoteUri uri;
  private final InetSocketAddress address;
  private final InitiatorOptions options;
  private final List<Lane> lanes;
  private final Background where;
  private final Owner owner;

  // Guarded by this.
  private final List<HostQueue> queues = new ArrayList<>();
  private final List<Opening> opening = new ArrayList<>();
  private boolean over;

  // Set while connecting, by the connecting thread.
  private final List<HostQueue> ioQueues = new ArrayList<>();
  private final AdminClient admin;
  private final AllocationClient allocation;
  private final RemoteNamespace namespace;

  /** Connects everything, or leaves nothing behind. */
  Session(
      RemoteUri uri,
      InetSocketAddress address,
      InitiatorOptions options,
      List<Lane> lanes,
      Background where,
      Owner owner)
      throws ControllerException {
    this.uri = uri;
    this.address = address;
    this.options = options;
    this.lanes = lanes;
    this.where = where;
    this.owner = owner;
    try {
      Reactor home = lanes.get(Math.floorMod(uri.name().hashCode(), lanes.size())).reactor();
      var adminParameters =
          new QueueParameters(
              0,
              ADMIN_ENTRIES,
              HostQueue.FABRICS_CAPSULE_BYTES,
              Cns.LENGTH_BYTES,
              options.adminTimeoutNs(),
              uri.headerDigest(),
              uri.dataDigest());
      HostQueue adminQueue = connect(home, adminParameters);
      this.admin = new AdminClient(adminQueue);
      this.allocation = new AllocationClient(adminQueue);
      int controllerId =
          admin.connect(connectData(ConnectData.DYNAMIC_CONTROLLER), options.keepAliveMs());
      long capabilities = admin.property(Property.CAP, true);
      enable(Property.readyWithinMs(capabilities));
      this.namespace = identify(Property.maxQueueDepth(capabilities), adminQueue.maxH2cDataBytes());
      connectIoQueues(controllerId, adminQueue.maxH2cDataBytes());
    } catch (ControllerException | RuntimeException e) {
      close("it was not connected", IoStatus.DEVICE_GONE);
      throw e;
    }
  }

  AdminClient admin() {
    return admin;
  }

  AllocationClient allocation() {
    return allocation;
  }

  RemoteNamespace namespace() {
    return namespace;
  }

  private UUID hostId() {
    return uri.hostId().orElse(options.hostId());
  }

  private ConnectData connectData(int controllerId) {
    String hostNqn = uri.hostNqn().orElse(options.hostNqn());
    return new ConnectData(hostId(), controllerId, uri.nqn(), hostNqn);
  }

  private HostQueue connect(Reactor reactor, QueueParameters parameters)
      throws ControllerException {
    var ready = new CompletableFuture<HostQueue>();
    reactor.execute(
        () -> {
          try {
            var queue =
                new HostQueue(reactor, address, parameters, options.connectTimeoutNs(), this);
            register(queue, ready);
          } catch (SocketException e) {
            ready.completeExceptionally(
                new ControllerException(IoStatus.DEVICE_GONE, e.what() + " " + e.why()));
          } catch (LinuxException e) {
            ready.completeExceptionally(
                new ControllerException(IoStatus.IO_ERROR, "a queue was not given its memory"));
          }
        });
    return AdminClient.await("connecting", ready);
  }

  private void register(HostQueue queue, CompletableFuture<HostQueue> ready) {
    boolean late;
    synchronized (this) {
      late = over;
      if (!late) {
        queues.add(queue);
        opening.add(new Opening(queue, ready));
      }
    }
    if (!late) return;
    queue.close("closed meanwhile", IoStatus.ABORTED);
    ready.completeExceptionally(new ControllerException(IoStatus.ABORTED, "closed meanwhile"));
  }

  private synchronized CompletableFuture<HostQueue> openingOf(HostQueue queue) {
    for (var candidate : opening) {
      if (candidate.queue == queue) {
        opening.remove(candidate);
        return candidate.ready;
      }
    }
    return CompletableFuture.completedFuture(queue);
  }

  @Override
  public void ready(HostQueue queue) {
    openingOf(queue).complete(queue);
  }

  @Override
  public void down(HostQueue queue, String reason, IoStatus status) {
    for (Lane lane : lanes) {
      if (lane.reactor().equals(queue.reactor())) lane.lost(queue, status);
    }
    openingOf(queue).completeExceptionally(new ControllerException(status, reason));
    if (close(reason, status)) owner.lost(this, reason, status);
  }

  /**
   * Ends all queues.
   *
   * @return false when that was done before
   */
  boolean close(String reason, IoStatus status) {
    List<HostQueue> all;
    synchronized (this) {
      if (over) return false;
      over = true;
      all = List.copyOf(queues);
    }
    for (HostQueue queue : all) queue.reactor().execute(() -> queue.close(reason, status));
    return true;
  }

  synchronized boolean isOver() {
    return over;
  }

  /** Tells the controller that we leave; not being able to is as good. */
  void shutdown() throws ControllerException {
    admin.property(Property.CC, Property.CC_ENABLE | Property.CC_ENTRY_SIZES | SHUTDOWN_NORMAL);
  }

  private void enable(int withinMs) throws ControllerException {
    admin.property(Property.CC, Property.CC_ENABLE | Property.CC_ENTRY_SIZES);
    long deadlineNs =
        where.nowNs() + TimeUnit.MILLISECONDS.toNanos(Math.max(READY_POLL_MS, withinMs));
    while (true) {
      long status = admin.property(Property.CSTS, false);
      if ((status & Property.CSTS_FATAL) != 0) {
        throw new ControllerException(IoStatus.IO_ERROR, "the controller reports a fatal status");
      }
      if ((status & Property.CSTS_READY) != 0) return;
      if (where.nowNs() - deadlineNs > 0) {
        throw new ControllerException(
            IoStatus.TIMED_OUT, "the controller is not ready after " + withinMs + " ms");
      }
      pause();
    }
  }

  private void pause() throws ControllerException {
    try {
      where.sleep(READY_POLL_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ControllerException(IoStatus.ABORTED, "interrupted");
    }
  }

  /** What Identify Controller says that is of use here. */
  private record Abilities(
      int maxTransferBytes,
      long capsuleBytes,
      int maxCommands,
      boolean compares,
      boolean unmaps,
      boolean writesZeroes,
      boolean hasCache,
      boolean reserves,
      boolean hasLbaStatus) {
    static Abilities read(long at) {
      return new Abilities(
          IdentifyController.maxTransferBytes(at),
          IdentifyController.inCapsuleBytes(at),
          IdentifyController.maxCommands(at),
          IdentifyController.hasCompare(at),
          IdentifyController.hasDatasetManagement(at),
          IdentifyController.hasWriteZeroes(at),
          IdentifyController.hasVolatileCache(at),
          IdentifyController.hasReservations(at),
          IdentifyController.hasLbaStatus(at));
    }
  }

  private RemoteNamespace identify(int maxEntries, int maxH2cDataBytes) throws ControllerException {
    Abilities abilities = admin.identify(Cns.CONTROLLER, 0, Abilities::read);
    Geometry geometry = geometry();
    int entries = Math.min(options.queueDepth(), maxEntries);
    if (abilities.maxCommands > 1) entries = Math.min(entries, abilities.maxCommands);
    if (entries < 2) {
      throw new ControllerException(IoStatus.IO_ERROR, "its queues have one entry only");
    }
    long mostPerR2t = (long) QueueParameters.MAX_DATA_PDUS * maxH2cDataBytes;
    long transfer = Math.min(Math.min(abilities.maxTransferBytes, mostPerR2t), MAX_TRANSFER_BYTES);
    if (transfer < geometry.blockBytes()) {
      throw new ControllerException(IoStatus.IO_ERROR, "it transfers less than a block");
    }
    return new RemoteNamespace(
        identity(),
        geometry,
        entries,
        (int) transfer & -geometry.blockBytes(),
        (int) Math.min(abilities.capsuleBytes, HostQueue.FABRICS_CAPSULE_BYTES),
        abilities.compares,
        abilities.unmaps,
        abilities.writesZeroes,
        abilities.hasCache,
        abilities.reserves,
        abilities.hasLbaStatus && returnsAllocated());
  }

  /** Others than ours know Get LBA Status for blocks that have become unreadable only. */
  private boolean returnsAllocated() throws ControllerException {
    return admin
        .identifyIfKnown(Cns.COMMAND_SET_CONTROLLER, 0, IdentifyCommandSet::returnsAllocated)
        .orElse(false);
  }

  /**
   * Shape of namespace 1, now.
   *
   * @throws ControllerException with DEVICE_GONE when it is not there
   */
  Geometry geometry() throws ControllerException {
    long[] found =
        admin.identify(
            Cns.NAMESPACE,
            NSID,
            at -> new long[] {IdentifyNamespace.blocks(at), IdentifyNamespace.blockShift(at)});
    boolean active = admin.identify(Cns.ACTIVE_NAMESPACES, 0, at -> Memory.getInt(at) == NSID);
    long blocks = found[0];
    int shift = (int) found[1];
    if (!active || blocks == 0) {
      throw new ControllerException(IoStatus.DEVICE_GONE, "it has no namespace 1");
    }
    if (shift < MIN_BLOCK_SHIFT || shift > MAX_BLOCK_SHIFT) {
      throw new ControllerException(IoStatus.UNSUPPORTED, "its blocks have 2^" + shift + " bytes");
    }
    if (blocks < 0 || blocks > Long.MAX_VALUE >>> shift) {
      throw new ControllerException(
          IoStatus.UNSUPPORTED, "it says to have " + Long.toUnsignedString(blocks) + " blocks");
    }
    return new Geometry(1 << shift, blocks);
  }

  private UUID identity() throws ControllerException {
    var described =
        admin.identifyIfKnown(Cns.NAMESPACE_DESCRIPTORS, NSID, IdentifyNamespace::identity);
    if (described.isPresent() && !described.get().equals(NO_UUID)) return described.get();
    return admin.identify(Cns.NAMESPACE, NSID, IdentifyNamespace::nguid);
  }

  private void connectIoQueues(int controllerId, int maxH2cDataBytes) throws ControllerException {
    int granted = admin.requestQueues(lanes.size());
    if (granted < lanes.size()) {
      throw new ControllerException(
          IoStatus.UNSUPPORTED,
          "it grants %d I/O queues, and this node has %d reactors"
              .formatted(granted, lanes.size()));
    }
    for (int i = 0; i < lanes.size(); i++) {
      var parameters =
          new QueueParameters(
              i + 1,
              namespace.queueEntries(),
              namespace.capsuleBytes(),
              namespace.maxTransferBytes(),
              options.ioTimeoutNs(),
              uri.headerDigest(),
              uri.dataDigest());
      HostQueue queue = connect(lanes.get(i).reactor(), parameters);
      if (queue.maxH2cDataBytes() < maxH2cDataBytes) {
        throw new ControllerException(
            IoStatus.UNSUPPORTED, "its queues differ in how much data they take");
      }
      new AdminClient(queue).connect(connectData(controllerId), 0);
      ioQueues.add(queue);
    }
  }

  ReservationClient reservations() {
    return new ReservationClient(
        new AdminClient(ioQueues.getFirst()), namespace.maxTransferBytes());
  }

  /** Lets the lanes use the I/O queues. */
  void openLanes() {
    for (int i = 0; i < lanes.size(); i++) {
      Lane lane = lanes.get(i);
      HostQueue queue = ioQueues.get(i);
      lane.reactor().execute(() -> lane.open(queue, namespace.geometry()));
    }
  }

  /** Asks to be told when the namespace changes; a controller that cannot is used without. */
  boolean requestEvents() throws ControllerException {
    try {
      long _ = admin.setFeature(Feature.ASYNC_EVENTS, IdentifyController.EVENT_NAMESPACE);
      return true;
    } catch (ControllerException e) {
      if (e.nvmeStatus() == 0) throw e;
      return false;
    }
  }

  /** Waits for an event and reads the log that belongs to it. */
  void awaitEvent() throws ControllerException {
    long event = admin.nextEvent();
    int page = (int) (event >>> 16) & 0xFF;
    admin.readLog(page == 0 ? LogPage.CHANGED_NAMESPACES : page);
  }
}
