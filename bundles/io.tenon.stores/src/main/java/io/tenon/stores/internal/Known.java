package io.tenon.stores.internal;

import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreStatus;
import io.tenon.metadata.Version;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a store showed when it left; whoever takes its place must show it too, or something newer.
 *
 * @param status then
 * @param entries by key, also those that were not there
 */
record Known(StoreStatus status, Map<Key, Optional<Entry>> entries) {
  /** Looks at a store that serves nobody any more. What cannot be read in time is not asked of the successor either. */
  static Known of(MetadataStore store, List<Key> keys, Duration within) {
    var found = new LinkedHashMap<Key, Optional<Entry>>();
    long endNs = System.nanoTime() + within.toNanos();
    try {
      for (Key key : keys) {
        long leftNs = endNs - System.nanoTime();
        if (leftNs <= 0) break;
        found.put(key, store.get(key, Duration.ofNanos(leftNs)));
      }
    } catch (StoreException e) {
      // It cannot be read now, and may leave nevertheless.
    }
    return new Known(store.status(), found);
  }

  /** Where little is: to hear whether a store can be read. */
  Prefix somewhere() {
    var keys = entries.keySet().iterator();
    return Prefix.of(keys.hasNext() ? keys.next().toString() : "/io.tenon.stores/nothing");
  }

  /** Whether it keeps its things in the same place, and so is to hold the same things. */
  boolean isOf(MetadataStore store) {
    var now = store.status();
    return now.kind().equals(status.kind()) && now.place().equals(status.place());
  }

  /**
   * @return why a store is not the successor of the one that left, a sentence; empty when it is
   * @throws StoreException when it cannot be read now
   */
  Optional<String> contradicts(MetadataStore store, Duration within) throws StoreException {
    var shown = new LinkedHashMap<Key, Optional<Entry>>();
    for (Key key : entries.keySet()) shown.put(key, store.get(key, within));
    var now = store.status().version();
    // Some learn their version only by what they read.
    if (!entries.isEmpty() && status.version().isAfter(now)) {
      return Optional.of(
          "It is at version %s; the one before it had reached %s."
              .formatted(now, status.version()));
    }
    for (var entry : entries.entrySet()) {
      var before = entry.getValue();
      var after = shown.getOrDefault(entry.getKey(), Optional.empty());
      if (!before.equals(after) && !isLater(after, now)) {
        return Optional.of(
            "It shows %s at %s, where %s was."
                .formatted(text(after), entry.getKey(), text(before)));
      }
    }
    return Optional.empty();
  }

  /** Whether it can have become so after the other one left. */
  private boolean isLater(Optional<Entry> after, Version now) {
    return after.map(Entry::version).orElse(now).isAfter(status.version());
  }

  private static String text(Optional<Entry> entry) {
    return entry.map(there -> "version " + there.version()).orElse("nothing");
  }
}
