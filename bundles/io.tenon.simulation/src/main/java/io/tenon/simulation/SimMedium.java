package io.tenon.simulation;

import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * What is on a disk's platters, and what only its cache knows: outlives the disk's node. A block is a number: 0 for zeroes, or one
 * stamp, repeated to fill it. {@link ByteMedium} holds anything.
 */
public class SimMedium {
  private final TreeMap<Long, Long> stamps = new TreeMap<>();

  /** What blocks held at the last flush that have changed since. */
  private final TreeMap<Long, Long> notDurable = new TreeMap<>();

  public SimMedium() {}

  SimMedium(SimMedium other) {
    stamps.putAll(other.stamps);
    notDurable.putAll(other.notDurable);
  }

  /** 0 for zeroes, or the stamp that the whole block consists of. */
  public long stampAt(long block) {
    return stamps.getOrDefault(block, 0L);
  }

  /** The number of what is in memory. */
  long take(long address, int blockBytes) {
    return SimDisk.readStamp(address, blockBytes);
  }

  /** What the number stands for goes to memory. */
  void show(long number, long address, int blockBytes) {
    SimDisk.fill(address, blockBytes, number);
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

  /** Takes one block that is not zero. */
  interface Visitor {
    void block(long block, long number);
  }

  void forEach(Visitor visitor) {
    stamps.forEach(
        (block, number) -> {
          if (number != 0) visitor.block(block, number);
        });
  }

  /** Of what was not flushed, each block is there or not. */
  public void losePower(SplittableRandom random) {
    for (var block : notDurable.entrySet()) {
      if (random.nextBoolean()) stamps.put(block.getKey(), block.getValue());
    }
    notDurable.clear();
  }
}
