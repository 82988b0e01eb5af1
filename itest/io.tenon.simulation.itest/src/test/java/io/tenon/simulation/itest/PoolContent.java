package io.tenon.simulation.itest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** What a replica or snapshot may hold, page by page, by what hosts were told. Knows nothing of pools. */
final class PoolContent {
  static final int PAGE_BYTES = 4096;

  /** One of {@link #possible}; which, the next read tells. */
  private static final long UNSURE = -1;

  /** Nobody has promised anything. */
  private static final long ANYTHING = -2;

  private long[] value;
  private int[] changes;
  private final List<TreeSet<Long>> possible = new ArrayList<>();
  private final TreeSet<Integer> touched = new TreeSet<>();

  /** Being written: nobody knows yet. */
  private final TreeSet<Integer> underWay = new TreeSet<>();

  /**
   * @param thick its first content is nobody's
   */
  PoolContent(int pages, boolean thick) {
    value = new long[pages];
    changes = new int[pages];
    if (thick) Arrays.fill(value, ANYTHING);
    for (int i = 0; i < pages; i++) possible.add(new TreeSet<>(List.of(value[i])));
  }

  private PoolContent(PoolContent origin) {
    value = origin.value.clone();
    changes = new int[value.length];
    for (var one : origin.possible) possible.add(new TreeSet<>(one));
    touched.addAll(origin.touched);
  }

  PoolContent copy() {
    return new PoolContent(this);
  }

  int pages() {
    return value.length;
  }

  void grow(int pages, boolean thick) {
    int before = value.length;
    value = Arrays.copyOf(value, pages);
    changes = Arrays.copyOf(changes, pages);
    for (int i = before; i < pages; i++) {
      if (thick) value[i] = ANYTHING;
      possible.add(new TreeSet<>(List.of(value[i])));
    }
  }

  /** Pages that were ever written. */
  SortedSet<Integer> touched() {
    return new TreeSet<>(touched);
  }

  void begins(int page, long stamp) {
    touched.add(page);
    underWay.add(page);
    changes[page]++;
    possible.get(page).add(stamp);
  }

  void written(int page, long stamp) {
    ended(page);
    value[page] = stamp;
  }

  void failed(int page) {
    ended(page);
    value[page] = UNSURE;
  }

  private void ended(int page) {
    underWay.remove(page);
    changes[page]++;
  }

  int[] changes() {
    return changes.clone();
  }

  /**
   * @param before changes when the flush began
   */
  void flushed(int[] before) {
    for (int page = 0; page < before.length; page++) {
      boolean asItWas = changes[page] == before[page] && !underWay.contains(page);
      if (!asItWas || value[page] == UNSURE) continue;
      possible.get(page).clear();
      possible.get(page).add(value[page]);
    }
  }

  /** The disk has lost what was not durable, or not. */
  void lost() {
    for (int page = 0; page < value.length; page++) {
      if (possible.get(page).size() > 1) value[page] = UNSURE;
    }
  }

  /**
   * @param sectors a stamp each
   */
  void read(int page, long[] sectors, String where) {
    var allowed = possible.get(page);
    if (allowed.contains(ANYTHING) && value[page] < 0) return;
    boolean whole = Arrays.stream(sectors).allMatch(stamp -> stamp == sectors[0]);
    if (value[page] != UNSURE) {
      if (whole && sectors[0] == value[page]) return;
      throw new AssertionError(
          "%s page %d holds %s instead of %d"
              .formatted(where, page, Arrays.toString(sectors), value[page]));
    }
    for (long stamp : sectors) {
      if (allowed.contains(stamp)) continue;
      throw new AssertionError(
          "%s page %d holds %s instead of one of %s"
              .formatted(where, page, Arrays.toString(sectors), allowed));
    }
    if (whole) value[page] = sectors[0];
  }
}
