package io.tenon.simulation;

import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.StoreException;
import java.time.Duration;
import java.util.function.Consumer;

/** Renewed four times in its time to live; held, by its own clock, from when the last renewal was asked for. */
final class SimLease implements Lease {
  private static final int RENEWALS = 4;

  private final SimStoreClient client;
  private final LeaseId id;
  private final Duration timeToLive;
  private final Listener listener;
  private final Consumer<SimLease> whenEnded;
  private final SimThreads threads;
  private long heldUntilNs;
  private boolean ended;

  SimLease(
      SimStoreClient client,
      LeaseId id,
      Duration timeToLive,
      long askedNs,
      Listener listener,
      Consumer<SimLease> whenEnded) {
    this.client = client;
    this.id = id;
    this.timeToLive = timeToLive;
    this.heldUntilNs = askedNs + timeToLive.toNanos();
    this.listener = listener;
    this.whenEnded = whenEnded;
    this.threads = new SimThreads(client.world());
  }

  void renewLater() {
    long pauseNs = timeToLive.toNanos() / RENEWALS;
    long leftNs = heldUntilNs - client.world().nowNs();
    client.world().schedule(Math.max(0, Math.min(pauseNs, leftNs)), this::renew);
  }

  private void renew() {
    if (ended) return;
    long nowNs = client.world().nowNs();
    if (nowNs >= heldUntilNs) {
      lose("It could not be renewed in time.");
      return;
    }
    var store = client.store();
    boolean answers = client.isReachable() && store.frozenForNs() == 0;
    if (answers && !store.by(store.faults().unavailable())) {
      if (!store.renew(id)) {
        lose("The store does not know it any more.");
        return;
      }
      heldUntilNs = nowNs + timeToLive.toNanos();
    }
    renewLater();
  }

  private void lose(String why) {
    end();
    threads.start(() -> listener.lost(id, why));
  }

  private void end() {
    ended = true;
    whenEnded.accept(this);
  }

  @Override
  public LeaseId id() {
    return id;
  }

  @Override
  public Duration timeToLive() {
    return timeToLive;
  }

  @Override
  public Duration heldFor() {
    return ended
        ? Duration.ZERO
        : Duration.ofNanos(Math.max(0, heldUntilNs - client.world().nowNs()));
  }

  @Override
  public void revoke(Duration within) throws StoreException {
    if (!ended) end();
    client.revoke(id, within);
  }
}
