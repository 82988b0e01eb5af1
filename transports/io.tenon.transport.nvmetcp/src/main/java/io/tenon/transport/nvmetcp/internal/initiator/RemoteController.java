package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.AllocationQuery;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.block.SnapshotSpec;
import io.tenon.error.Check;
import io.tenon.linux.Errno;
import io.tenon.nvme.InitiatorControllers.State;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.SnapshotParameters;
import io.tenon.reactor.Reactor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
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

  private volatile DeviceListener listener = new DeviceListener() {};
  private volatile @Nullable RemoteNamespace namespace;
  private volatile UUID uuid = NO_UUID;

  private RemoteController(
      RemoteUri uri, InitiatorOptions options, List<Reactor> reactors, Background where) {
    this.uri = uri;
    this.options = options;
    this.where = where;
    this.lanes = reactors.stream().map(reactor -> new Lane(reactor, options.holdNs())).toList();
  }

  /** Connects; may take as long as the time-outs allow. */
  static RemoteController open(
      RemoteUri uri, InitiatorOptions options, List<Reactor> reactors, Background where)
      throws DeviceException {
    var controller = new RemoteController(uri, options, reactors, where);
    controller.open();
    return controller;
  }

  private void open() throws DeviceException {
    become(State.INITIALIZING, "it was asked for");
    try {
      start(connect());
    } catch (ControllerException e) {
      become(State.FAULTED, e.why());
      close();
      throw refused(e);
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
  }

  /** By which the controller knows this node. */
  UUID hostId() {
    return uri.hostId().orElse(options.hostId());
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
        uri, new InetSocketAddress(address, uri.port()), options, lanes, where, this);
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

  private DeviceException refused(ControllerException e) {
    Kind kind =
        switch (e.nvmeStatus()) {
          case NvmeStatus.CONNECT_INVALID_HOST -> Kind.PERMISSION_DENIED;
          case NvmeStatus.CONNECT_INVALID_PARAMETERS -> Kind.NOT_FOUND;
          default ->
              switch (e.status()) {
                case TIMED_OUT -> Kind.TIMED_OUT;
                case DEVICE_GONE -> Kind.NOT_FOUND;
                case UNSUPPORTED -> Kind.UNSUPPORTED;
                default -> Kind.IO;
              };
        };
    String remedy =
        switch (kind) {
          case PERMISSION_DENIED -> "Let this node's host NQN in on the other node.";
          case NOT_FOUND -> "Check that the other node shares it at this address and port.";
          case TIMED_OUT -> "Check the network and the other node.";
          default -> "";
        };
    return new DeviceException(
        kind,
        "Block device " + deviceName() + " was not opened.",
        "Controller " + name() + ": " + e.why() + ".",
        remedy,
        e);
  }

  // While a session stands.

  private synchronized boolean isCurrent(Session which) {
    return session == which;
  }

  private void keepAlive(Session with) {
    if (options.keepAliveMs() == 0) return;
    try {
      while (isCurrent(with)) {
        where.sleep(Math.max(1, options.keepAliveMs() / KEEP_ALIVES));
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

  /** {@link io.tenon.block.Snapshots#take}: the other node takes it of what is namespace 1 here. */
  void snapshot(SnapshotSpec spec) throws DeviceException {
    Session using;
    synchronized (this) {
      using = session;
    }
    if (using == null) {
      throw notTaken(spec, Kind.NOT_FOUND, "Controller " + name() + " is not connected.", null);
    }
    try {
      int errno =
          using
              .admin()
              .createSnapshot(SnapshotParameters.encode(spec), spec.createdAt().getEpochSecond());
      if (errno == 0) return;
      String why = "Controller " + name() + " answered: " + Errno.text(errno) + ".";
      throw notTaken(spec, Kind.ofErrno(errno), why, null);
    } catch (ControllerException e) {
      boolean unknown = NvmeStatus.code(e.nvmeStatus()) == NvmeStatus.INVALID_OPCODE;
      // Without an answer it may have been taken.
      var kind = unknown ? Kind.UNSUPPORTED : e.nvmeStatus() == 0 ? Kind.TIMED_OUT : Kind.IO;
      throw notTaken(spec, kind, "Controller " + name() + ": " + e.why() + ".", e);
    }
  }

  private DeviceException notTaken(
      SnapshotSpec spec, Kind kind, String why, @Nullable ControllerException cause) {
    String what = "Snapshot " + spec.name() + " of " + deviceName() + " was not taken.";
    String remedy =
        switch (kind) {
          case UNSUPPORTED -> "Take it on that node, if what is shared there is a replica.";
          case TIMED_OUT ->
              "Look on that node whether it is there, and delete it before the next try.";
          default -> "Look at that node.";
        };
    return cause == null
        ? new DeviceException(kind, what, why, remedy)
        : new DeviceException(kind, what, why, remedy, cause);
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
    listener.interrupted(
        status == IoStatus.TIMED_OUT ? IoStatus.TIMED_OUT : IoStatus.DEVICE_GONE, reason);
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
        start(connect());
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
