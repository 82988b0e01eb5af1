package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.AllocationQuery;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.nvme.InitiatorControllers.State;
import io.tenon.reactor.Reactor;
import io.tenon.transport.nvmetcp.internal.initiator.LeftValues.Unreadable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A controller of another node. Keeps one {@link Session} up: when any of its connections breaks, all I/O fails (or is held,
 * if configured) and a new session is tried, with growing pauses, until it stands or the time to give up has come.
 *
 * <pre>
 * New ─► Initializing ─► Running ─► Unconfiguring ─► Unconfigured
 *             └──► Faulted ◄──┘ │        ▲   │
 *                    │ └─► Running       │   └─► Faulted
 *                    └───────────────────┘
 * </pre>
 *
 * <p>Any thread; what waits runs on virtual threads.
 */
final class RemoteController implements Session.Owner {
  private static final Logger log = LoggerFactory.getLogger(RemoteController.class);
  private static final UUID NO_UUID = new UUID(0, 0);

  /** Keep alives sent in the time that the controller waits for one. */
  private static final int KEEP_ALIVES = 3;

  private final RemoteUri uri;
  private final InitiatorOptions options;
  private final Background where;
  private final List<Lane> lanes;

  // Guarded by this.
  private State state = State.NEW;
  private @Nullable Session session;
  private @Nullable Thread background;

  /** Set before anybody has it. */
  private HostIdentity identity;

  /** How the connections broke while they were left to us; told to the first who listens. */
  private volatile @Nullable ControllerException brokeMeanwhile;

  private final AtomicLong reconnects = new AtomicLong();

  private volatile DeviceListener listener = new DeviceListener() {};
  private volatile @Nullable RemoteNamespace namespace;
  private volatile UUID uuid = NO_UUID;

  private RemoteController(
      RemoteUri uri, InitiatorOptions options, List<Reactor> reactors, Background where) {
    this.uri = uri;
    this.options = options;
    this.where = where;
    this.lanes = reactors.stream().map(reactor -> new Lane(reactor, options.holdNs())).toList();
    this.identity = HostIdentity.of(uri, options);
  }

  /** Connects; may take as long as the time-outs allow. */
  static RemoteController open(
      RemoteUri uri, InitiatorOptions options, List<Reactor> reactors, Background where)
      throws DeviceException {
    var controller = new RemoteController(uri, options, reactors, where);
    controller.open();
    return controller;
  }

  /** Goes on with what another version of this bundle has left, or connects anew when that cannot be. */
  static RemoteController adopt(
      RemoteUri uri,
      Handover left,
      InitiatorOptions options,
      List<Reactor> reactors,
      Background where)
      throws DeviceException {
    var controller = new RemoteController(uri, options, reactors, where);
    controller.takeOver(left);
    return controller;
  }

  private void open() throws DeviceException {
    become(State.INITIALIZING, "it was asked for");
    orElseClosed(() -> start(connect()));
  }

  /** What is left of connections that are not understood stands until there are new ones: if there are none, it is for another to take. */
  private void takeOver(Handover left) throws DeviceException {
    become(State.INITIALIZING, "it was left by another version of this bundle");
    reconnects.set(LeftController.reconnects(left));
    String why;
    try {
      var read = LeftController.of(left, uri.name(), lanes.stream().map(Lane::reactor).toList());
      identity = read.identity();
      uuid = read.uuid();
      lanes.getFirst().countOn(read.counters());
      goOn(read);
      return;
    } catch (Unreadable e) {
      why = String.valueOf(e.getMessage());
    } catch (ControllerException e) {
      why = e.why();
      brokeMeanwhile = e;
    }
    log.warn(
        "controller {}: connects anew, for its connections are not taken over: {}", name(), why);
    reconnects.incrementAndGet();
    orElseClosed(() -> start(connect()));
    if (!LeftController.standsStill(left) && brokeMeanwhile == null) {
      brokeMeanwhile = new ControllerException(IoStatus.DEVICE_GONE, "it broke meanwhile");
    }
    left.close();
  }

  private void goOn(LeftController left) throws ControllerException, DeviceException {
    var session = new Session(uri, left, options, lanes, where, this);
    orElseClosed(() -> start(session));
    log.info(
        "controller {}: {} connections of controller {} are taken over",
        name(),
        left.queues().size(),
        left.id());
  }

  private interface Step {
    void run() throws ControllerException, DeviceException;
  }

  private void orElseClosed(Step step) throws DeviceException {
    try {
      step.run();
    } catch (ControllerException e) {
      become(State.FAULTED, e.why());
      close();
      throw e.refusal(deviceName(), name());
    } catch (DeviceException e) {
      become(State.FAULTED, e.why());
      close();
      throw e;
    }
  }

  static boolean isLegal(State from, State to) {
    return switch (from) {
      case NEW -> to == State.INITIALIZING;
      case INITIALIZING -> to == State.RUNNING || to == State.FAULTED;
      case RUNNING -> to == State.UNCONFIGURING || to == State.FAULTED;
      case FAULTED -> to == State.RUNNING || to == State.UNCONFIGURING || to == State.FAULTED;
      case UNCONFIGURING -> to == State.UNCONFIGURED || to == State.FAULTED;
      case UNCONFIGURED -> false;
    };
  }

