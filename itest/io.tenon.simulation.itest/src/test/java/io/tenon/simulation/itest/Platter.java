package io.tenon.simulation.itest;

import java.util.SplittableRandom;
import java.util.TreeMap;

/** Bytes on a disk: what is there while there is power, and what outlives a power failure, sector by sector. Outlives its node. */
final class Platter {
  static final int SECTOR_BYTES = 512;

  private final long sectors;
  private final TreeMap<Long, byte[]> now = new TreeMap<>();

  /** What sectors held at the last flush that have changed since. */
  private final TreeMap<Long, byte[]> notDurable = new TreeMap<>();

  Platter(long bytes) {
    sectors = bytes / SECTOR_BYTES;
  }

  long sectors() {
    return sectors;
  }

  byte[] read(long sector) {
    return now.getOrDefault(sector, new byte[SECTOR_BYTES]);
  }

  void write(long sector, byte[] content) {
    notDurable.putIfAbsent(sector, read(sector));
    now.put(sector, content);
  }

  void zero(long from, long to) {
    var zeroed = now.subMap(from, to);
    zeroed.forEach(notDurable::putIfAbsent);
    zeroed.clear();
  }

  void flush() {
    notDurable.clear();
  }

  /** Of what was not flushed, each sector is there or not. */
  void losePower(SplittableRandom random) {
    for (var sector : notDurable.entrySet()) {
      if (random.nextBoolean()) now.put(sector.getKey(), sector.getValue());
    }
    notDurable.clear();
  }
}
