package io.tenon.simulation;

import io.tenon.linux.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * What is on a disk's platters, and what only its cache knows: outlives the disk's node. A block is a number: 0 for zeroes, or one
 * stamp, repeated to fill it; or negative, and something else, such as a label. {@link ByteMedium} is for many of those.
 */
public class SimMedium {
  private final TreeMap<Long, Long> stamps = new TreeMap<>();

  /** What blocks held at the last flush that have changed since. */
  private final TreeMap<Long, Long> notDurable = new TreeMap<>();

  /** Of other content; the number is -1 - index. */
  private final List<byte[]> others = new ArrayList<>();

  public SimMedium() {}

  SimMedium(SimMedium other) {
    stamps.putAll(other.stamps);
    notDurable.putAll(other.notDurable);
    others.addAll(other.others);
  }

  /** 0 for zeroes, or the stamp that the whole block consists of. */
  public long stampAt(long block) {
    return stamps.getOrDefault(block, 0L);
  }

  /** The number of what is in memory. */
  long take(long address, int blockBytes) {
    long stamp = Memory.getLong(address);
    for (int at = Long.BYTES; at < blockBytes; at += Long.BYTES) {
      if (Memory.getLong(address + at) == stamp) continue;
      var content = new byte[blockBytes];
      Memory.copy(address, content, 0, blockBytes);
      return numberOf(content);
    }
    return stamp;
  }

  private long numberOf(byte[] content) {
    for (int i = 0; i < others.size(); i++)
      if (Arrays.equals(others.get(i), content)) return -1L - i;
    others.add(content);
    return -(long) others.size();
  }

  /** What the number stands for goes to memory. */
  void show(long number, long address, int blockBytes) {
    if (number >= 0) SimDisk.fill(address, blockBytes, number);
    else Memory.copy(others.get((int) (-1 - number)), 0, address, blockBytes);
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