  private synchronized void become(State next, String reason) {
    Check.that(isLegal(state, next), "controller %s: %s -> %s (%s)", name(), state, next, reason);
    log.info("controller {}: {} -> {}: {}", name(), state, next, reason);
    state = next;
  }

  String name() {
    return uri.controller();
  }

  String deviceName() {
    return uri.name();
  }

  UUID uuid() {
    return uuid;
  }

  synchronized State state() {
    return state;
  }

  List<Lane> lanes() {
    return lanes;
  }

  /** Of the last session that stood. */
  RemoteNamespace namespace() {
    var known = namespace;
    if (known == null) throw Check.bug("controller %s was never connected", name());
    return known;
  }

  void listener(DeviceListener to) {
    listener = to;
    var broke = brokeMeanwhile;
    if (broke == null) return;
    brokeMeanwhile = null;
    to.interrupted(interruption(broke.status()), broke.why());
    to.returned();
  }

  private static IoStatus interruption(IoStatus status) {
    return status == IoStatus.TIMED_OUT ? IoStatus.TIMED_OUT : IoStatus.DEVICE_GONE;
  }

  /** By which the controller knows this node. */
  UUID hostId() {
    return identity.id();
  }

  /** How often it was connected after it had been connected. */
  long reconnects() {
    return reconnects.get();
  }

  /** The one that stands. */
  synchronized Session session() throws ControllerException {
    var standing = session;
    if (standing == null) {
      throw new ControllerException(IoStatus.DEVICE_GONE, "it is not connected");
    }
    return standing;
  }

  /** {@link io.tenon.block.IoChannel#ask}, on {@code asker}. */
  void look(AllocationQuery query, Reactor asker) {
    Session standing;
    synchronized (this) {
      standing = session;
    }
    if (standing != null && standing.namespace().reportsAllocation()) {
      standing.allocation().ask(query, asker);
    } else {
      query.answerUnknown();
    }
  }

  private Session connect() throws ControllerException {
    InetAddress address;
    try {
      address = InetAddress.getByName(uri.host());
    } catch (UnknownHostException e) {
      throw new ControllerException(IoStatus.DEVICE_GONE, "its host is not known");
    }
    return new Session(
        uri, identity, new InetSocketAddress(address, uri.port()), options, lanes, where, this);
  }

  /** A session that stands becomes the one in use. */
  private void start(Session with) throws DeviceException, ControllerException {
    RemoteNamespace found = with.namespace();
    try {
      checkIdentity(found);
    } catch (DeviceException e) {
      with.close("it is another device", IoStatus.DEVICE_GONE);
      throw e;
    }
    RemoteNamespace before = namespace;
    boolean events;
    try {
      events = with.requestEvents();
    } catch (ControllerException e) {
      // As when this controller is closed meanwhile, and who connects it is interrupted.
      with.close("it was not asked for events", e.status());
      throw e;
    }
    synchronized (this) {
      if (state == State.UNCONFIGURING || state == State.UNCONFIGURED) {
        with.close("closed meanwhile", IoStatus.ABORTED);
        return;
      }
      session = with;
      namespace = found;
      become(State.RUNNING, "connected to " + found.uuid());
      // Within the lock: whoever is told of the next loss has been told of this return.
      if (before != null) listener.returned();
    }
    if (with.isOver()) {
      // It broke before it was ours to lose.
      lost(with, "a connection was lost at once", IoStatus.DEVICE_GONE);
      return;
    }
    with.openLanes();
    where.thread("keep-alive " + name(), () -> keepAlive(with)).start();
    if (events) where.thread("events " + name(), () -> watch(with)).start();
    if (before != null && !before.geometry().equals(found.geometry())) {
      listener.resized(found.geometry());
    }
  }

