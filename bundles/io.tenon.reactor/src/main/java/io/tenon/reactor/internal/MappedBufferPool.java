package io.tenon.reactor.internal;

import io.tenon.error.Check;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Mapping;
import io.tenon.reactor.BufferPool;
import io.tenon.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.BitSet;

/**
 * Two stocks of buffers in one mapping, small ones for the many small I/Os and large ones. Last given, first taken, so that
 * the memory is warm. Pages become resident when a buffer is first used.
 */
final class MappedBufferPool implements BufferPool {
  /** What an I/O of 4 KiB needs, with room for compare-and-write. */
  static final int SMALL_BYTES = 8192;

  private final Reactor reactor;
  private final Mapping mapping;
  private final Stock small;
  private final Stock large;
  private final ArrayDeque<Runnable> waiters = new ArrayDeque<>();
  private final Runnable callWaiters = this::callWaiters;
  private boolean callWaitersIsDue;

  MappedBufferPool(Reactor reactor, int smallCount, int largeCount, int largeBytes)
      throws LinuxException {
    this.reactor = reactor;
    long smallTotal = (long) smallCount * SMALL_BYTES;
    this.mapping = Mapping.ordinary(smallTotal + (long) largeCount * largeBytes);
    this.small = new Stock(mapping.address(), smallCount, SMALL_BYTES);
    this.large = new Stock(mapping.address() + smallTotal, largeCount, largeBytes);
  }

  /** Buffers of one size. */
  private static final class Stock {
    private final long base;
    private final int bytes;
    private final long[] free;
    private final BitSet isFree;
    private volatile int count;

    Stock(long base, int count, int bytes) {
      this.base = base;
      this.bytes = bytes;
      this.free = new long[count];
      this.isFree = new BitSet(count);
      for (int i = count - 1; i >= 0; i--) give(base + (long) i * bytes);
    }

    long take() {
      int left = count;
      if (left == 0) return 0;
      long address = free[left - 1];
      isFree.clear(index(address));
      COUNT.setOpaque(this, left - 1);
      return address;
    }

    void give(long address) {
      int index = index(address);
      if (index < 0 || index >= free.length || address != base + (long) index * bytes) {
        throw Check.bug("buffer %x does not belong to this pool", address);
      }
      if (isFree.get(index)) throw Check.bug("buffer %x was given back twice", address);
      isFree.set(index);
      int now = count;
      free[now] = address;
      COUNT.setOpaque(this, now + 1);
    }

    private int index(long address) {
      return (int) ((address - base) / bytes);
    }

    boolean holds(long address) {
      return address >= base && address < base + (long) free.length * bytes;
    }

    private static final java.lang.invoke.VarHandle COUNT;

    static {
      try {
        COUNT =
            java.lang.invoke.MethodHandles.lookup().findVarHandle(Stock.class, "count", int.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  @Override
  public int maxBytes() {
    return large.bytes;
  }

  @Override
  public long take(int lengthBytes) {
    if (lengthBytes <= SMALL_BYTES) {
      long address = small.take();
      if (address != 0) return address;
    }
    if (lengthBytes < 1 || lengthBytes > large.bytes) {
      throw Check.bug("no buffer has %d bytes, the largest has %d", lengthBytes, large.bytes);
    }
    return large.take();
  }

  @Override
  public void give(long address, int lengthBytes) {
    (small.holds(address) ? small : large).give(address);
    if (!waiters.isEmpty() && !callWaitersIsDue) {
      callWaitersIsDue = true;
      reactor.atEndOfRound(callWaiters);
    }
  }

  @Override
  public void whenAvailable(Runnable waiter) {
    waiters.add(waiter);
  }

  /**
   * Each once, as a task of its own so that one that fails does not stop the others; who still finds nothing asks again
   * and is last in the line.
   */
  private void callWaiters() {
    callWaitersIsDue = false;
    for (int left = waiters.size(); left > 0; left--) reactor.atEndOfRound(waiters.remove());
  }

  /** Any thread; as of some moment. */
  long freeBytes() {
    return (long) small.count * small.bytes + (long) large.count * large.bytes;
  }

  long totalBytes() {
    return mapping.lengthBytes();
  }

  /** Nobody uses a buffer any more. */
  void close() {
    mapping.close();
  }
}
