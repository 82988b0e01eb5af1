package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What hosts know of an open blob: of every page what it must hold. A page has one read or write under way at most, and besides one
 * unmap, which may come before or after what is under way with it.
 */
final class SimVolume {
  /** Content that nobody knows: never written in a thick blob, or the write failed. */
  static final long UNKNOWN = -1;

  final BlobId id;
  final DeviceSlot slot;
  final @Nullable IoChannel[] channels;
  long[] value;

  /** What a page may hold instead; mostly the same. The first read settles it. */
  long[] other;

  boolean[] busy;
  boolean[] unmapping;

  /** A write and an unmap were under way together. */
  boolean[] raced;

  /** What a page may hold after a power failure: what was durable, and all that came since. */
  List<Set<Long>> possible = new ArrayList<>();

  /** While a snapshot is made: what it may hold of each page. */
  @Nullable List<Set<Long>> forSnapshot;

  /** Counts the changes of each page. */
  int[] changes;

  /** Counts what changes where its clusters come from. */
  int shape;

  int underWay;
  boolean closing;

  SimVolume(BlobId id, DeviceSlot slot, int reactors, long[] content) {
    this.id = id;
    this.slot = slot;
    channels = new IoChannel[reactors];
    value = content.clone();
    other = content.clone();
    busy = new boolean[content.length];
    unmapping = new boolean[content.length];
    raced = new boolean[content.length];
    changes = new int[content.length];
    for (int page = 0; page < value.length; page++) possible.add(now(page));
  }

  Set<Long> now(int page) {
    return new TreeSet<>(List.of(value[page], other[page]));
  }

  int pages() {
    return value.length;
  }

  boolean isQuiet(int page) {
    return !busy[page] && !unmapping[page];
  }

  void grow(int pages) {
    int before = value.length;
    value = Arrays.copyOf(value, pages);
    other = Arrays.copyOf(other, pages);
    busy = Arrays.copyOf(busy, pages);
    unmapping = Arrays.copyOf(unmapping, pages);
    raced = Arrays.copyOf(raced, pages);
    changes = Arrays.copyOf(changes, pages);
    for (int i = before; i < pages; i++) possible.add(new TreeSet<>(List.of(0L)));
  }

  private void mayBecome(int page, long stamp) {
    changes[page]++;
    possible.get(page).add(stamp);
    var snapshot = forSnapshot;
    if (snapshot != null) snapshot.get(page).add(stamp);
  }

  void writeBegins(int page, long stamp) {
    busy[page] = true;
    raced[page] = unmapping[page];
    mayBecome(page, stamp);
  }

  void writeEnds(int page, long stamp) {
    busy[page] = false;
    set(page, stamp, raced[page] ? 0 : stamp);
    if (!unmapping[page]) raced[page] = false;
    if (stamp == UNKNOWN) possible.get(page).add(UNKNOWN);
  }

  void unmapBegins(int page) {
    unmapping[page] = true;
    raced[page] |= busy[page];
    mayBecome(page, 0);
  }

  /**
   * @param zeroes it must be zeroes now; otherwise it may be as it was
   * @param anything nobody knows what the disk has made of it
   */
  void unmapEnds(int page, boolean zeroes, boolean anything) {
    unmapping[page] = false;
    boolean hasRaced = raced[page];
    if (!busy[page]) raced[page] = false;
    if (anything || value[page] == UNKNOWN) {
      set(page, UNKNOWN, UNKNOWN);
      possible.get(page).add(UNKNOWN);
    } else if (hasRaced) {
      set(page, value[page], 0);
    } else {
      set(page, zeroes ? 0 : value[page], 0);
    }
  }

  private void set(int page, long one, long another) {
    value[page] = one;
    other[page] = one == UNKNOWN ? UNKNOWN : another;
  }

  /** From now on it is what was read. */
  void read(int page, long found) {
    if (value[page] == UNKNOWN) return;
    if (found != value[page] && found != other[page]) {
      throw new AssertionError(
          "%s page %d holds %d instead of %d or %d"
              .formatted(id, page, found, value[page], other[page]));
    }
    set(page, found, found);
  }

  /** What was acknowledged before the flush began cannot go back to what was before. */
  void flushed(int page) {
    var now = possible.get(page);
    now.clear();
    now.addAll(now(page));
  }

  void snapshotBegins() {
    var sets = new ArrayList<Set<Long>>();
    for (int page = 0; page < value.length; page++) {
      var set = now(page);
      // Which change is under way there is not known any more, but it is among these.
      if (!isQuiet(page)) set.addAll(possible.get(page));
      sets.add(set);
    }
    forSnapshot = sets;
  }
}
