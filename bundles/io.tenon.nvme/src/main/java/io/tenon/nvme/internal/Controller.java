package io.tenon.nvme.internal;

import io.tenon.nvme.ConnectData;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.ControllerInfo;
import io.tenon.nvme.Property;
import io.tenon.nvme.TransportLimits;
import io.tenon.nvme.internal.reservation.ReservationNotice;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One host's association: an admin queue and its I/O queues. It dies with its admin queue.
 *
 * <pre>
 * Disabled ─► Ready ─► ShutDown     a reset (EN goes to 0) leads to Disabled,
 *     │ ▲                 ▲         the loss of the admin connection to Gone,
 *     │ └─► Fatal         │         from any state
 *     └───────────────────┘
 * </pre>
 *
 * <p>Reset and shutdown end the I/O queues. The host sees either as completed (CSTS) only when nothing that came by them is
 * with the device any more: what it sends afterwards must not be overtaken by what it has given up.
 *
 * <p>The admin queue's reactor only, unless said otherwise.
 */
final class Controller {
  /** VS: 1.4. */
  static final int VERSION = 0x0001_0400;

  private static final Logger log = LoggerFactory.getLogger(Controller.class);
  private static final int READY_WITHIN_HALF_SECONDS = 30;
  private static final long KEEP_ALIVE_UNIT_MS = IdentifyController.KEEP_ALIVE_GRANULARITY * 100L;

  private enum State {
    DISABLED,
    READY,
    /** Enabled with a configuration that was not offered. */
    FATAL,
    SHUT_DOWN,
    GONE
  }

  /** An I/O queue's connection, and what it is once it serves. */
  private static final class Attached {
    final ConnectedQueue queue;
    @Nullable IoQueue serving;

    Attached(ConnectedQueue queue) {
      this.queue = queue;
    }
  }

  private final ControllerHome home;
  private final ConnectedQueue admin;
  private final int id;
  private final String hostNqn;
  private final UUID hostId;
  private final Map<Integer, Attached> ioQueues = new LinkedHashMap<>();
  private final Features features;
  private final AsyncEvents events = new AsyncEvents();
  private final ErrorLog errors = new ErrorLog();
  private final ReservationLog reservationLog = new ReservationLog();
  private final LbaStatusReports lbaStatus;
  private final IoCounts ended = new IoCounts();
  private State state = State.DISABLED;
  private int configuration;
  private final long connectedKeepAliveMs;
  private long keepAliveMs;
  private long lastHeardNs;
  private Reactor.@Nullable Timer keepAliveTimer;
  private boolean namespaceChanged;

  // For lists, any thread.
  private volatile int ioQueueCount;
  private volatile long shownKeepAliveMs;

  private Controller(
      ControllerHome home, ConnectedQueue admin, int id, ConnectData data, long keepAliveMs) {
    this.home = home;
    this.admin = admin;
    this.id = id;
    this.hostNqn = data.hostNqn();
    this.hostId = data.hostId();
    this.lbaStatus = new LbaStatusReports(this, admin.reactor());
    this.features = new Features(this, admin.transport().limits());
    this.connectedKeepAliveMs = keepAliveMs;
    keepAlive(keepAliveMs);
  }

  /**
   * @return empty when no controller id is free
   */
  static Optional<Controller> open(
      ControllerHome home, ConnectedQueue admin, ConnectData data, long keepAliveMs) {
    var id = home.takeControllerId();
    if (id.isEmpty()) return Optional.empty();
    var controller = new Controller(home, admin, id.getAsInt(), data, keepAliveMs);
    home.entered(controller);
    log.info(
        "{}: controller {} for host {} at {}",
        home.nqn(),
        controller.id,
        controller.hostNqn,
        admin.transport().peer());
    return Optional.of(controller);
  }

  int id() {
    return id;
  }

  String hostNqn() {
    return hostNqn;
  }

  UUID hostId() {
    return hostId;
  }

  ControllerHome home() {
    return home;
  }

  Reactor reactor() {
    return admin.reactor();
  }

  TransportLimits limits() {
    return admin.transport().limits();
  }

  Features features() {
    return features;
  }

  AsyncEvents events() {
    return events;
  }

  ErrorLog errors() {
    return errors;
  }

  ReservationLog reservationLog() {
    return reservationLog;
  }

  LbaStatusReports lbaStatus() {
    return lbaStatus;
  }

  boolean isReady() {
    return state == State.READY;
  }

  // Properties.

