package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a pool must hold: whatever was acknowledged, and perhaps what was under way when the node died. Knows nothing of how a pool
 * keeps it. One thread at a time.
 */
final class PoolInventory {
  /** As the node calls them. */
  enum Kind {
    REPLICA,
    SNAPSHOT,
    CLONE
  }

  /**
   * One of them.
   *
   * @param sizes that it may have, in bytes
   * @param content what it may hold; empty for one that nobody writes
   */
  record Item(String name, Kind kind, Set<Long> sizes, List<Ledger> content) {}

  private final Map<String, Item> certain = new TreeMap<>();
  private final Map<String, Item> perhaps = new TreeMap<>();

  void has(Item item) {
    certain.put(item.name(), item);
  }

  /** It is being deleted, and until that is answered it may be there or not. */
  void isGoing(Item item) {
    certain.remove(item.name());
    perhaps.put(item.name(), item);
  }

  /** Nobody knows whether it came to be. */
  void mayHave(Item item) {
    perhaps.put(item.name(), item);
  }

  void hasNot(Item item) {
    certain.remove(item.name());
    perhaps.remove(item.name());
  }

  List<Item> all(Kind kind) {
    return certain.values().stream().filter(item -> item.kind() == kind).toList();
  }

  /** All that is certain. */
  Collection<Item> all() {
    return List.copyOf(certain.values());
  }

  /** Nothing that is certain is missing among {@code names}, and nothing else is there but what may be. */
  void mustAgree(Collection<String> names) {
    var missing = new TreeSet<>(certain.keySet());
    missing.removeAll(names);
    assertEquals(Set.of(), missing, "acknowledged and not there");
    var strange = new TreeSet<>(names);
    strange.removeAll(certain.keySet());
    strange.removeAll(perhaps.keySet());
    assertEquals(Set.of(), strange, "there, and deleted or never made");
  }

  /**
   * What the node lists is what must be there. From now on nothing is doubtful.
   *
   * @param rows of {@code tenon:replica list} and {@code tenon:snapshot list}
   */
  void settle(List<Map<String, Object>> rows) {
    var names = new ArrayList<String>();
    for (var row : rows) names.add(String.valueOf(row.get("name")));
    assertEquals(names.size(), Set.copyOf(names).size(), () -> "listed twice: " + names);
    mustAgree(names);
    for (var row : rows) settle(row);
    perhaps.clear();
  }

  private void settle(Map<String, Object> row) {
    String name = String.valueOf(row.get("name"));
    var doubtful = perhaps.get(name);
    if (doubtful != null) certain.putIfAbsent(name, doubtful);
    var item = certain.get(name);
    if (item == null) throw new AssertionError(name);
    assertEquals(
        item.kind(), Kind.valueOf(String.valueOf(row.getOrDefault("kind", Kind.SNAPSHOT))));
    long size = Long.parseLong(String.valueOf(row.get("size")));
    assertTrue(item.sizes().contains(size), () -> item + " has " + size + " bytes");
    certain.put(name, new Item(name, item.kind(), Set.of(size), item.content()));
  }
}
