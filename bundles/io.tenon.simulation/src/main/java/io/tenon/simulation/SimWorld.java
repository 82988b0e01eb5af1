package io.tenon.simulation;

import io.tenon.error.Check;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time on one thread: whatever is next happens. Everything in it draws its chance from here, so that one seed makes
 * one run. An exception of a task ends the run: nothing in here is caught.
 */
public final class SimWorld {
  /** What is due so close to a round's beginning may be part of it. */
  private static final long ROUND_NS = 2_000;

  private final SplittableRandom random;
  private final PriorityQueue<SimEvent> events = new PriorityQueue<>();
  private final List<SimReactors> nodes = new ArrayList<>();
  private final Trace trace = new Trace();
  private final SimNetwork network;
  private final Thread thread = Thread.currentThread();
  private volatile @Nullable String disturbance;
  private long nowNs;
  private long sequence;
  private @Nullable SimReactor current;

  public SimWorld(SplittableRandom random) {
    this.random = random;
    this.network = new SimNetwork(this, random.split());
  }

  /** A generator of its own for something in this world. */
  public SplittableRandom chance() {
    return random.split();
  }

  public long nowNs() {
    return nowNs;
  }

  /** Wall clock of this world; it began in 1970. */
  public InstantSource clock() {
    return () -> Instant.ofEpochSecond(0, nowNs);
  }

  public Trace trace() {
    return trace;
  }

  public SimNetwork network() {
    return network;
  }

  /**
   * A node that runs from now on.
   *
   * @param name as people know it; a node that was restarted has the name of its predecessor
   */
  public SimReactors node(String name, int reactors) {
    var node = new SimReactors(this, name, nodes.size(), reactors);
    nodes.add(node);
    network.nodeIsUp(node);
    return node;
  }

  /** Something that happens to nodes and not in one. */
  public void schedule(long delayNs, Runnable task) {
    add(null, delayNs, task);
  }

  SimEvent add(@Nullable SimReactor reactor, long delayNs, Runnable task) {
    var here = Thread.currentThread();
    if (!here.equals(thread) && !here.isVirtual()) {
      disturbance =
          here
              + " of the real world took part: a monitor that was held while waiting, or a real time-out";
    }
    Check.that(delayNs >= 0, "delay of %d ns", delayNs);
    var event = new SimEvent(nowNs + delayNs, sequence++, reactor, task);
    events.add(event);
    return event;
  }

  boolean isCurrent(SimReactor reactor) {
    return current == reactor;
  }

  SplittableRandom random() {
    return random;
  }

  /** Runs for a while. */
  public void runFor(long ns, long mostEvents) {
    long endNs = nowNs + ns;
    schedule(ns, () -> {});
    if (!runUntil(() -> nowNs >= endNs, mostEvents)) throw new AssertionError("time stands still");
  }

  /**
   * Runs until nothing is left to happen.
   *
   * @param mostEvents more are taken for a life-lock
   */
  public void run(long mostEvents) {
    runUntil(() -> false, mostEvents);
  }

  /**
   * Runs until it holds, or nothing is left to happen.
   *
   * @return whether it holds
   */
  public boolean runUntil(BooleanSupplier holds, long mostEvents) {
    for (long left = mostEvents; !holds.getAsBoolean(); left--) {
      if (left == 0) throw new AssertionError("no end after " + mostEvents + " events");
      var next = next();
      if (next == null) return false;
      nowNs = next.atNs;
      round(next);
      var disturbed = disturbance;
      if (disturbed != null) throw new AssertionError(disturbed);
    }
    return true;
  }

  private @Nullable SimEvent next() {
    for (var next = events.poll(); next != null; next = events.poll()) {
      if (!next.isDue()) continue;
      long frozenUntilNs = next.reactor == null ? 0 : next.reactor.node().frozenUntilNs();
      if (next.atNs >= frozenUntilNs) return next;
      next.atNs = frozenUntilNs;
      events.add(next);
    }
    return null;
  }

  private void round(SimEvent first) {
    var reactor = first.reactor;
    if (reactor == null) {
      trace.note(nowNs);
      first.task.run();
      return;
    }
    current = reactor;
    try {
      performRound(reactor, first);
    } finally {
      current = null;
    }
  }

  private void performRound(SimReactor reactor, SimEvent first) {
    perform(first);
    for (var next = events.peek(); next != null; next = events.peek()) {
      if (next.reactor != reactor || next.atNs - first.atNs > ROUND_NS) break;
      if (!next.isDue()) {
        events.remove();
        continue;
      }
      if (random.nextBoolean()) break;
      events.remove();
      nowNs = next.atNs;
      perform(next);
    }
    reactor.endRound();
  }

  private void perform(SimEvent event) {
    var reactor = event.reactor;
    trace.note(nowNs ^ (reactor == null ? 0 : reactor.id()));
    event.task.run();
  }
}
