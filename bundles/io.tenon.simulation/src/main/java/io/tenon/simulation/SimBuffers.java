package io.tenon.simulation;

import io.tenon.linux.Memory;
import io.tenon.reactor.BufferPool;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Buffers that are watched: one that is given back twice, in another size or not at all is found, and so is one that is written
 * after it was given back.
 */
final class SimBuffers implements BufferPool {
  private static final int MAX_BYTES = 1 << 20;
  private static final int ALIGNMENT = 4096;
  private static final long POISON = 0x5A5A_DEAD_5A5A_DEADL;

  private final SimReactor reactor;
  private final Arena arena = Arena.ofAuto();
  private final Map<Long, Integer> taken = new LinkedHashMap<>();

  /** Free ones by size: the oldest is taken next, so that a late write is found before it does harm. */
  private final Map<Integer, ArrayDeque<Long>> free = new LinkedHashMap<>();

  private final ArrayDeque<Runnable> waiters = new ArrayDeque<>();
  private long mostBytes = Long.MAX_VALUE;
  private long takenBytes;
  private boolean callIsDue;

  SimBuffers(SimReactor reactor) {
    this.reactor = reactor;
  }

  void limit(long bytes) {
    mostBytes = bytes;
  }

  int taken() {
    return taken.size();
  }

  @Override
  public int maxBytes() {
    return MAX_BYTES;
  }

  @Override
  public long take(int lengthBytes) {
    check();
    if (lengthBytes < 1 || lengthBytes > MAX_BYTES) {
      throw new AssertionError("no buffer has " + lengthBytes + " bytes");
    }
    int size = size(lengthBytes);
    if (takenBytes > 0 && takenBytes + size > mostBytes) return 0;
    var stock = stock(size);
    long address;
    if (stock.isEmpty()) {
      address = arena.allocate(size, ALIGNMENT).address();
    } else {
      address = stock.removeFirst();
      for (int at = 0; at < size; at += Long.BYTES) {
        if (Memory.getLong(address + at) == POISON) continue;
        throw new AssertionError(
            "a buffer was written at %d after it was given back".formatted(at));
      }
    }
    taken.put(address, lengthBytes);
    takenBytes += size;
    return address;
  }

  private ArrayDeque<Long> stock(int size) {
    return free.computeIfAbsent(size, s -> new ArrayDeque<>());
  }

  /** Sizes are powers of two, so that few kinds exist. */
  private static int size(int lengthBytes) {
    return Math.max(ALIGNMENT, Integer.highestOneBit(2 * lengthBytes - 1));
  }

  @Override
  public void give(long address, int lengthBytes) {
    check();
    Integer asked = taken.remove(address);
    if (asked == null) throw new AssertionError("a buffer was given back that nobody has");
    if (asked != lengthBytes) {
      throw new AssertionError(
          "a buffer of %d bytes was given back as one of %d".formatted(asked, lengthBytes));
    }
    int size = size(lengthBytes);
    takenBytes -= size;
    for (int at = 0; at < size; at += Long.BYTES) Memory.putLong(address + at, POISON);
    stock(size).addLast(address);
    if (waiters.isEmpty() || callIsDue) return;
    callIsDue = true;
    reactor.atEndOfRound(this::callWaiters);
  }

  @Override
  public void whenAvailable(Runnable waiter) {
    check();
    waiters.add(waiter);
  }

  private void callWaiters() {
    callIsDue = false;
    for (int left = waiters.size(); left > 0; left--) waiters.remove().run();
  }

  private void check() {
    if (!reactor.isCurrent()) throw new AssertionError("buffers of " + reactor + " from elsewhere");
  }
}
