package io.tenon.nexus.internal;

import io.tenon.reactor.Reactor;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Keeps a nexus from showing what has grown old while it could not know: its node was frozen, or cut off, and another nexus has taken its
 * children. A write would find that out by itself; a read of a local child would not.
 *
 * <p>Reads are let through for a window ({@link #WINDOW_NS}) after the beginning of a round in which every child that is healthy on record has
 * said that it is still this nexus'. After that they wait for the next such round. Who takes children from another nexus waits longer than that
 * before it serves, so there is no moment in which both show something.
 *
 * <pre>
 * this nexus   ──┬─ proof ─┬──────── reads ────────┤ frozen or cut off     wakes up: reads wait ── asks ── taken: it stops
 *                └────────── window ───────────────┘
 * the next one              ┬ takes ─── waits longer than a window ───┬ serves
 * </pre>
 *
 * <p>A read's right is looked at when it begins, by a clock that says when the node was frozen in the middle of a round. What is proven for
 * that moment is enough: the read had begun before anybody else served.
 */
final class Vigil {
  static final long WINDOW_NS = 3_000_000_000L;

  /** Asks so often in a window who does not answer. */
  private static final int ATTEMPTS = 15;

  private static final long NS_PER_MS = 1_000_000;

  /** What the children say. */
  enum Answer {
    OURS,
    TAKEN,
    /** Another nexus has written the record. */
    FOLLOWED,
    UNKNOWN
  }

  /** Asks children. Does not block; answers once, on any thread, naming one that is taken where there is one. */
  interface Witness {
    void ask(List<Child> children, Consumer<Verdict> then);
  }

  /** Of all that were asked. */
  record Verdict(Answer answer, List<Child> taken) {}

  private final Membership membership;
  private final List<Lane> lanes;
  private final Witness witness;
  private final InstantSource clock;
  private final long windowNs;
  private final Reactor home;

  /** When the last round began in which all said yes: by the reactors' clock, and by the wall's, since a round has one time only. */
  private volatile long provenNs;

  private volatile long provenMs;
  private volatile boolean wanted;

  /** The only healthy child is lost, so nobody can say whose it is until it is back. */
  private volatile boolean hopeless;

  private volatile boolean ended;

  private final Runnable roundTask = this::round;
  private final Runnable laterTask = this::dueRound;

  // Home reactor.
  private boolean underWay;
  private boolean isDue;

  /**
   * The children were taken just now, or by the nexus before.
   *
   * @param before what that could prove: it is true for as long as it would have been there
   */
  Vigil(Membership membership, Witness witness, Timing timing, Optional<LeftNexus.Proof> before) {
    this.membership = membership;
    this.lanes = membership.lanes();
    this.witness = witness;
    this.clock = timing.clock();
    this.windowNs = timing.windowNs();
    this.home = membership.home();
    wanted = true;
    provenMs = Long.MIN_VALUE / 2;
    before.ifPresent(
        proof -> {
          provenNs = proof.provenNs();
          provenMs = proof.provenMs();
        });
    home.execute(roundTask);
  }

  /** Whether reads may be answered now. On the reactor that is given. */
  boolean holds(Reactor reactor) {
    long ageNs = reactor.nowNs() - provenNs;
    long ageMs = clock.millis() - provenMs;
    // A clock that was set back says nothing.
    boolean holds = ageNs <= windowNs && ageMs >= 0 && ageMs <= windowNs / NS_PER_MS;
    if ((!holds || ageNs > windowNs / 2) && !wanted) {
      wanted = true;
      home.execute(roundTask);
    }
    return holds;
  }

  /** The only healthy child is back, and must be proven to be ours before it gets anything. Home reactor. */
  void prove() {
    wanted = true;
    round();
  }

  /** For a successor. Any thread: of two halves of different rounds the older one counts. */
  LeftNexus.Proof proof() {
    return new LeftNexus.Proof(provenNs, provenMs);
  }

  /** Nothing is to be waited for: what is read now fails, as all I/O does. Any thread. */
  boolean isHopeless() {
    return hopeless || ended;
  }

  /** The nexus is about to end, and waits for what is under way: reads that wait for a proof fail. Any thread; idempotent. */
  void end() {
    ended = true;
    resumeReads();
  }

  private void dueRound() {
    isDue = false;
    round();
  }

  private void round() {
    if (underWay || membership.isStopping()) return;
    // Who is on the way out is healthy on record: another nexus may have taken and believe it.
    if (!membership.retirements().areOver()) {
      askLater();
      return;
    }
    underWay = true;
    int losses = membership.losses();
    long startNs = home.nowNs();
    long startMs = clock.millis();
    var healthy = new ArrayList<Child>();
    for (Child child : membership.members()) if (child.isHealthy()) healthy.add(child);
    witness.ask(
        healthy, verdict -> home.execute(() -> answered(verdict, startNs, startMs, losses)));
  }

  private void answered(Verdict verdict, long startNs, long startMs, int losses) {
    underWay = false;
    boolean isLate = membership.losses() != losses;
    switch (isLate ? Answer.UNKNOWN : verdict.answer()) {
      case OURS -> {
        membership.proven(losses);
        provenNs = startNs;
        provenMs = startMs;
        wanted = false;
        hopeless = false;
        resumeReads();
      }
      case TAKEN -> membership.conflict(verdict.taken().getFirst());
      case FOLLOWED -> membership.wasFollowed();
      case UNKNOWN -> askLater();
    }
  }

  /** Who does not answer will, or goes out; the last one stays in, and reads fail. */
  private void askLater() {
    hopeless = membership.lastIsGone();
    if (hopeless) resumeReads();
    if (isDue) return;
    isDue = true;
    home.schedule(windowNs / ATTEMPTS, laterTask);
  }

  private void resumeReads() {
    for (Lane lane : lanes) lane.reactor().execute(lane::resumeReads);
  }
}
