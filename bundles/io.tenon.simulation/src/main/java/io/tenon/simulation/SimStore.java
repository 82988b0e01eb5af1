package io.tenon.simulation;

import io.tenon.error.Check;
import io.tenon.metadata.Change;
import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.Listing;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Transaction.Operation;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent.Changed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * The metadata store of a simulated cluster, as a server out there: outlives its clients, which each node makes with {@link #client}. What goes
 * wrong on the way to it is drawn from {@link Faults}.
 */
public final class SimStore {
  /**
   * How likely it is that a call goes wrong, each from 0 to 1.
   *
   * @param unavailable it is refused before it is sent
   * @param lateDelayNs by how much an answer or a request is late at most, when it is
   * @param late it takes long, perhaps longer than its deadline
   * @param lostRequest it never arrives; the caller cannot know
   * @param lostAnswer it is done, and the caller is not told
   * @param conflict another writer was just before: the same value, with a newer version
   * @param twice what was sent is carried out once more, at any time up to {@code lateDelayNs} later, and that answer is lost
   */
  public record Faults(
      double unavailable,
      double late,
      long lateDelayNs,
      double lostRequest,
      double lostAnswer,
      double conflict,
      double twice) {
    public static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0, 0);

    /** Nothing is carried out twice. */
    public Faults(
        double unavailable,
        double late,
        long lateDelayNs,
        double lostRequest,
        double lostAnswer,
        double conflict) {
      this(unavailable, late, lateDelayNs, lostRequest, lostAnswer, conflict, 0);
    }

    /** Some of each. */
    public static final Faults USUAL = new Faults(0.05, 0.1, 3_000_000_000L, 0.05, 0.05, 0.05);
  }

  /** Transactions that a watch can begin before. */
  private static final int MOST_REMEMBERED = 500;

  private final SimWorld world;
  private final SplittableRandom random;
  private final TreeMap<Key, Entry> entries = new TreeMap<>();
  private final List<Changed> history = new ArrayList<>();

  /** When each ends, if it is not renewed. */
  private final TreeMap<Long, Long> leases = new TreeMap<>();

  private final TreeMap<Long, Long> timesToLive = new TreeMap<>();
  private Faults faults = Faults.NONE;
  private Version version = Version.NONE;
  private Version forgotten = Version.NONE;
  private boolean up = true;
  private long frozenUntilNs;
  private long lastLease;

  public SimStore(SimWorld world) {
    this.world = world;
    this.random = world.chance();
  }

  /** For one node; its calls block in {@link SimThreads}. */
  public SimStoreClient client() {
    return new SimStoreClient(world, this);
  }

  public void faults(Faults faults) {
    this.faults = faults;
  }

  Faults faults() {
    return faults;
  }

  boolean by(double likely) {
    boolean happens = likely > 0 && random.nextDouble() < likely;
    if (happens) Tally.fault();
    return happens;
  }

  long between(long from, long to) {
    return from + random.nextLong(to - from + 1);
  }

  /** Nobody reaches it; nothing that it has answered is lost. */
  public void crash() {
    Tally.fault();
    up = false;
    world.trace().note("store is down");
  }

  public void restart() {
    up = true;
    // As etcd does: whoever held a lease gets its whole time again to renew it.
    for (long lease : List.copyOf(leases.keySet())) expireLater(lease);
  }

  /** It hears and does nothing for a while. */
  public void freeze(long forNs) {
    Tally.fault();
    frozenUntilNs = Math.max(frozenUntilNs, world.nowNs() + forNs);
  }

  public void thaw() {
    frozenUntilNs = world.nowNs();
  }

  boolean isUp() {
    return up;
  }

  long frozenForNs() {
    return Math.max(0, frozenUntilNs - world.nowNs());
  }

  /** Forgets what happened before now, so that a watch which was cut off cannot go on. */
  public void compact() {
    history.clear();
    forgotten = version;
  }

  // ---- what the server does; all at once

  Version version() {
    return version;
  }

  /** What is there at this moment; takes no time, for those who check. */
  public Optional<Entry> get(Key key) {
    return Optional.ofNullable(entries.get(key));
  }

  Listing list(Prefix prefix) {
    return new Listing(
        entries.values().stream().filter(entry -> prefix.matches(entry.key())).toList(), version);
  }

  Version commit(Transaction transaction) throws StoreException {
    if (by(faults.conflict)) meddle(transaction);
    var conflicts = new TreeMap<Key, Optional<Entry>>();
    transaction
        .expected()
        .forEach(
            (key, expected) -> {
              var found = get(key);
              if (!found.map(Entry::version).orElse(Version.NONE).equals(expected)) {
                conflicts.put(key, found);
              }
            });
    if (!conflicts.isEmpty()) throw new ConflictException(conflicts);
    for (Operation operation : transaction.operations()) {
      if (operation instanceof Operation.Put put
          && put.lease().filter(lease -> !leases.containsKey(lease.value())).isPresent()) {
        throw new LeaseLostException(put.lease().get().toString());
      }
    }
    var next = new Version(version.value() + 1);
    var changes = new ArrayList<Change>();
    for (Operation operation : transaction.operations()) {
      switch (operation) {
        case Operation.Put put ->
            changes.add(new Change.Written(new Entry(put.key(), put.value(), next, put.lease())));
        case Operation.Delete delete -> {
          if (entries.containsKey(delete.key())) changes.add(new Change.Deleted(delete.key()));
        }
      }
    }
    if (!changes.isEmpty()) happen(new Changed(next, changes));
    return version;
  }

  /** Somebody else writes what is there once more. */
  private void meddle(Transaction transaction) {
    for (Key key : transaction.expected().keySet()) {
      var there = entries.get(key);
      if (there == null) continue;
      var next = new Version(version.value() + 1);
      var again = new Entry(key, there.value(), next, there.lease());
      happen(new Changed(next, List.of(new Change.Written(again))));
      return;
    }
  }

  private void happen(Changed transaction) {
    Check.that(transaction.at().isAfter(version), "%s after %s", transaction, version);
    version = transaction.at();
    world.trace().note(version.value());
    for (Change change : transaction.changes()) {
      switch (change) {
        case Change.Written(Entry entry) -> entries.put(entry.key(), entry);
        case Change.Deleted(Key key) -> entries.remove(key);
      }
    }
    history.add(transaction);
    if (history.size() > MOST_REMEMBERED) forgotten = history.removeFirst().at();
  }

  /** Empty when it does not remember all of them. */
  Optional<List<Changed>> changesAfter(Version after) {
    if (forgotten.isAfter(after)) return Optional.empty();
    return Optional.of(history.stream().filter(each -> each.at().isAfter(after)).toList());
  }

  // ---- leases

  LeaseId grant(long ttlNs) {
    var id = new LeaseId(++lastLease);
    timesToLive.put(id.value(), ttlNs);
    leases.put(id.value(), 0L);
    expireLater(id.value());
    return id;
  }

  /** @return whether it is still there */
  boolean renew(LeaseId lease) {
    if (!leases.containsKey(lease.value())) return false;
    expireLater(lease.value());
    return true;
  }

  private void expireLater(long lease) {
    long ttlNs = timesToLive.getOrDefault(lease, 0L);
    leases.put(lease, world.nowNs() + ttlNs);
    world.schedule(ttlNs, () -> expire(lease));
  }

  private void expire(long lease) {
    var endNs = leases.get(lease);
    if (endNs == null || endNs > world.nowNs() || !up) return;
    long stillNs = frozenForNs();
    if (stillNs > 0) world.schedule(stillNs, () -> expire(lease));
    else end(new LeaseId(lease));
  }

  void end(LeaseId lease) {
    leases.remove(lease.value());
    timesToLive.remove(lease.value());
    var changes = new ArrayList<Change>();
    for (Entry entry : entries.values()) {
      if (entry.lease().filter(lease::equals).isPresent()) {
        changes.add(new Change.Deleted(entry.key()));
      }
    }
    if (!changes.isEmpty()) happen(new Changed(new Version(version.value() + 1), changes));
  }
}