  private void checkIdentity(RemoteNamespace found) throws DeviceException {
    UUID expected = uuid.equals(NO_UUID) ? uri.uuid().orElse(NO_UUID) : uuid;
    UUID told = found.uuid().equals(NO_UUID) ? expected : found.uuid();
    if (told.equals(NO_UUID)) {
      // Neither side knows: at least the same for the same place.
      told = UUID.nameUUIDFromBytes(uri.name().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    if (!expected.equals(NO_UUID) && !told.equals(expected)) {
      throw mismatch("Its namespace 1 has uuid " + told + ", expected was " + expected + ".");
    }
    RemoteNamespace before = namespace;
    if (before != null && before.geometry().blockBytes() != found.geometry().blockBytes()) {
      throw mismatch(
          "Its blocks have %d bytes, and had %d."
              .formatted(found.geometry().blockBytes(), before.geometry().blockBytes()));
    }
    uuid = told;
  }

  private DeviceException mismatch(String why) {
    return new DeviceException(
        Kind.MISMATCH,
        "Block device " + deviceName() + " was not opened.",
        why,
        "Correct the uuid of the URI, or the address.");
  }

  // While a session stands.

  private synchronized boolean isCurrent(Session which) {
    return session == which;
  }

  private void keepAlive(Session with) {
    long withinMs = with.keepAliveMs();
    if (withinMs == 0) return;
    try {
      while (isCurrent(with)) {
        where.sleep(Math.max(1, withinMs / KEEP_ALIVES));
        if (isCurrent(with)) with.admin().keepAlive();
      }
    } catch (ControllerException e) {
      drop(with, e);
    } catch (InterruptedException e) {
      throw Check.bug("nobody interrupts a keep-alive");
    }
  }

  private void watch(Session with) {
    try {
      while (isCurrent(with)) {
        with.awaitEvent();
        refresh(with);
      }
    } catch (ControllerException e) {
      drop(with, e);
    }
  }

  /** The namespace has changed, or may have. */
  private void refresh(Session with) throws ControllerException {
    Geometry now = with.geometry();
    var before = namespace();
    if (before.geometry().equals(now)) return;
    if (before.geometry().blockBytes() != now.blockBytes()) {
      throw new ControllerException(IoStatus.DEVICE_GONE, "its block size has changed");
    }
    log.info("controller {}: namespace 1 has {} blocks now", name(), now.blockCount());
    namespace = before.resized(now);
    for (Lane lane : lanes) lane.reactor().execute(() -> lane.resize(now));
    listener.resized(now);
  }

  private void drop(Session with, ControllerException e) {
    if (with.close(e.why(), e.status())) lost(with, e.why(), e.status());
  }

  @Override
  public void lost(Session which, String reason, IoStatus status) {
    var reconnecting = where.thread("reconnect " + name(), this::reconnect);
    synchronized (this) {
      if (session != which) return;
      session = null;
      if (state != State.RUNNING) return;
      become(State.FAULTED, reason);
      background = reconnecting;
    }
    // First: a restarted node may have forgotten what a mirror counts on.
    listener.interrupted(interruption(status), reason);
    reconnecting.start();
  }

  // While none stands.

  private void reconnect() {
    long lostAtNs = where.nowNs();
    long delayMs = options.firstDelayMs();
    while (true) {
      try {
        where.sleep(delayMs);
      } catch (InterruptedException e) {
        return; // closed
      }
      if (state() != State.FAULTED) return;
      String why;
      try {
        var session = connect();
        reconnects.incrementAndGet();
        start(session);
        return;
      } catch (ControllerException | DeviceException e) {
        why = e.getMessage();
      }
      log.info("controller {} was not reconnected: {}", name(), why);
      delayMs = Math.min(2 * delayMs, options.maxDelayMs());
      if (TimeUnit.NANOSECONDS.toMillis(where.nowNs() - lostAtNs) >= options.giveUpMs()) {
        log.warn("controller {} is given up", name());
        listener.lost("Controller " + name() + " was lost and not reconnected: " + why);
        return;
      }
    }
  }

  /**
   * Ends all but the connections, which are left to another version of this bundle as soon as nothing is under way on them; nothing of I/O is.
   * When they cannot be left they end as well.
   */
  Handover leave() {
    Session last;
    synchronized (this) {
      last = session;
      if (last != null) become(State.UNCONFIGURING, "another version of this bundle goes on");
      session = null;
    }
    if (last == null) {
      close();
      return LeftController.withoutConnections(reconnects());
    }
    var queues = last.leave();
    if (queues.isEmpty()) {
      listener.interrupted(IoStatus.DEVICE_GONE, "a connection broke when it was to be left");
    }
    for (Lane lane : lanes) lane.reactor().execute(lane::close);
    become(State.UNCONFIGURED, "left to another version of this bundle");
    return queues.isPresent()
        ? left(last, queues.get()).handover()
        : LeftController.withoutConnections(reconnects());
  }

  private LeftController left(Session last, List<LeftQueue> queues) {
    return new LeftController(
        uri.name(),
        identity,
        last.controllerId(),
        last.keepAliveMs(),
        last.tellsEvents(),
        uri.headerDigest(),
        uri.dataDigest(),
        uuid,
        namespace(),
        reconnects(),
        Lane.counted(lanes),
        queues);
  }

  /** Ends everything; nothing is in flight any more. Waits for the controller's answer, not for long. Idempotent. */
  void close() {
    Session last;
    Thread running;
    synchronized (this) {
      if (state == State.UNCONFIGURING || state == State.UNCONFIGURED) return;
      become(State.UNCONFIGURING, "closed by this node");
      last = session;
      session = null;
      running = background;
    }
    if (running != null && !running.equals(Thread.currentThread())) running.interrupt();
    if (last != null) {
      try {
        last.shutdown();
      } catch (ControllerException e) {
        log.info("controller {} was left without a shutdown: {}", name(), e.getMessage());
      }
      last.close("closed by this node", IoStatus.ABORTED);
    }
    for (Lane lane : lanes) lane.reactor().execute(lane::close);
    become(State.UNCONFIGURED, "closed by this node");
  }
}
