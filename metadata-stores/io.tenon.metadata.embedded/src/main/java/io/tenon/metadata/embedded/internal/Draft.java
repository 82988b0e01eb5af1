package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.Change;
import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Transaction.Operation;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent.Changed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** What the state becomes when a batch of transactions is durable. Thrown away when it does not come to that. */
final class Draft {
  private final State state;
  private final Predicate<LeaseId> leases;
  private final TreeMap<Key, Optional<Entry>> overlay = new TreeMap<>();
  private final List<Changed> transactions = new ArrayList<>();
  private Version version;

  /**
   * @param leases which ones there are
   */
  Draft(State state, Predicate<LeaseId> leases) {
    this.state = state;
    this.leases = leases;
    this.version = state.version();
  }

  private Optional<Entry> get(Key key) {
    var changed = overlay.get(key);
    return changed == null ? state.get(key) : changed;
  }

  /** Keys that go with a lease, of the state and of the batch. */
  List<Key> heldBy(LeaseId lease) {
    var keys = new ArrayList<Key>();
    for (Key key : state.heldBy(lease)) if (!overlay.containsKey(key)) keys.add(key);
    overlay.forEach(
        (key, entry) -> {
          if (entry.flatMap(Entry::lease).filter(lease::equals).isPresent()) keys.add(key);
        });
    return keys;
  }

  /**
   * Adds a transaction, or nothing of it.
   *
   * @return the version that the store has with it
   */
  Version add(Transaction transaction) throws StoreException {
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
          && put.lease().filter(lease -> !leases.test(lease)).isPresent()) {
        throw new LeaseLostException(put.lease().get().toString());
      }
    }
    var next = new Version(version.value() + 1);
    var changes = new ArrayList<Change>();
    for (Operation operation : transaction.operations()) {
      switch (operation) {
        case Operation.Put put -> {
          var entry = new Entry(put.key(), put.value(), next, put.lease());
          overlay.put(put.key(), Optional.of(entry));
          changes.add(new Change.Written(entry));
        }
        case Operation.Delete delete -> {
          if (get(delete.key()).isEmpty()) continue;
          overlay.put(delete.key(), Optional.empty());
          changes.add(new Change.Deleted(delete.key()));
        }
      }
    }
    if (changes.isEmpty()) return version;
    transactions.add(new Changed(next, changes));
    version = next;
    return version;
  }

  /** As one transaction, however many they are. */
  void deleteAll(List<Key> keys) {
    version = new Version(version.value() + 1);
    var changes = new ArrayList<Change>();
    for (Key key : keys) {
      overlay.put(key, Optional.empty());
      changes.add(new Change.Deleted(key));
    }
    transactions.add(new Changed(version, changes));
  }

  /** Those that change something, in order. */
  List<Changed> transactions() {
    return transactions;
  }

  /** It is durable now. */
  void publish() {
    overlay.forEach((key, entry) -> entry.ifPresentOrElse(state::put, () -> state.delete(key)));
    state.reached(version);
  }
}
