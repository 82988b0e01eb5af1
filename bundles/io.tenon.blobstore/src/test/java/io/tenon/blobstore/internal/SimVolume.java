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

/** What hosts know of an open blob: of every page what it must hold. A page has one change under way at most. */
final class SimVolume {
  /** Content that nobody knows: never written in a thick blob, or the write failed. */
  static final long UNKNOWN = -1;

  final BlobId id;
  final DeviceSlot slot;
  final @Nullable IoChannel[] channels;
  long[] value;
  boolean[] busy;

  /** What a page may hold after a power failure: what was durable, and all that came since. */
  List<Set<Long>> possible = new ArrayList<>();

  /** While a snapshot is made: what it may hold of each page. */
  @Nullable List<Set<Long>> forSnapshot;

  /** Counts the changes of each page. */
  int[] changes;

  int underWay;
  boolean closing;

  SimVolume(BlobId id, DeviceSlot slot, int reactors, long[] content) {
    this.id = id;
    this.slot = slot;
    channels = new IoChannel[reactors];
    value = content.clone();
    busy = new boolean[content.length];
    changes = new int[content.length];
    possible = sets(value);
  }

  static List<Set<Long>> sets(long[] values) {
    var sets = new ArrayList<Set<Long>>();
    for (long value : values) sets.add(new TreeSet<>(List.of(value)));
    return sets;
  }

  void grow(int pages) {
    int before = value.length;
    value = Arrays.copyOf(value, pages);
    busy = Arrays.copyOf(busy, pages);
    changes = Arrays.copyOf(changes, pages);
    for (int i = before; i < pages; i++) possible.add(new TreeSet<>(List.of(0L)));
  }

  /** A change to {@code stamp} begins. */
  void begins(int page, long stamp) {
    changes[page]++;
    possible.get(page).add(stamp);
    var snapshot = forSnapshot;
    if (snapshot != null) snapshot.get(page).add(stamp);
  }

  void snapshotBegins() {
    var sets = sets(value);
    for (int page = 0; page < value.length; page++) {
      // Which change is under way there is not known any more, but it is among these.
      if (busy[page]) sets.get(page).addAll(possible.get(page));
    }
    forSnapshot = sets;
  }
}