  long property(int offset) {
    return switch (offset) {
      case Property.CAP ->
          Property.capabilities(limits().maxQueueDepth(), READY_WITHIN_HALF_SECONDS);
      case Property.VS -> VERSION;
      case Property.CC -> Integer.toUnsignedLong(configuration);
      case Property.CSTS -> status();
      default -> 0;
    };
  }

  private int status() {
    boolean ended = ioQueues.isEmpty();
    return switch (state) {
      case READY -> Property.CSTS_READY;
      case FATAL -> Property.CSTS_FATAL;
      case SHUT_DOWN ->
          (isEnabled(configuration) ? Property.CSTS_READY : 0)
              | (ended ? Property.CSTS_SHUTDOWN_COMPLETE : Property.CSTS_SHUTDOWN_OCCURRING);
      case DISABLED -> ended ? 0 : Property.CSTS_READY;
      case GONE -> 0;
    };
  }

  private static boolean isEnabled(int cc) {
    return (cc & Property.CC_ENABLE) != 0;
  }

  /** Property Set of CC. */
  void configure(int cc) {
    boolean wasEnabled = isEnabled(configuration);
    boolean enable = isEnabled(cc);
    boolean shutDown = (cc & Property.CC_SHUTDOWN_MASK) != 0;
    configuration = cc;
    if (wasEnabled && !enable) reset();
    if (shutDown) {
      if (state != State.SHUT_DOWN) become(State.SHUT_DOWN, "the host shuts it down");
      endIoQueues("controller shut down by its host");
    } else if (enable && !wasEnabled) {
      if (isOffered(cc)) become(State.READY, "enabled");
      else become(State.FATAL, "CC is %08x".formatted(cc));
    } else if (!enable && state != State.DISABLED) {
      become(State.DISABLED, "the host takes the shutdown back");
    }
  }

  /** Many hosts of discovery leave the sizes of entries of I/O queues, which there are none of, at 0. */
  private boolean isOffered(int cc) {
    boolean sizes = (cc & Property.CC_ENTRY_SIZES_MASK) == Property.CC_ENTRY_SIZES || !home.hasIo();
    return sizes && (cc & Property.CC_CHOICES_MASK) == 0;
  }

  private void reset() {
    endIoQueues("controller reset by its host");
    events.reset();
    features.reset();
    reservationLog.reset();
    namespaceChanged = false;
    keepAlive(connectedKeepAliveMs);
    become(State.DISABLED, "the host resets it");
  }

  private void become(State next, String reason) {
    log.debug("{}: controller {}: {} -> {} because {}", home.nqn(), id, state, next, reason);
    state = next;
  }

  // I/O queues.

  /**
   * @return {@link NvmeStatus#SUCCESS}, or why the queue may not belong to this controller
   */
  int attach(int queueId, ConnectedQueue queue, ConnectData data) {
    if (state != State.READY) return NvmeStatus.COMMAND_SEQUENCE_ERROR;
    if (!hostNqn.equals(data.hostNqn()) || !hostId.equals(data.hostId())) {
      return NvmeStatus.CONNECT_INVALID_HOST;
    }
    if (ioQueues.containsKey(queueId) || queueId > features.grantedQueues()) {
      return NvmeStatus.CONNECT_INVALID_PARAMETERS;
    }
    ioQueues.put(queueId, new Attached(queue));
    ioQueueCount = ioQueues.size();
    return NvmeStatus.SUCCESS;
  }

  boolean hasIoQueues() {
    return !ioQueues.isEmpty();
  }

  void serves(int queueId, IoQueue queue) {
    var attached = ioQueues.get(queueId);
    if (attached == null) return;
    attached.serving = queue;
    boolean through = features.writesThrough();
    queue.tell(() -> queue.writesThrough(through));
  }

  /** Whether writes are answered when they are durable; the queues follow. */
  void writesThrough(boolean now) {
    for (var attached : ioQueues.values()) {
      var queue = attached.serving;
      if (queue != null) queue.tell(() -> queue.writesThrough(now));
    }
  }

  /** Tries to abort a command of an I/O queue. {@code answer} is told here whether it was, now or later. */
  void abort(int queueId, int commandId, Consumer<Boolean> answer) {
    var attached = ioQueues.get(queueId);
    var queue = attached == null ? null : attached.serving;
    if (queue == null) {
      answer.accept(false);
      return;
    }
    queue.tell(
        () -> {
          boolean aborted = queue.abort(commandId);
          reactor().execute(() -> answer.accept(aborted));
        });
  }

