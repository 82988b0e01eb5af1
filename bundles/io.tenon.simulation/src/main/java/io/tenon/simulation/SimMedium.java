package io.tenon.simulation;

import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * What is on a disk's platters, and what only its cache knows: outlives the disk's node. A block is 0 or one stamp, repeated to
 * fill it.
 */
public final class SimMedium {
  private final TreeMap<Long, Long> stamps = new TreeMap<>();

  /** What blocks held at the last flush that have changed since. */
  private final TreeMap<Long, Long> notDurable = new TreeMap<>();

  /** 0 for zeroes, or the stamp that the whole block consists of. */
  public long stampAt(long block) {
    return stamps.getOrDefault(block, 0L);
  }

  /** What was there before anything began. */
  public void preset(long block, long stamp) {
    stamps.put(block, stamp);
  }

  void write(long block, long stamp) {
    notDurable.putIfAbsent(block, stampAt(block));
    stamps.put(block, stamp);
  }

  void zero(long from, long to) {
    var zeroed = stamps.subMap(from, to);
    zeroed.forEach(notDurable::putIfAbsent);
    zeroed.clear();
  }

  void flush() {
    notDurable.clear();
  }

  /** Of what was not flushed, each block is there or not. */
  void losePower(SplittableRandom random) {
    for (var block : notDurable.entrySet()) {
      if (random.nextBoolean()) stamps.put(block.getKey(), block.getValue());
    }
    notDurable.clear();
  }
}
