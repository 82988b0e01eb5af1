package io.tenon.pool.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.pool.AbsentPool;
import io.tenon.pool.PoolException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Pools that the node had when it went, on their way back. */
final class ReturningPools {
  private static final Logger log = LoggerFactory.getLogger(ReturningPools.class);

  /** Loads a pool, or says why that cannot be. */
  interface BringBack {
    void run(KnownPool pool) throws PoolException;
  }

  private final PoolParts parts;
  private final BringBack bringBack;

  /** By name; guarded by itself. */
  private final TreeMap<String, AbsentPool> absent = new TreeMap<>();

  private boolean closed;

  ReturningPools(PoolParts parts, BringBack bringBack) {
    this.parts = parts;
    this.bringBack = bringBack;
  }

  /**
   * @return done when those have been tried once that a service before this one has left
   */
  CompletableFuture<Void> start() {
    var left = new ArrayList<CompletableFuture<Void>>();
    for (KnownPool known : parts.memory().pools()) {
      boolean isLeft = isLeft(known);
      var tried = start(known);
      if (isLeft) left.add(tried);
    }
    return CompletableFuture.allOf(left.toArray(CompletableFuture[]::new));
  }

  /**
   * This one alone.
   *
   * @return done when it has been tried once
   */
  CompletableFuture<Void> start(KnownPool known) {
    var since = parts.clock().instant();
    var tried = new CompletableFuture<Void>();
    synchronized (absent) {
      if (closed) return CompletableFuture.completedFuture(null);
      absent.put(
          known.name(),
          new AbsentPool(known.name(), known.uuid(), known.disk(), since, "It is being imported."));
    }
    Retrying.start(parts, () -> isSettled(known, tried));
    return tried;
  }

  /** Its disk is open, and kept for it. */
  private boolean isLeft(KnownPool known) {
    return parts
        .devices()
        .find(PoolDisk.uri(known.disk()))
        .flatMap(DeviceSlot::claimedBy)
        .isPresent();
  }

  private boolean isSettled(KnownPool known, CompletableFuture<Void> tried) {
    try {
      return isSettled(known);
    } finally {
      tried.complete(null);
    }
  }

  /**
   * @return true when it is loaded, or not waited for any more
   */
  private boolean isSettled(KnownPool known) {
    if (!isWanted(known)) return true;
    try {
      bringBack.run(known);
      drop(known.name());
      return true;
    } catch (PoolException e) {
      waits(known, e);
      return false;
    }
  }

  private boolean isWanted(KnownPool known) {
    synchronized (absent) {
      var waiting = absent.get(known.name());
      return waiting != null && waiting.uuid().equals(known.uuid());
    }
  }

  private void waits(KnownPool known, PoolException why) {
    String reason = why.why().isEmpty() ? why.what() : why.why();
    synchronized (absent) {
      var before = absent.get(known.name());
      if (before == null || before.reason().equals(reason)) return;
      absent.put(
          known.name(),
          new AbsentPool(before.name(), before.uuid(), before.disk(), before.since(), reason));
    }
    log.warn("pool {}: waits for disk {}: {}", known.name(), known.disk(), why.getMessage());
  }

  /**
   * Somebody has it, or does not want it any more.
   *
   * @return false when it was not waited for
   */
  boolean drop(String name) {
    synchronized (absent) {
      return absent.remove(name) != null;
    }
  }

  List<AbsentPool> all() {
    synchronized (absent) {
      return List.copyOf(absent.values());
    }
  }

  /** Nothing is tried any more. */
  void close() {
    synchronized (absent) {
      closed = true;
      absent.clear();
    }
  }
}
