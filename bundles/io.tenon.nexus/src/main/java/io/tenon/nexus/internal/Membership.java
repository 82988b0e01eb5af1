package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoStatus;
import io.tenon.block.SlotState;
import io.tenon.error.Check;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.RebuildState;
import io.tenon.reactor.Reactor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who belongs to a nexus: the states of the nexus and its children, and how a child is taken out and let in again. Everything happens on the nexus'
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
  record View(NexusState state, Instant since, String why, List<ChildInfo> children) {}

  private final NexusDevice device;
  private final String nexus;
  private final Reactor home;
  private final RetirementRecord record;
  private final InstantSource clock;
  private final NexusWatcher watcher;
  private final List<Child> members = new ArrayList<>();
  private final List<Lane> lanes;
  private final Admissions admissions;
  private final Retirements retirements;
  private final Rebuilds rebuilds;
  private final Checkpoint checkpoint;

  private NexusState state = NexusState.INIT;
  private Instant since;
  private String why = "";
  private int healthy;

  /** The last healthy child is kept, but its device is lost or out of reach: all I/O fails. */
  private boolean lastIsGone;

  private int lanesStopping;

  /** Shut down by request, and nothing has come between that the record does not say: its healthy children are equal. */
  private boolean endsInOrder;

  private final List<Runnable> whenStopped = new ArrayList<>();

  // On its way to a successor: it comes to rest, and then is no more.
  private boolean leaving;
  private boolean hasLeft;
  private Optional<String> stopFor = Optional.empty();
  private volatile View view;

  /** Children, as bits, whose device was lost or interrupted; set by any thread, through DISTRUSTED. */
  private volatile long distrusted;

  /** How often a child was lost. Any thread counts, before it distrusts the child. */
  private final AtomicInteger losses = new AtomicInteger();

  Membership(
      NexusDevice device,
      Reactor home,
      List<Lane> lanes,
      RetirementRecord record,
      InstantSource clock,
      NexusWatcher watcher) {
    this.device = device;
    this.nexus = device.name();
    this.home = home;
    this.lanes = lanes;
    this.record = record;
    this.clock = clock;
    this.watcher = watcher;
    admissions = new Admissions(this, nexus, lanes, record);
    retirements =
        new Retirements(
            nexus, home, lanes, record, reason -> stopByItself(IoStatus.DEVICE_GONE, reason));
    rebuilds = new Rebuilds(device, home, lanes, clock, admissions);
    checkpoint = device.parts().checkpoint(home, lanes);
    since = clock.instant();
    view = new View(state, since, why, List.of());
  }

  /** Before any I/O; by the thread that makes the nexus. The lanes are made. */
  void open(List<Child> children) {
    members.addAll(children);
    for (Child child : members) {
      child.open(clock.instant());
      child.listen(this);
    }
    healthy = members.size();
    derive("the nexus was made");
    for (Child child : List.copyOf(members)) child.tellIfLost();
  }

  /** As {@link #open}, with what the nexus before has left. */
  void takeUp(List<Child> children, LeftNexus.Standing left) {
    members.addAll(children);
    for (Child child : members) if (child.isHealthy()) healthy++;
    state = left.state();
    why = left.why();
    since = left.since();
    lastIsGone = left.lastIsGone();
    for (Child child : members) {
      if (lastIsGone && child.isHealthy()) distrust(child);
    }
    publish();
    log.info("nexus {}: taken up, {}", nexus, state);
  }

  /** Any thread. */
  View view() {
    return view;
  }

  Reactor home() {
    return home;
  }

  List<Lane> lanes() {
    return lanes;
  }

  /** Home reactor, but for those of its methods that say otherwise. */
  Rebuilds rebuilds() {
    return rebuilds;
  }

  /** Home reactor, as those that follow. */
  Admissions admissions() {
    return admissions;
  }

  Retirements retirements() {
    return retirements;
  }

  Checkpoint checkpoint() {
    return checkpoint;
  }

  /** In the order of their coming. */
  List<Child> members() {
    return members;
  }

  /** The only healthy child is lost: all I/O fails until it is back. Home reactor. */
  boolean lastIsGone() {
    return lastIsGone;
  }

  /** How often a child was lost: what was said of it before says nothing of it afterwards. Any thread. */
  int losses() {
    return losses.get();
  }

  /** How many hold everything. Home reactor. */
  int healthy() {
    return healthy;
  }

  /** A lane has changed something for the first time since its log was turned. Any thread. */
  void changed() {
    home.execute(
        () -> {
          if (!isStopping() && members.size() > 1) checkpoint.changed();
        });
  }

  // ---- taking a child out

  /**
   * A child failed an I/O. Any thread.
   *
   * @param reporter has detached the child and waits for the verdict; absent when nobody does
   */
  void failed(Child child, ChildReason reason, String detail, @Nullable Lane reporter) {
    home.execute(() -> retire(child, reason, detail, reporter, false));
  }

  /** A child's device was lost, interrupted, or has returned; what follows from that comes after this. Any thread. */
  void hears(Child child, DeviceSlot slot) {
    home.execute(
        () -> {
          if (child.slot() == slot) child.hears();
        });
  }

  /**
   * A child's device is lost, or its connection broke and may come back. When this returns, no lane uses what the child reads from then on. Any
   * thread.
   */
  void lost(Child child, DeviceSlot slot, ChildReason reason, String detail) {
    losses.incrementAndGet();
    distrust(child);
    home.execute(
        () -> {
          if (child.slot() == slot) retire(child, reason, detail, null, true);
        });
  }

  /** A child's device works again after it was lost or interrupted; of use only when it was kept. Any thread. */
  void returned(Child child, DeviceSlot slot) {
    home.execute(
        () -> {
          if (!lastIsGone || isStopping() || !child.isHealthy() || child.slot() != slot) return;
          var vigil = device.vigil();
          if (vigil == null) {
            trust(child);
            servesAgain(child);
          } else {
            vigil.prove();
          }
        });
  }

  /**
   * The healthy children have said that they are this nexus'. Home reactor.
   *
   * @param asked {@link #losses} before they were asked
   */
  void proven(int asked) {
    if (!lastIsGone || isStopping()) return;
    for (Child child : members) {
      if (!child.isHealthy() || child.slot().state() != SlotState.READY) continue;
      trust(child);
      if (losses() == asked) servesAgain(child);
      else distrust(child);
    }
  }

  private void servesAgain(Child child) {
    lastIsGone = false;
    child.keepServing();
    copyAgain();
    derive("its last healthy child is back");
  }

  /**
   * The last healthy child was away and may have forgotten what it had not made durable, and what has been copied from it, or written to both, is
   * newer elsewhere. So rebuilds begin anew: the write logs reach back to the last flush.
   */
  private void copyAgain() {
    for (Child child : members) {
      var rebuild = rebuilds.of(child);
      if (rebuild == null) continue;
      boolean paused = rebuild.state() == RebuildState.PAUSED;
      rebuilds.end(
          child, RebuildState.FAILED, "its source was away and may have forgotten something");
      startRebuild(child);
      var next = rebuilds.of(child);
      if (paused && next != null) rebuilds.pause(next);
    }
  }

  /** Any thread. */
  boolean isDistrusted(Child child) {
    return (distrusted & child.bit()) != 0;
  }

  private void distrust(Child child) {
    DISTRUSTED.getAndBitwiseOr(this, child.bit());
  }

  private void trust(Child child) {
    DISTRUSTED.getAndBitwiseAnd(this, ~child.bit());
  }

  /** By request, or since it cannot be completed; another healthy one remains. Home reactor. */
  void takeOut(Child child, ChildReason reason, String detail) {
    retire(child, reason, detail, null, false);
  }

  private void retire(
      Child child, ChildReason reason, String detail, @Nullable Lane reporter, boolean gone) {
    if (isStopping()) {
      lostWhileStopping(child, reason, detail);
      return;
    }
    if (!child.takesChanges()) return;
    if (child.isHealthy() && healthy == 1) {
      child.keepFailing(detail);
      lastIsGone |= gone;
      derive("its last healthy child fails: " + detail);
      if (reporter != null) reporter.reactor().execute(() -> reporter.keep(child));
      return;
    }
    if (child.isHealthy()) healthy--;
    rebuilds.end(child, RebuildState.FAILED, detail);
    child.fault(reason, detail, clock.instant());
    derive("child " + child.uri() + " is out");
    retirements.begin(child);
  }

  /** What was under way may be on the others only. Nobody reads it any more, and it goes on record before the end does. */
  private void lostWhileStopping(Child child, ChildReason reason, String detail) {
    if (hasLeft || !child.isHealthy()) return;
    if (healthy == 1) {
      endsInOrder = false;
      return;
    }
    healthy--;
    child.fault(reason, detail, clock.instant());
    publish();
  }

  /** A lane has closed its channel to a child that is out. Any thread. */
  void drained(Child child) {
    home.execute(
        () -> {
          if (!child.drainedBy(lanes.size())) return;
          child.stopListening();
          watcher.childIsIdle(nexus, child);
        });
  }

  /** A child that was taken out for good, or is another one than it was: what it lacks is everything. Home reactor. */
  void forgetLog(Child child) {
    child.logIsGone();
    for (Lane lane : lanes) lane.reactor().execute(() -> lane.dropLog(child.index()));
    publish();
  }

  /** A child that is out, and to which nobody has a channel, is none any more. Home reactor. */
  void forget(Child child) {
    forgetLog(child);
    members.remove(child);
    device.children()[child.index()] = null;
    admissions.note(record::childIsGone, child, "none any more", _ -> {});
    derive("child " + child.uri() + " was removed");
  }

  // ---- letting a child in

  /** A new one, out of sync. It is let in by {@link #admit}. Home reactor. */
  void add(Child child) {
    members.add(child);
    device.children()[child.index()] = child;
    admissions.note(
        (name, uri, outcome) -> record.childIsAdded(name, uri, child.recordUuid(), outcome),
        child,
        "added",
        _ -> {});
  }

  /** The child's device is here; it takes all changes from now on and serves no reads. Home reactor. */
  void admit(Child child, DeviceSlot slot, String detail) {
    child.outOfSync(slot, detail, clock.instant());
    trust(child);
    child.listen(this);
    derive("child " + child.uri() + " is out of sync");
    checkpoint.changed();
    admissions.letIn(child, null);
    child.tellIfLost();
  }

  /** Home reactor. */
  void startRebuild(Child child) {
    admissions.letIn(child, rebuilds.prepare(child));
    publish();
  }

  /** Nothing is missing on the child and everything reaches it: it may be read. Home reactor. */
  void complete(Child child) {
    if (isDistrusted(child)) return; // It is on its way out.
    rebuilds.end(child, RebuildState.COMPLETED, "everything is copied");
    child.complete(clock.instant());
    healthy++;
    for (Lane lane : lanes) lane.reactor().execute(() -> lane.becomeReadable(child));
    derive("child " + child.uri() + " is complete");
    if (lastIsGone) {
      lastIsGone = false;
      dropTheKept(child);
    }
  }

  /** There was no other to serve than one that does not work; now there is. */
  private void dropTheKept(Child better) {
    for (Child child : List.copyOf(members)) {
      if (!child.isHealthy() || child == better) continue;
      retire(child, Answer.gone(child.isLocal()), child.detail(), null, true);
    }
  }

  // ---- leaving to a successor

  /** What would stop it is its successor's to do. */
  void isLeaving() {
    leaving = true;
  }

  /** It has to stop itself, and does not any more. */
  boolean stopsAfterwards() {
    return stopFor.isPresent();
  }

  /** From now on nothing that happens is this nexus' any more. */
  LeftNexus.Standing left() {
    hasLeft = true;
    for (Child child : members) child.stopListening();
    rebuilds.abandon();
    checkpoint.stop();
    log.info("nexus {}: left to a successor, {}", nexus, state);
    return new LeftNexus.Standing(state, since, why, lastIsGone, stopFor);
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

  /** Another nexus has been made of its children. Home reactor. */
  void wasFollowed() {
    stopByItself(IoStatus.DEVICE_GONE, "another nexus has written its record");
  }

  void stopByItself(IoStatus status, String reason) {
    endsInOrder = false;
    if (isStopping()) return;
    if (leaving) {
      stopFor = Optional.of(reason);
      return;
    }
    log.error("nexus {} stops itself: {}", nexus, reason);
    stop(status, reason, () -> watcher.stoppedByItself(nexus, reason));
  }

  /**
   * Ends all I/O and closes the children. Any thread.
   *
   * @param then on the home reactor, when it is shut down; at once when it already is
   */
  void shutDown(String why, Runnable then) {
    home.execute(
        () -> {
          if (!isStopping()) endsInOrder = true;
          stop(IoStatus.DEVICE_GONE, why, then);
        });
  }

  private void stop(IoStatus status, String why, Runnable then) {
    if (state == NexusState.SHUTDOWN) {
      then.run();
      return;
    }
    whenStopped.add(then);
    if (state == NexusState.SHUTTING_DOWN) return;
    become(NexusState.SHUTTING_DOWN, why);
    for (Child child : members) rebuilds.end(child, RebuildState.STOPPED, why);
    lanesStopping = lanes.size();
    for (Lane lane : lanes) {
      lane.reactor().execute(() -> lane.stop(status, () -> home.execute(() -> laneStopped(why))));
    }
  }

  private void laneStopped(String why) {
    if (--lanesStopping > 0) return;
    if (endsInOrder) new LastFlush(home, members, flushed -> allIsFlushed(flushed, why)).begin();
    else close(why);
  }

  private void allIsFlushed(boolean everywhere, String why) {
    if (!everywhere || !endsInOrder) {
      log.warn(
          "nexus {}: its children may differ, so the next one will believe one of them", nexus);
      close(why);
      return;
    }
    for (Child child : members) {
      // It was lost while the nexus stopped; or the record has just heard that it is complete, and
      // it is not flushed.
      if (!child.isHealthy()) admissions.note(record::childIsOut, child, "out", _ -> {});
    }
    record.ended(
        nexus,
        new RetirementRecord.Outcome() {
          @Override
          public void recorded() {
            home.execute(() -> close(why));
          }

          @Override
          public void failed(String reason) {
            log.warn("nexus {}: it cannot be recorded that it ended in order: {}", nexus, reason);
            home.execute(() -> close(why));
          }
        });
  }

  private void close(String why) {
    for (Child child : members) {
      child.stopListening();
      child.close(why, clock.instant());
      watcher.childIsIdle(nexus, child);
    }
    become(NexusState.SHUTDOWN, why);
    for (Runnable told : whenStopped) told.run();
    whenStopped.clear();
  }

  boolean isStopping() {
    return hasLeft || state == NexusState.SHUTTING_DOWN || state == NexusState.SHUTDOWN;
  }

  // ---- the nexus' own state

  private void derive(String why) {
    NexusState now =
        lastIsGone
            ? NexusState.FAULTED
            : healthy == members.size() ? NexusState.ONLINE : NexusState.DEGRADED;
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

  private void become(NexusState next, String reason) {
    Check.that(isLegal(state, next), "nexus %s: %s -> %s (%s)", nexus, state, next, reason);
    log.info("nexus {}: {} -> {} because {}", nexus, state, next, reason);
    state = next;
    why = reason;
    since = clock.instant();
    publish();
  }

  /** Home reactor. */
  void publish() {
    view = new View(state, since, why, members.stream().map(Child::info).toList());
  }
}