  void detached(int queueId) {
    var attached = ioQueues.remove(queueId);
    if (attached != null && attached.serving != null) ended.add(attached.serving.counts());
    ioQueueCount = ioQueues.size();
    leaveIfEmpty();
  }

  IoCounts totals() {
    var total = new IoCounts();
    total.add(ended);
    for (var attached : ioQueues.values()) {
      if (attached.serving != null) total.add(attached.serving.counts());
    }
    return total;
  }

  private void endIoQueues(String reason) {
    for (var attached : List.copyOf(ioQueues.values())) attached.queue.disconnect(reason);
  }

  // Life and death.

  /** Any thread: ends the association. */
  void disconnect(String reason) {
    admin.disconnect(reason);
  }

  /** The admin connection is gone. */
  void adminGone(String reason) {
    if (state == State.GONE) return;
    become(State.GONE, reason);
    log.info("{}: controller {} of host {} is gone: {}", home.nqn(), id, hostNqn, reason);
    if (keepAliveTimer != null) keepAliveTimer.cancel();
    events.abandon();
    endIoQueues("its admin queue is gone: " + reason);
    lbaStatus.close();
  }

  /** Leaves its home when nothing of it uses the device any more. */
  void leaveIfEmpty() {
    if (state == State.GONE && ioQueues.isEmpty() && !lbaStatus.isOpen()) home.left(this);
  }

  long keepAliveMs() {
    return keepAliveMs;
  }

  /** As Connect asked for, rounded as {@link #keepAlive} does. */
  long connectedKeepAliveMs() {
    return rounded(connectedKeepAliveMs);
  }

  private static long rounded(long ms) {
    return (ms + KEEP_ALIVE_UNIT_MS - 1) / KEEP_ALIVE_UNIT_MS * KEEP_ALIVE_UNIT_MS;
  }

  /** Sets the timer anew; 0 switches it off. Rounded up to the granularity that KAS states. */
  void keepAlive(long ms) {
    keepAliveMs = rounded(ms);
    shownKeepAliveMs = keepAliveMs;
    if (keepAliveTimer != null) keepAliveTimer.cancel();
    heard();
    if (keepAliveMs > 0) scheduleKeepAlive(TimeUnit.MILLISECONDS.toNanos(keepAliveMs));
  }

  /** The host has said that it is there. */
  void heard() {
    lastHeardNs = reactor().nowNs();
  }

  private void scheduleKeepAlive(long delayNs) {
    keepAliveTimer = reactor().schedule(delayNs, this::checkKeepAlive);
  }

  private void checkKeepAlive() {
    long limitNs = TimeUnit.MILLISECONDS.toNanos(keepAliveMs);
    long silentNs = reactor().nowNs() - lastHeardNs;
    if (silentNs < limitNs) {
      scheduleKeepAlive(limitNs - silentNs);
      return;
    }
    disconnect("keep-alive expired: nothing heard for " + keepAliveMs + " ms");
  }

  // Events.

  /** Any thread. */
  void notice(AsyncEvents.Notice notice) {
    reactor()
        .execute(
            () -> {
              if (notice == AsyncEvents.Notice.NAMESPACE_CHANGED) namespaceChanged |= isReady();
              events.happened(notice);
            });
  }

  /** Any thread. */
  void reservationNotice(ReservationNotice notice) {
    reactor()
        .execute(
            () -> {
              if (isReady() && reservationLog.add(notice)) {
                events.happened(AsyncEvents.Notice.RESERVATION);
              }
            });
  }

  /** The host has read the oldest page; the next one is an event again. */
  void reservationLogWasRead() {
    reservationLog.wasRead();
    if (!reservationLog.isEmpty()) events.happened(AsyncEvents.Notice.RESERVATION);
  }

  /** Whether namespace 1 has changed since the host was told. */
  boolean namespaceChanged() {
    return namespaceChanged;
  }

  void namespaceChangeWasRead() {
    namespaceChanged = false;
  }

  /** Any thread. */
  ControllerInfo info() {
    var peer = admin.transport().peer();
    return new ControllerInfo(
        id,
        hostNqn,
        hostId,
        peer.getAddress().getHostAddress() + ":" + peer.getPort(),
        ioQueueCount,
        shownKeepAliveMs);
  }

  /** Queues for messages, such as a new size of the namespace. */
  List<ConnectedQueue> queues() {
    var queues = new ArrayList<ConnectedQueue>();
    for (var attached : ioQueues.values()) queues.add(attached.queue);
    return queues;
  }
}
