package io.tenon.stores.internal;

import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.Listing;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreStatus;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store that everyone else holds, whichever store keeps things behind it. Ready, or vacant from when one leaves until its successor has
 * shown that it holds the same.
 */
final class StoreSlot implements MetadataStore, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StoreSlot.class);

  /** Entries that a successor must show. */
  private static final int SAMPLES = 8;

  /** A store that leaves waits this long for calls under way; it ends what is left. */
  private static final Duration DRAIN = Duration.ofSeconds(2);

  /** A store that leaves is read this long, and its successor at a time. */
  private static final Duration LOOK = Duration.ofMillis(500);

  /** One that cannot be read yet is not asked more often than so, and is asked after {@link #PATIENCE} whether or not it has said anything. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Duration patience;
  private final InstantSource clock;
  private final Executor blocking;
  private final RecentKeys recent = new RecentKeys(SAMPLES);

  /** Guards what follows. Held for moments, never while a store is asked. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition moved = lock.newCondition();

  /** In the order in which they came; the first that is not refused serves or will. */
  private final List<MetadataStore> present = new ArrayList<>();

  private final Set<SlotWatch> watches = new LinkedHashSet<>();
  private final Set<SlotLease> leases = new LinkedHashSet<>();
  private final Set<Waiting> waiting = new LinkedHashSet<>();
  private @Nullable Inside inside;
  private @Nullable MetadataStore candidate;
  private @Nullable Known known;
  private @Nullable StoreStatus vacancy;
  private long refusedFromNs;
  private boolean departing;
  private boolean examining;
  private boolean closed;

  /** A store that serves, and the calls that it is asked. */
  private static final class Inside {
    final MetadataStore store;
    volatile boolean leaving;
    int calls;

    Inside(MetadataStore store) {
      this.store = store;
    }
  }

  /** A call that came while no store was there. */
  private static final class Waiting {
    @Nullable Inside given;
  }

  @FunctionalInterface
  private interface Call<T> {
    T of(MetadataStore store, Duration within) throws StoreException;
  }

  /**
   * @param patience calls wait this long for a successor
   * @param blocking runs what asks a successor
   */
  StoreSlot(Duration patience, InstantSource clock, Executor blocking) {
    this.patience = patience;
    this.clock = clock;
    this.blocking = blocking;
    this.refusedFromNs = System.nanoTime();
  }

  // Stores come and go.

  void came(MetadataStore store) {
    lock.lock();
    try {
      present.add(store);
      offer();
    } finally {
      lock.unlock();
    }
  }

  /** The first store is taken as it is: it need not be readable yet. */
  private void offer() {
    if (closed || departing || examining || inside != null || candidate != null) return;
    if (present.isEmpty()) return;
    var next = present.getFirst();
    if (known == null) {
      serve(next);
      return;
    }
    candidate = next;
    examining = true;
    var before = known;
    blocking.execute(() -> examine(next, before));
  }

  private void serve(MetadataStore store) {
    candidate = null;
    vacancy = null;
    var now = new Inside(store);
    inside = now;
    letWaitingIn(now);
    for (SlotWatch watch : watches) {
      now.calls++;
      blocking.execute(() -> follow(watch, now));
    }
  }

  /** Here and not when they wake: a store that leaves at once still answers them, so no call waits for ever beside stores that come and go. */
  private void letWaitingIn(Inside now) {
    for (Waiting call : waiting) {
      call.given = now;
      now.calls++;
    }
    waiting.clear();
    moved.signalAll();
  }

  private void follow(SlotWatch watch, Inside now) {
    try {
      watch.follow(now.store);
    } finally {
      leave(now);
    }
  }

  private void examine(MetadataStore store, Known before) {
    try {
      admit(store, before);
    } finally {
      lock.lock();
      try {
        examining = false;
        moved.signalAll();
        offer();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Until it is let in or refused, or goes away again. */
  private void admit(MetadataStore store, Known before) {
    boolean same = before.isOf(store);
    while (isCandidate(store)) {
      try {
        var wrong = same ? before.contradicts(store, LOOK) : Optional.<String>empty();
        if (wrong.isPresent()) refuse(store, wrong.get());
        else letIn(store, same);
        return;
      } catch (StoreException e) {
        tell("The next one cannot be read yet: " + e.why());
        if (!awaitReadable(store, before)) return;
      }
    }
  }

  /**
   * Until it says by itself that it can be read, or is not wanted any more.
   *
   * @return false when the node ends
   */
  private boolean awaitReadable(MetadataStore store, Known before) {
    var readable = new AtomicBoolean();
    // The first event of a watch comes when the store can be read.
    try (var _ = store.watch(before.somewhere(), _ -> isReadable(readable))) {
      return await(store, LOOK_AGAIN, () -> false) && await(store, PATIENCE, readable::get);
    }
  }

  private void isReadable(AtomicBoolean readable) {
    lock.lock();
    try {
      readable.set(true);
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean await(MetadataStore store, Duration within, BooleanSupplier what) {
    lock.lock();
    try {
      long leftNs = within.toNanos();
      while (!what.getAsBoolean() && store.equals(candidate) && leftNs > 0) {
        leftNs = moved.awaitNanos(leftNs);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void letIn(MetadataStore store, boolean same) throws StoreException {
    var held = leases();
    if (same) {
      for (SlotLease lease : held) lease.moveTo(store, LOOK);
    } else {
      log.warn("Another metadata store is used from now on: {}", store.status().place());
      held.forEach(lease -> lease.lose("Another metadata store is used from now on."));
      for (SlotWatch watch : watches()) {
        watch.readAgain("Another metadata store is used from now on.");
      }
    }
    lock.lock();
    try {
      if (store.equals(candidate)) serve(store);
    } finally {
      lock.unlock();
    }
  }

  private void refuse(MetadataStore store, String why) {
    lock.lock();
    try {
      if (!store.equals(candidate)) return;
      candidate = null;
      present.remove(store);
      log.error("The metadata store that came is not used: {}", why);
      tell("The one that came is not its successor and is not used. " + why);
    } finally {
      lock.unlock();
    }
  }

  private boolean isCandidate(MetadataStore store) {
    lock.lock();
    try {
      return store.equals(candidate);
    } finally {
      lock.unlock();
    }
  }

  private void tell(String problem) {
    lock.lock();
    try {
      var now = vacancy;
      if (now == null || now.problem().equals(problem)) return;
      vacancy = vacant(now, problem, clock.instant());
    } finally {
      lock.unlock();
    }
  }

  private StoreStatus vacant(StoreStatus last, String problem, Instant since) {
    return new StoreStatus(
        last.kind(), last.place(), problem, since, last.version(), watches.size(), leases.size());
  }

  /** Blocks until it may go: then nobody asks it any more. */
  void leaves(MetadataStore store) {
    var last = store.status();
    Inside leaving;
    lock.lock();
    try {
      present.remove(store);
      if (store.equals(candidate)) {
        candidate = null;
        moved.signalAll();
        while (examining) moved.awaitUninterruptibly();
        for (SlotLease lease : leases) lease.leave();
        return;
      }
      leaving = inside;
      if (leaving == null || !leaving.store.equals(store)) return;
      leaving.leaving = true;
      inside = null;
      departing = true;
      refusedFromNs = System.nanoTime() + patience.toNanos();
      vacancy =
          vacant(
              last, "Its bundle is being replaced, or was stopped; calls wait.", clock.instant());
      drain(leaving);
    } finally {
      lock.unlock();
    }
    for (SlotWatch watch : watches()) watch.leave();
    for (SlotLease lease : leases()) lease.leave();
    var shown = Known.of(store, recent.all(), LOOK);
    lock.lock();
    try {
      known = shown;
      departing = false;
      offer();
    } finally {
      lock.unlock();
    }
  }

  private void drain(Inside leaving) {
    long leftNs = DRAIN.toNanos();
    try {
      while (leaving.calls > 0 && leftNs > 0) leftNs = moved.awaitNanos(leftNs);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (leaving.calls > 0) {
      log.warn("{} calls of the metadata store are still under way while it ends", leaving.calls);
    }
  }

  private List<SlotWatch> watches() {
    lock.lock();
    try {
      return List.copyOf(watches);
    } finally {
      lock.unlock();
    }
  }

  private List<SlotLease> leases() {
    lock.lock();
    try {
      return List.copyOf(leases);
    } finally {
      lock.unlock();
    }
  }

  /** Calls that wait are refused. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      inside = null;
      candidate = null;
      moved.signalAll();
    } finally {
      lock.unlock();
    }
    for (SlotLease lease : leases()) lease.lose("The node stops using its metadata store.");
    for (SlotWatch watch : watches()) watch.readAgain("The node stops using its metadata store.");
  }

  // Calls.

  /** What a leaving store has certainly not done is asked of the next one, as long as there is time. */
  private <T> T call(Duration within, Call<T> call) throws StoreException {
    long endNs = System.nanoTime() + within.toNanos();
    while (true) {
      var asked = enter(endNs);
      try {
        return call.of(asked.store, Duration.ofNanos(Math.max(0, endNs - System.nanoTime())));
      } catch (StoreUnavailableException e) {
        if (!asked.leaving || System.nanoTime() - endNs >= 0) throw e;
      } finally {
        leave(asked);
      }
    }
  }

  private Inside enter(long endNs) throws StoreUnavailableException {
    lock.lock();
    try {
      var now = inside;
      if (now == null) return awaitStore(endNs);
      now.calls++;
      return now;
    } finally {
      lock.unlock();
    }
  }

  private Inside awaitStore(long endNs) throws StoreUnavailableException {
    var call = new Waiting();
    waiting.add(call);
    try {
      while (call.given == null) {
        long nowNs = System.nanoTime();
        long leftNs = Math.min(endNs - nowNs, refusedFromNs - nowNs);
        if (closed || leftNs <= 0) throw nobodyThere();
        var _ = moved.awaitNanos(leftNs);
      }
      return call.given;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      if (call.given != null) return call.given;
      throw new StoreUnavailableException("The call was interrupted while it waited.", "");
    } finally {
      waiting.remove(call);
    }
  }

  private StoreUnavailableException nobodyThere() {
    var now = vacancy;
    return new StoreUnavailableException(
        now == null ? "This node has no metadata store now." : now.problem(),
        "See the node's log for why; etc/io.tenon.metadata.cfg says which one it is to use.");
  }

  private void leave(Inside asked) {
    lock.lock();
    try {
      asked.calls--;
      if (asked.leaving && asked.calls == 0) moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<Entry> get(Key key, Duration within) throws StoreException {
    recent.used(key);
    return call(within, (store, left) -> store.get(key, left));
  }

  @Override
  public Listing list(Prefix prefix, Duration within) throws StoreException {
    return call(within, (store, left) -> store.list(prefix, left));
  }

  @Override
  public Version commit(Transaction transaction, Duration within) throws StoreException {
    recent.used(transaction);
    return call(within, (store, left) -> store.commit(transaction, left));
  }

  @Override
  public Watch watch(Prefix prefix, Watch.Listener listener) {
    return begin(new SlotWatch(prefix, null, listener, this::forget));
  }

  @Override
  public Watch watch(Prefix prefix, Version after, Watch.Listener listener) {
    return begin(new SlotWatch(prefix, after, listener, this::forget));
  }

  private Watch begin(SlotWatch watch) {
    Inside now;
    lock.lock();
    try {
      watches.add(watch);
      now = inside;
      if (now != null) now.calls++;
    } finally {
      lock.unlock();
    }
    if (now != null) follow(watch, now);
    return watch;
  }

  private void forget(SlotWatch watch) {
    lock.lock();
    try {
      watches.remove(watch);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Lease grant(Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException {
    var lease = new SlotLease(this, listener);
    return call(
        within,
        (store, left) -> {
          lease.take(ear -> store.grant(timeToLive, ear, left));
          return enlist(lease);
        });
  }

  @Override
  public Lease adopt(LeaseId id, Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException {
    var lease = new SlotLease(this, listener);
    return call(
        within,
        (store, left) -> {
          lease.take(ear -> store.adopt(id, timeToLive, ear, left));
          return enlist(lease);
        });
  }

  private SlotLease enlist(SlotLease lease) {
    lock.lock();
    try {
      if (!lease.hasEnded()) leases.add(lease);
    } finally {
      lock.unlock();
    }
    return lease;
  }

  void forget(SlotLease lease) {
    lock.lock();
    try {
      leases.remove(lease);
    } finally {
      lock.unlock();
    }
  }

  /** By the store that has it now. */
  void revoke(SlotLease lease, Duration within) throws StoreException {
    var _ =
        call(
            within,
            (_, left) -> {
              lease.current().revoke(left);
              return lease;
            });
  }

  @Override
  public StoreStatus status() {
    MetadataStore store;
    lock.lock();
    try {
      if (inside == null) {
        return vacancy != null
            ? vacant(vacancy, vacancy.problem(), vacancy.since())
            : new StoreStatus(
                "none", "", "No store was ever there.", clock.instant(), Version.NONE, 0, 0);
      }
      store = inside.store;
    } finally {
      lock.unlock();
    }
    return store.status();
  }
}
