package io.tenon.stores.internal;

import io.tenon.error.Check;
import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.StoreException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A lease that one store after the other renews. */
final class SlotLease implements Lease {
  private final StoreSlot slot;
  private final Lease.Listener holder;

  /** Lost and told so, or revoked: its holder hears nothing any more. */
  private final AtomicBoolean ended = new AtomicBoolean();

  /** What the store tells that has it now; null while none has. */
  private volatile @Nullable Ear ear;

  private volatile @Nullable Lease inner;

  /** While no store has it: what the last one was certain of. */
  private volatile long heldUntilNs;

  SlotLease(StoreSlot slot, Lease.Listener holder) {
    this.slot = slot;
    this.holder = holder;
  }

  /** Hears one store. One that has left says that the lease is lost, which is not so as long as the next one renews it in time. */
  private final class Ear implements Lease.Listener {
    private volatile @Nullable String lost;

    @Override
    public void lost(LeaseId lease, String why) {
      lost = why;
      tell();
    }

    void tell() {
      var why = lost;
      if (why != null && ear == this) lose(why);
    }
  }

  /** Asks a store for the lease; what it tells of it from now on counts. */
  @FunctionalInterface
  interface Grant {
    Lease with(Lease.Listener listener) throws StoreException;
  }

  void take(Grant grant) throws StoreException {
    var now = new Ear();
    inner = grant.with(now);
    ear = now;
    now.tell();
  }

  void leave() {
    heldUntilNs = System.nanoTime() + heldFor().toNanos();
    ear = null;
  }

  /**
   * Has it renewed by the next store.
   *
   * @throws StoreException when that cannot be said yet
   */
  void moveTo(MetadataStore store, Duration within) throws StoreException {
    try {
      take(listener -> store.adopt(id(), timeToLive(), listener, within));
    } catch (LeaseLostException e) {
      lose(e.why());
    }
  }

  Lease current() {
    var now = inner;
    if (now == null) throw Check.bug("a lease is used before it was granted");
    return now;
  }

  boolean hasEnded() {
    return ended.get();
  }

  @Override
  public LeaseId id() {
    return current().id();
  }

  @Override
  public Duration timeToLive() {
    return current().timeToLive();
  }

  @Override
  public Duration heldFor() {
    if (hasEnded()) return Duration.ZERO;
    if (ear != null) return current().heldFor();
    return Duration.ofNanos(Math.max(0, heldUntilNs - System.nanoTime()));
  }

  @Override
  public void revoke(Duration within) throws StoreException {
    ended.set(true);
    try {
      slot.revoke(this, within);
    } finally {
      slot.forget(this);
    }
  }

  void lose(String why) {
    if (!ended.compareAndSet(false, true)) return;
    slot.forget(this);
    holder.lost(id(), why);
  }
}
