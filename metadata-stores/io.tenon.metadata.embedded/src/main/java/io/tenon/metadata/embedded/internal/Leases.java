package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.StoreException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * Leases of a store that one process has for itself: holder and store live and die together, so nothing has to be renewed. Only the
 * store's bundle may be replaced before the process ends; so a store that is opened waits a while for holders of leases of the one before it.
 */
final class Leases {
  static final Duration WITHIN = Duration.ofSeconds(30);

  /** Has the keys deleted of leases that have ended. */
  @FunctionalInterface
  interface Sweep {
    void run(Duration within) throws StoreException;
  }

  private final ConcurrentHashMap<LeaseId, Held> held = new ConcurrentHashMap<>();

  /** A holder of an earlier store must not be taken for one of this. */
  private final SecureRandom random = new SecureRandom();

  /** Of the store before this one, not adopted yet. */
  private final Set<LeaseId> left = ConcurrentHashMap.newKeySet();

  /** Those whose keys may still be there. */
  private final ConcurrentLinkedQueue<LeaseId> ended = new ConcurrentLinkedQueue<>();

  private final Sweep sweep;

  Leases(Sweep sweep) {
    this.sweep = sweep;
  }

  private record Held(Leases leases, LeaseId id, Duration timeToLive, Lease.Listener listener)
      implements Lease {
    /** It is, as long as this process lives; nobody counts. */
    @Override
    public Duration heldFor() {
      return leases.held.containsKey(id) ? timeToLive : Duration.ZERO;
    }

    @Override
    public void revoke(Duration within) throws StoreException {
      if (leases.held.remove(id) != null) leases.ended.add(id);
      leases.sweep.run(within);
    }
  }

  Lease grant(Duration timeToLive, Lease.Listener listener) {
    var lease =
        new Held(this, new LeaseId(random.nextLong(1, Long.MAX_VALUE)), timeToLive, listener);
    held.put(lease.id(), lease);
    return lease;
  }

  /** Leases of the store before this one. */
  void inherit(Set<LeaseId> found) {
    left.addAll(found);
  }

  Lease adopt(LeaseId id, Duration timeToLive, Lease.Listener listener) throws LeaseLostException {
    if (!left.remove(id)) throw new LeaseLostException(id.toString());
    var lease = new Held(this, id, timeToLive, listener);
    held.put(id, lease);
    return lease;
  }

  /** Those that the next store inherits. */
  Set<LeaseId> all() {
    var all = new HashSet<>(left);
    all.addAll(held.keySet());
    return all;
  }

  /** Nobody has come for them. */
  void endInherited() {
    for (LeaseId lease : List.copyOf(left)) {
      if (left.remove(lease)) ended.add(lease);
    }
  }

  boolean isHeld(LeaseId lease) {
    return held.containsKey(lease);
  }

  boolean hasEnded() {
    return !ended.isEmpty();
  }

  List<LeaseId> ended() {
    return List.copyOf(ended);
  }

  /** Their keys are gone. */
  void forget(List<LeaseId> swept) {
    ended.removeAll(swept);
  }

  int count() {
    return held.size();
  }

  void loseAll(String why, Executor executor) {
    for (Held lease : List.copyOf(held.values())) {
      if (held.remove(lease.id()) != null) {
        executor.execute(() -> lease.listener().lost(lease.id(), why));
      }
    }
  }
}
