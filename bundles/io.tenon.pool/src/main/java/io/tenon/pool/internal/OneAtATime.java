package io.tenon.pool.internal;

import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.reactor.Reactor;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;

/** A lock whose holder says what it does, so that whoever waits too long can be told. First come, first served. */
final class OneAtATime {
  /** Held until closed. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  private record Waiter(String doing, CompletableFuture<Boolean> turn) {}

  private final String of;
  private final Reactor reactor;
  private final InstantSource clock;
  private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
  private boolean taken;
  private String doing = "";
  private Instant since = Instant.EPOCH;

  /**
   * @param of what it guards; for people
   * @param reactor whose timers end waiting
   */
  OneAtATime(String of, Reactor reactor, InstantSource clock) {
    this.of = of;
    this.reactor = reactor;
    this.clock = clock;
  }

  /** However long it takes: for what follows from events, and nobody waits for. */
  Held take(String doingNext) {
    var turn = request(doingNext).turn();
    var _ = turn.join();
    return this::release;
  }

  /**
   * @param what will not have happened; a sentence
   * @throws PoolException {@link Kind#BUSY}
   */
  Held take(String doingNext, String what, long patienceNs) throws PoolException {
    var waiter = request(doingNext);
    if (Patience.sees(waiter.turn(), patienceNs, reactor)) return this::release;
    // It may be its turn just now.
    if (!waiter.turn().complete(false)) return this::release;
    throw busy(what);
  }

  /** Somebody has it, or waits for it. */
  synchronized boolean isWanted() {
    return taken || !waiting.isEmpty();
  }

  private synchronized Waiter request(String doingNext) {
    var waiter = new Waiter(doingNext, new CompletableFuture<>());
    if (taken) waiting.add(waiter);
    else grant(waiter);
    return waiter;
  }

  /** Whose time was up has left a waiter behind that does not take its turn. */
  private boolean grant(Waiter next) {
    if (!next.turn().complete(true)) return false;
    taken = true;
    doing = next.doing();
    since = clock.instant();
    return true;
  }

  private synchronized void release() {
    taken = false;
    while (!waiting.isEmpty()) {
      if (grant(waiting.remove())) return;
    }
  }

  private synchronized PoolException busy(String what) {
    waiting.removeIf(waiter -> waiter.turn().isDone());
    String why =
        taken
            ? "%s is busy since %s: %s".formatted(of, since.truncatedTo(ChronoUnit.SECONDS), doing)
            : of + " was busy until now.";
    return new PoolException(Kind.BUSY, what, why, "Try again when that has ended.");
  }
}
