package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.linux.LinuxException;
import io.tenon.nvme.Cns;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.Feature;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.Property;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The connections to a controller, from one connecting to the loss of any of them: an admin queue and an I/O queue for each
 * lane. Made and used by code that may wait; the queues live on their reactors.
 */
final class Session implements HostQueue.Owner {
  private static final int NSID = 1;
  private static final int ADMIN_ENTRIES = 32;
  private static final long READY_POLL_MS = 5;
  private static final int SHUTDOWN_NORMAL = 1 << 14;

  /** Keep alives sent in the time that the controller waits for one, while nobody is here to send more. */
  private static final int KEEP_ALIVES_WHILE_LEFT = 2;

  /** Told that the session is over. */
  interface Owner {
    /** Any reactor; once. */
    void lost(Session session, String reason, IoStatus status);
  }

  /** A queue that is being connected, or taken over. */
  private record Opening(HostQueue queue, CompletableFuture<HostQueue> ready) {}

  /** Makes a queue, on its reactor. */
  private interface Making {
    HostQueue queue() throws SocketException, LinuxException;
  }

  private final RemoteUri uri;
  private final HostIdentity identity;
  private final InitiatorOptions options;
  private final List<Lane> lanes;
  private final Background where;
  private final Owner owner;
  private final int controllerId;
  private final long keepAliveMs;

  // Guarded by this.
  private final List<HostQueue> queues = new ArrayList<>();
  private final List<Opening> opening = new ArrayList<>();
  private boolean over;

  // Set while connecting, by the connecting thread.
  private final List<HostQueue> ioQueues = new ArrayList<>();
  private final HostQueue adminQueue;
  private final AdminClient admin;
  private final AllocationClient allocation;
  private final RemoteNamespace namespace;
  private boolean events;

