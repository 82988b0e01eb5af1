package io.tenon.simulation;

import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.Listing;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreStatus;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A node's way to the {@link SimStore}. Stricter than the stores of this world: it may be called only where blocking is allowed, in {@link
 * SimThreads}; its answers take time, and a change without an answer may still be done long after its caller was told.
 */
public final class SimStoreClient implements MetadataStore {
  private static final long FASTEST_NS = 100_000;
  private static final long SLOWEST_NS = 5_000_000;

  private final SimWorld world;
  private final SimStore store;
  private final List<SimWatch> watches = new ArrayList<>();
  private final List<SimLease> leases = new ArrayList<>();
  private boolean cutOff;
  private String problem = "";
  private Instant since;

  SimStoreClient(SimWorld world, SimStore store) {
    this.world = world;
    this.store = store;
    this.since = world.clock().instant();
  }

  /** Only this node cannot reach it any more. */
  public void cutOff() {
    cutOff = true;
  }

  public void reconnect() {
    cutOff = false;
  }

  boolean isReachable() {
    return store.isUp() && !cutOff;
  }

  SimStore store() {
    return store;
  }

  SimWorld world() {
    return world;
  }

  /** What the server does. */
  @FunctionalInterface
  private interface Work<T> {
    T done() throws StoreException;
  }

  private <T> T call(Work<T> work, Duration within, boolean harmless) throws StoreException {
    if (!Thread.currentThread().isVirtual()) {
      throw new AssertionError("a store is called where nothing may block");
    }
    var answer = new CompletableFuture<T>();
    world.schedule(
        within.toNanos(),
        () ->
            answer.completeExceptionally(
                harmless
                    ? new StoreUnavailableException("No answer in time.", "")
                    : new OutcomeUnknownException("No answer in time.")));
    send(work, answer);
    try {
      T result = answer.get();
      become("");
      return result;
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw harmless
          ? new StoreUnavailableException("The caller was interrupted.", "")
          : new OutcomeUnknownException("The caller was interrupted.");
    }
  }

  private StoreException failure(@Nullable Throwable problem) {
    if (!(problem instanceof StoreException failure)) throw new AssertionError(problem);
    if (failure instanceof StoreUnavailableException || failure instanceof OutcomeUnknownException)
      become(failure.why());
    failure.setStackTrace(Thread.currentThread().getStackTrace());
    return failure;
  }

  private void become(String now) {
    if (problem.isEmpty() != now.isEmpty()) since = world.clock().instant();
    problem = now;
  }

  private <T> void send(Work<T> work, CompletableFuture<T> answer) {
    var faults = store.faults();
    if (!isReachable() || store.by(faults.unavailable())) {
      world.schedule(
          delayNs(false),
          () ->
              answer.completeExceptionally(
                  new StoreUnavailableException("It cannot be reached.", "")));
      return;
    }
    if (store.by(faults.lostRequest())) return; // until its deadline
    world.schedule(delayNs(store.by(faults.late())), () -> arrive(work, answer));
    if (store.by(faults.twice())) {
      // Nobody hears how it ended.
      world.schedule(SLOWEST_NS + delayNs(true), () -> arrive(work, new CompletableFuture<>()));
    }
  }

  private long delayNs(boolean late) {
    long most = late ? store.faults().lateDelayNs() : SLOWEST_NS;
    return store.between(FASTEST_NS, Math.max(most, FASTEST_NS));
  }

  /** At the server, whether or not the caller still waits. */
  private <T> void arrive(Work<T> work, CompletableFuture<T> answer) {
    long frozenNs = store.frozenForNs();
    if (frozenNs > 0) {
      world.schedule(frozenNs, () -> arrive(work, answer));
      return;
    }
    if (!isReachable()) return; // the connection broke under way
    Runnable told;
    try {
      T result = work.done();
      told = () -> answer.complete(result);
    } catch (StoreException e) {
      told = () -> answer.completeExceptionally(e);
    }
    if (store.by(store.faults().lostAnswer())) return;
    world.schedule(delayNs(store.by(store.faults().late())), told);
  }

  @Override
  public Optional<Entry> get(Key key, Duration within) throws StoreException {
    return call(() -> store.get(key), within, true);
  }

  @Override
  public Listing list(Prefix prefix, Duration within) throws StoreException {
    return call(() -> store.list(prefix), within, true);
  }

  @Override
  public Version commit(Transaction transaction, Duration within) throws StoreException {
    return call(() -> store.commit(transaction), within, transaction.operations().isEmpty());
  }

  @Override
  public Watch watch(Prefix prefix, Watch.Listener listener) {
    return begin(prefix, null, listener);
  }

  @Override
  public Watch watch(Prefix prefix, Version after, Watch.Listener listener) {
    return begin(prefix, after, listener);
  }

  private Watch begin(Prefix prefix, @Nullable Version after, Watch.Listener listener) {
    var watch = new SimWatch(this, prefix, after, listener, watches::remove);
    watches.add(watch);
    watch.connect();
    return watch;
  }

  @Override
  public Lease grant(Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException {
    long askedNs = world.nowNs();
    LeaseId id = call(() -> store.grant(timeToLive.toNanos()), within, false);
    var lease = new SimLease(this, id, timeToLive, askedNs, listener, leases::remove);
    leases.add(lease);
    lease.renewLater();
    return lease;
  }

  @Override
  public Lease adopt(LeaseId id, Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException {
    long askedNs = world.nowNs();
    if (!call(() -> store.renew(id), within, false)) throw new LeaseLostException(id.toString());
    var lease = new SimLease(this, id, timeToLive, askedNs, listener, leases::remove);
    leases.add(lease);
    lease.renewLater();
    return lease;
  }

  void revoke(LeaseId lease, Duration within) throws StoreException {
    boolean _ =
        call(
            () -> {
              store.end(lease);
              return true;
            },
            within,
            false);
  }

  @Override
  public StoreStatus status() {
    return new StoreStatus(
        "simulated", "nowhere", problem, since, store.version(), watches.size(), leases.size());
  }
}
