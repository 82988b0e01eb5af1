package io.tenon.simulation.itest;

import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Bytes on a disk: what is there while there is power, and what outlives a power failure, sector by sector. Outlives its node. */
final class Platter {
  static final int SECTOR_BYTES = 512;

  private final long sectors;
  private final TreeMap<Long, byte[]> now = new TreeMap<>();

  /** What sectors held at the last flush that have changed since. */
  private final TreeMap<Long, byte[]> notDurable = new TreeMap<>();

  /** What sectors held before they were last written, and when that was; not of those that a power failure took back. */
  private final TreeMap<Long, Former> former = new TreeMap<>();

  private long writes;

  /**
   * @param write counts them
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares two
  record Former(byte[] content, long write) {}

  Platter(long bytes) {
    sectors = bytes / SECTOR_BYTES;
  }

  private Platter(Platter other) {
    sectors = other.sectors;
    now.putAll(other.now);
    former.putAll(other.former);
    writes = other.writes;
  }

  /** What is on it at rest; the two then go their own way. */
  Platter copy() {
    return new Platter(this);
  }

  Optional<Former> former(long sector) {
    return Optional.ofNullable(former.get(sector));
  }

  long sectors() {
    return sectors;
  }

  byte[] read(long sector) {
    return now.getOrDefault(sector, new byte[SECTOR_BYTES]);
  }

  void write(long sector, byte[] content) {
    notDurable.putIfAbsent(sector, read(sector));
    former.put(sector, new Former(read(sector), writes++));
    now.put(sector, content);
  }

  void zero(long from, long to) {
    var zeroed = now.subMap(from, to);
    zeroed.forEach(notDurable::putIfAbsent);
    zeroed.clear();
    former.subMap(from, to).clear();
  }

  void flush() {
    notDurable.clear();
  }

  /** Of what was not flushed, each sector is there or not. */
  void losePower(SplittableRandom random) {
    for (var sector : notDurable.entrySet()) {
      if (!random.nextBoolean()) continue;
      now.put(sector.getKey(), sector.getValue());
      former.remove(sector.getKey());
    }
    notDurable.clear();
  }
}