  /** Connects everything, or leaves nothing behind. */
  Session(
      RemoteUri uri,
      HostIdentity identity,
      InetSocketAddress address,
      InitiatorOptions options,
      List<Lane> lanes,
      Background where,
      Owner owner)
      throws ControllerException {
    this.uri = uri;
    this.identity = identity;
    this.options = options;
    this.lanes = lanes;
    this.where = where;
    this.owner = owner;
    this.keepAliveMs = options.keepAliveMs();
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
      this.adminQueue = connect(home, address, adminParameters);
      this.admin = new AdminClient(adminQueue);
      this.allocation = new AllocationClient(adminQueue);
      this.controllerId =
          admin.connect(connectData(ConnectData.DYNAMIC_CONTROLLER), options.keepAliveMs());
      long capabilities = admin.property(Property.CAP, true);
      enable(Property.readyWithinMs(capabilities));
      this.namespace =
          new Identification(admin)
              .namespace(
                  options.queueDepth(),
                  Property.maxQueueDepth(capabilities),
                  adminQueue.maxH2cDataBytes());
      connectIoQueues(address, adminQueue.maxH2cDataBytes());
    } catch (ControllerException | RuntimeException e) {
      close("it was not connected", IoStatus.DEVICE_GONE);
      throw e;
    }
  }

  /** Goes on with the connections that another version of this bundle has left, or ends them all. */
  Session(
      RemoteUri uri,
      LeftController left,
      InitiatorOptions options,
      List<Lane> lanes,
      Background where,
      Owner owner)
      throws ControllerException {
    this.uri = uri;
    this.identity = left.identity();
    this.options = options;
    this.lanes = lanes;
    this.where = where;
    this.owner = owner;
    this.controllerId = left.id();
    this.keepAliveMs = left.keepAliveMs();
    this.events = left.events();
    try {
      var first = left.queues().getFirst();
      boolean waitsForEvent = !first.events().isEmpty();
      var event = new AdminClient.InheritedEvent();
      this.adminQueue = adopt(left, 0, options.adminTimeoutNs(), event);
      this.admin = waitsForEvent ? new AdminClient(adminQueue, event) : new AdminClient(adminQueue);
      this.allocation = new AllocationClient(adminQueue);
      for (int i = 1; i < left.queues().size(); i++) {
        ioQueues.add(adopt(left, i, options.ioTimeoutNs(), HostQueue.NOBODY));
      }
      this.namespace = left.namespace().resized(probe(left.namespace(), !waitsForEvent));
    } catch (ControllerException | RuntimeException e) {
      close("it was not taken over", IoStatus.DEVICE_GONE);
      for (var queue : left.queues()) queue.connection().close();
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

  int controllerId() {
    return controllerId;
  }

  long keepAliveMs() {
    return keepAliveMs;
  }

  boolean tellsEvents() {
    return events;
  }

  private ConnectData connectData(int controllerId) {
    return new ConnectData(identity.id(), controllerId, uri.nqn(), identity.nqn());
  }

  private HostQueue connect(Reactor reactor, InetSocketAddress address, QueueParameters parameters)
      throws ControllerException {
    var ready = new CompletableFuture<HostQueue>();
    Making making =
        () -> HostQueue.connect(reactor, address, parameters, options.connectTimeoutNs(), this);
    reactor.execute(
        () -> {
          var _ = make(making, ready);
        });
    return AdminClient.await("connecting", ready);
  }

  private HostQueue adopt(
      LeftController left, int index, long timeoutNs, HostCommand.Owner eventsTo)
      throws ControllerException {
    var queue = left.queues().get(index);
    var parameters = queue.parameters(index, timeoutNs, left.headerDigest(), left.dataDigest());
    var ready = new CompletableFuture<HostQueue>();
    queue
        .connection()
        .reactor()
        .execute(
            () ->
                make(() -> HostQueue.adopt(queue, parameters, this), ready)
                    .ifPresent(made -> made.goOn(queue, eventsTo)));
    return AdminClient.await("taking a connection over", ready);
  }

  /**
   * @return empty when {@code ready} has failed
   */
  private Optional<HostQueue> make(Making making, CompletableFuture<HostQueue> ready) {
    try {
      var queue = making.queue();
      return register(queue, ready) ? Optional.of(queue) : Optional.empty();
    } catch (SocketException e) {
      ready.completeExceptionally(
          new ControllerException(IoStatus.DEVICE_GONE, e.what() + " " + e.why()));
    } catch (LinuxException e) {
      ready.completeExceptionally(
          new ControllerException(IoStatus.IO_ERROR, "a queue was not given its memory"));
    }
    return Optional.empty();
  }

  /**
   * @return false when it came too late
   */
  private boolean register(HostQueue queue, CompletableFuture<HostQueue> ready) {
    boolean late;
    synchronized (this) {
      late = over;
      if (!late) {
        queues.add(queue);
        opening.add(new Opening(queue, ready));
      }
    }
    if (!late) return true;
    queue.close("closed meanwhile", IoStatus.ABORTED);
    ready.completeExceptionally(new ControllerException(IoStatus.ABORTED, "closed meanwhile"));
    return false;
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

  /**
   * Leaves the connections to a successor as soon as nothing is under way on them. Who waits for an event hears that the connection was
   * lost.
   *
   * @return the admin queue's, then those for I/O; empty when not all could be left, and so all have ended
   */
  Optional<List<LeftQueue>> leave() {
    synchronized (this) {
      if (over) return Optional.empty();
      over = true;
    }
    long everyNs = TimeUnit.MILLISECONDS.toNanos(keepAliveMs) / KEEP_ALIVES_WHILE_LEFT;
    var leaving = new ArrayList<CompletableFuture<Optional<LeftQueue>>>();
    leaving.add(adminQueue.leave(everyNs));
    for (HostQueue queue : ioQueues) leaving.add(queue.leave(0));
    var left = new ArrayList<LeftQueue>();
    for (var one : leaving) one.join().ifPresent(left::add);
    if (left.size() == leaving.size()) return Optional.of(left);
    for (LeftQueue one : left) one.connection().close();
    return Optional.empty();
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

  /** As {@link Identification#geometry}. */
  Geometry geometry() throws ControllerException {
    return new Identification(admin).geometry();
  }

  /**
   * Whether the controller still answers on each connection that was taken over, whatever it says to a read.
   *
   * @param readsLog nobody may have looked at what the last event was about
   * @return what the namespace is like now
   */
  private Geometry probe(RemoteNamespace before, boolean readsLog) throws ControllerException {
    int blockBytes = before.geometry().blockBytes();
    var reads = new ArrayList<AdminClient.Call<Long>>();
    for (var queue : ioQueues) reads.add(new AdminClient(queue).readAnything(NSID, blockBytes));
    if (keepAliveMs > 0) admin.keepAlive();
    if (events && readsLog) admin.readLog(LogPage.CHANGED_NAMESPACES);
    Geometry now = geometry();
    if (now.blockBytes() != blockBytes) {
      throw new ControllerException(IoStatus.DEVICE_GONE, "its block size has changed");
    }
    for (var read : reads) AdminClient.awaitAnswer("a first read", read);
    return now;
  }

  private void connectIoQueues(InetSocketAddress address, int maxH2cDataBytes)
      throws ControllerException {
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
      HostQueue queue = connect(lanes.get(i).reactor(), address, parameters);
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
    if (events) return true; // asked by our predecessor
    try {
      long _ = admin.setFeature(Feature.ASYNC_EVENTS, IdentifyController.EVENT_NAMESPACE);
      events = true;
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
