package io.tenon.blobstore.internal;

import io.tenon.blobstore.internal.layout.Page;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A disk that remembers what was written between flushes, and makes of it what a power failure may leave: each write that was not
 * flushed is there, not there, or there in some of its sectors.
 */
final class RecordingDisk extends MemoryDisk {
  static final int SECTOR_BYTES = 512;

  private final MemoryDisk start;
  private final List<List<Write>> epochs = new ArrayList<>();

  /** One page. */
  private static final class Write {
    final long diskPage;
    final byte[] content;

    Write(long diskPage, byte[] content) {
      this.diskPage = diskPage;
      this.content = content;
    }
  }

  private RecordingDisk(MemoryDisk start) {
    super(start);
    this.start = start;
    epochs.add(new ArrayList<>());
  }

  static RecordingDisk on(MemoryDisk start) {
    return new RecordingDisk(start.copy());
  }

  @Override
  void putPage(long diskPage, byte[] content) {
    super.putPage(diskPage, content);
    epochs.getLast().add(new Write(diskPage, content.clone()));
  }

  @Override
  public void flush() {
    if (!epochs.getLast().isEmpty()) epochs.add(new ArrayList<>());
  }

  /** Pages that were written. */
  int writes() {
    return epochs.stream().mapToInt(List::size).sum();
  }

  /** Takes one disk after a crash. */
  interface Visitor {
    void crashed(MemoryDisk disk, String how) throws Exception;
  }

  /**
   * Crashes at every boundary between flushes and between writes: each write alone missing, each alone there, each prefix, and
   * {@code more} times at random, with torn sectors when {@code tears}.
   */
  void crashes(SplittableRandom random, int more, boolean tears, Visitor visitor) throws Exception {
    var durable = start.copy();
    for (int epoch = 0; epoch < epochs.size(); epoch++) {
      var writes = merged(epochs.get(epoch));
      visitor.crashed(durable.copy(), "epoch %d, none".formatted(epoch));
      int count = writes.size();
      for (int i = 0; i < count; i = next(i, count)) {
        var prefix = durable.copy();
        for (Write write : writes.subList(0, i)) prefix.putPage(write.diskPage, write.content);
        visitor.crashed(prefix.copy(), "epoch %d, first %d of %d".formatted(epoch, i, count));
        if (tears) tear(prefix, writes.get(i), random);
        visitor.crashed(prefix, "epoch %d, first %d, next torn".formatted(epoch, i));
        var alone = durable.copy();
        alone.putPage(writes.get(i).diskPage, writes.get(i).content);
        visitor.crashed(alone, "epoch %d, only %d".formatted(epoch, i));
        var without = durable.copy();
        for (Write write : writes) {
          if (write != writes.get(i)) without.putPage(write.diskPage, write.content);
        }
        visitor.crashed(without, "epoch %d, all but %d".formatted(epoch, i));
      }
      for (int i = 0; i < (count == 0 ? 0 : more); i++) {
        visitor.crashed(
            atRandom(durable, epochs.get(epoch), random, tears),
            "epoch %d, random".formatted(epoch));
      }
      for (Write write : epochs.get(epoch)) durable.putPage(write.diskPage, write.content);
    }
  }

  /** Of long runs, such as a cluster's zeroes, only some. */
  private static int next(int i, int count) {
    return count <= 8 ? i + 1 : i + 1 + count / 8;
  }

  /** The last write to each page. */
  private static List<Write> merged(List<Write> writes) {
    var pages = new LinkedHashSet<Long>();
    for (Write write : writes) pages.add(write.diskPage);
    var merged = new ArrayList<Write>();
    for (long page : pages) {
      merged.add(writes.stream().filter(write -> write.diskPage == page).toList().getLast());
    }
    return merged;
  }

  private static MemoryDisk atRandom(
      MemoryDisk durable, List<Write> writes, SplittableRandom random, boolean tears) {
    var disk = durable.copy();
    var shuffled = new ArrayList<>(writes);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      var swapped = shuffled.get(i);
      shuffled.set(i, shuffled.get(other));
      shuffled.set(other, swapped);
    }
    for (Write write : shuffled) {
      int fate = random.nextInt(3);
      if (fate == 0) disk.putPage(write.diskPage, write.content);
      if (fate == 1 && tears) tear(disk, write, random);
    }
    return disk;
  }

  private static void tear(MemoryDisk disk, Write write, SplittableRandom random) {
    byte[] page = disk.page(write.diskPage);
    int mask = random.nextInt(1, 255);
    for (int sector = 0; sector < Page.BYTES / SECTOR_BYTES; sector++) {
      if ((mask >> sector & 1) == 0) continue;
      int at = sector * SECTOR_BYTES;
      System.arraycopy(write.content, at, page, at, SECTOR_BYTES);
    }
    disk.putPage(write.diskPage, page);
  }
}
