package io.tenon.stores.internal;

import io.tenon.metadata.Key;
import io.tenon.metadata.Transaction;
import java.util.ArrayDeque;
import java.util.List;

/** The last keys that somebody used. Any thread. */
final class RecentKeys {
  private final ArrayDeque<Key> keys = new ArrayDeque<>();
  private final int most;

  RecentKeys(int most) {
    this.most = most;
  }

  synchronized void used(Key key) {
    keys.remove(key);
    keys.addLast(key);
    if (keys.size() > most) keys.removeFirst();
  }

  void used(Transaction transaction) {
    for (var operation : transaction.operations()) {
      switch (operation) {
        case Transaction.Operation.Put put -> used(put.key());
        case Transaction.Operation.Delete delete -> used(delete.key());
      }
    }
  }

  synchronized List<Key> all() {
    return List.copyOf(keys);
  }
}
