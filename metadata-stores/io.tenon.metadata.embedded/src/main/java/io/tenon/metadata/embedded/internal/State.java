package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.Listing;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.Version;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** What is there: durable, and seen by everyone. Guarded by its owner. */
final class State {
  private final TreeMap<Key, Entry> entries = new TreeMap<>();
  private Version version = Version.NONE;

  Version version() {
    return version;
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  Optional<Entry> get(Key key) {
    return Optional.ofNullable(entries.get(key));
  }

  Listing list(Prefix prefix) {
    var found = new ArrayList<Entry>();
    Collection<Entry> from =
        prefix.text().isEmpty()
            ? entries.values()
            : entries.tailMap(Key.of(prefix.text())).values();
    for (Entry entry : from) {
      if (!prefix.matches(entry.key())) break;
      found.add(entry);
    }
    return new Listing(found, version);
  }

  List<Key> heldBy(LeaseId lease) {
    return entries.values().stream()
        .filter(entry -> entry.lease().filter(lease::equals).isPresent())
        .map(Entry::key)
        .toList();
  }

  void put(Entry entry) {
    entries.put(entry.key(), entry);
  }

  void delete(Key key) {
    entries.remove(key);
  }

  void reached(Version version) {
    this.version = version;
  }
}
