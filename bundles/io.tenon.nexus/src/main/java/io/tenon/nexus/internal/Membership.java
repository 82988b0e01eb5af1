package io.tenon.nexus.internal;

import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.NexusState;
import io.tenon.reactor.Reactor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who belongs to a nexus: the states of the nexus and its children, and how a child is taken out. Everything happens on the nexus'
 * home reactor, one thing after the other; lanes send messages here and get messages back. See the package's documentation
 * for the protocol.
 *
 * <pre>
 * INIT ─► ONLINE ─► DEGRADED ◄─► FAULTED     derived from the children; ONLINE ◄─► FAULTED with a single one
 *           └──────────┴───────────┴─► SHUTTING_DOWN ─► SHUTDOWN
 * </pre>
 */
final class Membership {
  private static final Logger log = LoggerFactory.getLogger(Membership.class);

  private static final VarHandle DISTRUSTED;

  static {
    try {
      DISTRUSTED = MethodHandles.lookup().findVarHandle(Membership.class, "distrusted", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** What people see; replaced as a whole. */
  record View(NexusState state, List<ChildInfo> children) {}

  private final String nexus;
  private final Reactor home;
  private final Child[] children;
  private final RetirementRecord record;
  private final InstantSource clock;
  private final NexusWatcher watcher;

  private List<Lane> lanes = List.of();
  private NexusState state = NexusState.INIT;
  private int healthy;

  /** The last healthy child is kept, but its device is lost or out of reach: all I/O fails. */
  private boolean lastIsGone;

  private int lanesStopping;
  private final List<Runnable> whenStopped = new ArrayList<>();
  private volatile View view;

  /** Children, as bits, whose connection was interrupted; set by any thread, through DISTRUSTED. */
  private volatile long distrusted;

  Membership(
      String nexus,
      Reactor home,
      Child[] children,
      RetirementRecord record,
      InstantSource clock,
      NexusWatcher watcher) {
    this.nexus = nexus;
    this.home = home;
    this.children = children;
    this.record = record;
    this.clock = clock;
    this.watcher = watcher;
    view = new View(state, infos());
  }

  /** Before any I/O; by the thread that makes the nexus. */
  void open(List<Lane> lanes) {
    this.lanes = lanes;
    for (Child child : children) child.open();
    healthy = children.length;
    derive("the nexus was made");
  }

  /** Any thread. */
  View view() {
    return view;
  }

  // ---- taking a child out

  /**
   * A child failed an I/O, or its device is gone. Any thread.
   *
   * @param reporter has detached the child and waits for the verdict; absent when nobody does
   */
  void failed(Child child, ChildReason reason, String detail, @Nullable Lane reporter) {
    home.execute(() -> retire(child, reason, detail, reporter, false));
  }

  /** A child's device is lost. Any thread. */
  void lost(Child child, ChildReason reason, String detail) {
    home.execute(() -> retire(child, reason, detail, null, true));
  }

  /**
   * A child's connection broke and may come back. When this returns, no lane uses what the child reads from then on. Any thread.
   */
  void interrupted(Child child, ChildReason reason, String detail) {
    DISTRUSTED.getAndBitwiseOr(this, child.bit());
    lost(child, reason, detail);
  }

  /** A child's device works again after it was lost or interrupted; of use only when it was kept. Any thread. */
  void returned(Child child) {
    home.execute(
        () -> {
          if (!lastIsGone || isStopping() || !child.isHealthy()) return;
          lastIsGone = false;
          child.keepServing();
          derive("its last healthy child is back");
        });
  }

  /** Any thread. */
  boolean isDistrusted(Child child) {
    return (distrusted & child.bit()) != 0;
  }

  private void retire(
      Child child, ChildReason reason, String detail, @Nullable Lane reporter, boolean gone) {
    if (isStopping() || !child.isHealthy()) return;
    if (healthy == 1) {
      DISTRUSTED.getAndBitwiseAnd(this, ~child.bit());
      child.keepFailing(detail);
      lastIsGone |= gone;
      derive("its last healthy child fails: " + detail);
      if (reporter != null) reporter.reactor().execute(() -> reporter.keep(child));
      return;
    }
    healthy--;
    child.fault(reason, detail, clock.instant());
    derive("child " + child.uri() + " is out");
    var round = new Retirement(child, lanes.size());
    for (Lane lane : lanes) {
      lane.reactor()
          .execute(
              () -> {
                lane.detach(child);
                home.execute(round::confirmed);
              });
    }
    record.childIsOut(nexus, child.uri(), round);
  }

  /** One child's way out: every lane has confirmed, and it is on record; then it is settled. */
  private final class Retirement implements RetirementRecord.Outcome {
    private final Child child;
    private int unconfirmed;
    private boolean recorded;

    Retirement(Child child, int lanes) {
      this.child = child;
      unconfirmed = lanes;
    }

    void confirmed() {
      unconfirmed--;
      settleWhenDone();
    }

    @Override
    public void recorded() {
      home.execute(
          () -> {
            recorded = true;
            settleWhenDone();
          });
    }

    @Override
    public void failed(String why) {
      home.execute(
          () ->
              stopByItself(
                  IoStatus.DEVICE_GONE,
                  "it cannot be recorded that child " + child.uri() + " is out: " + why));
    }

    private void settleWhenDone() {
      if (unconfirmed > 0 || !recorded) return;
      log.info("nexus {}: child {} is out on every reactor and on record", nexus, child.uri());
      for (Lane lane : lanes) lane.reactor().execute(() -> lane.settle(child));
    }
  }

  /** A lane has closed its channel to a child that is out. Any thread. */
  void drained(Child child) {
    home.execute(
        () -> {
          if (child.drainedBy(lanes.size()) && !isStopping()) watcher.childIsIdle(nexus, child);
        });
  }

  // ---- stopping

  /** A child says that another host owns it now. Any thread. */
  void conflict(Child child) {
    home.execute(
        () ->
            stopByItself(
                IoStatus.RESERVATION_CONFLICT,
                "child " + child.uri() + " answered that another host holds its reservation"));
  }

  private void stopByItself(IoStatus status, String why) {
    if (isStopping()) return;
    log.error("nexus {} stops itself: {}", nexus, why);
    stop(status, why, () -> watcher.stoppedByItself(nexus, why));
  }

  /**
   * Ends all I/O and closes the children. Any thread.
   *
   * @param then on the home reactor, when it is shut down; at once when it already is
   */
  void shutDown(String why, Runnable then) {
    home.execute(() -> stop(IoStatus.DEVICE_GONE, why, then));
  }

  private void stop(IoStatus status, String why, Runnable then) {
    if (state == NexusState.SHUTDOWN) {
      then.run();
      return;
    }
    whenStopped.add(then);
    if (state == NexusState.SHUTTING_DOWN) return;
    become(NexusState.SHUTTING_DOWN, why);
    lanesStopping = lanes.size();
    for (Lane lane : lanes) {
      lane.reactor().execute(() -> lane.stop(status, () -> home.execute(() -> laneStopped(why))));
    }
  }

  private void laneStopped(String why) {
    if (--lanesStopping > 0) return;
    for (Child child : children) child.close(why);
    become(NexusState.SHUTDOWN, why);
    for (Runnable told : whenStopped) told.run();
    whenStopped.clear();
  }

  private boolean isStopping() {
    return state == NexusState.SHUTTING_DOWN || state == NexusState.SHUTDOWN;
  }

  // ---- the nexus' own state

  private void derive(String why) {
    NexusState now =
        lastIsGone
            ? NexusState.FAULTED
            : healthy == children.length ? NexusState.ONLINE : NexusState.DEGRADED;
    if (now == state) publish();
    else become(now, why);
  }

  static boolean isLegal(NexusState from, NexusState to) {
    return switch (from) {
      case INIT, ONLINE, DEGRADED, FAULTED -> to != NexusState.INIT && to != NexusState.SHUTDOWN;
      case SHUTTING_DOWN -> to == NexusState.SHUTDOWN;
      case SHUTDOWN -> false;
    };
  }

  private void become(NexusState next, String why) {
    Check.that(isLegal(state, next), "nexus %s: %s -> %s (%s)", nexus, state, next, why);
    log.info("nexus {}: {} -> {} because {}", nexus, state, next, why);
    state = next;
    publish();
  }

  private void publish() {
    view = new View(state, infos());
  }

  private List<ChildInfo> infos() {
    var infos = new ArrayList<ChildInfo>(children.length);
    for (Child child : children) infos.add(child.info());
    return List.copyOf(infos);
  }
}
