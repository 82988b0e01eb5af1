package io.tenon.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Anonymous memory by mmap(2), aligned to pages, zeroed, and not resident until touched. Any thread; closing frees it, so
 * nobody may use it then.
 */
public final class Mapping implements AutoCloseable {
  private static final int PROT_READ_WRITE = 0x1 | 0x2;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int MAP_HUGETLB = 0x40000;
  private static final int MADV_DONTNEED = 4;
  private static final long HUGE_PAGE_BYTES = 2L << 20;

  private static final MethodHandle MMAP =
      Calls.handle(
          "mmap", Calls.LONG, Calls.LONG, Calls.LONG, Calls.INT, Calls.INT, Calls.INT, Calls.LONG);
  private static final MethodHandle MUNMAP =
      Calls.handle("munmap", Calls.INT, Calls.LONG, Calls.LONG);
  private static final MethodHandle MADVISE =
      Calls.handle("madvise", Calls.INT, Calls.LONG, Calls.LONG, Calls.INT);

  private final long address;
  private final long lengthBytes;
  private final boolean huge;
  private boolean closed;

  private Mapping(long address, long lengthBytes, boolean huge) {
    this.address = address;
    this.lengthBytes = lengthBytes;
    this.huge = huge;
  }

  /**
   * @param lengthBytes more than 0
   * @throws LinuxException when there is not so much memory
   */
  public static Mapping ordinary(long lengthBytes) throws LinuxException {
    return new Mapping(map(lengthBytes, MAP_NORESERVE), lengthBytes, false);
  }

  /** On 2 MiB pages when the system has enough of them free, else ordinary. */
  public static Mapping hugeIfPossible(long lengthBytes) throws LinuxException {
    long rounded = (lengthBytes + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
    try {
      return new Mapping(map(rounded, MAP_HUGETLB), rounded, true);
    } catch (LinuxException e) {
      return ordinary(lengthBytes);
    }
  }

  private static long map(long lengthBytes, int flags) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      long mapped;
      try {
        mapped =
            (long)
                MMAP.invokeExact(
                    state, 0L, lengthBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS | flags, -1, 0L);
      } catch (Throwable e) {
        throw Calls.broken("mmap", e);
      }
      if (mapped == -1) throw new LinuxException("mmap", Calls.errno(state));
      return mapped;
    }
  }

  public long address() {
    return address;
  }

  public long lengthBytes() {
    return lengthBytes;
  }

  public boolean isHuge() {
    return huge;
  }

  /**
   * Gives pages back to the system: they read as zeroes and are resident no more. madvise(2) with {@code MADV_DONTNEED}.
   *
   * @param offset multiple of 4096
   * @param lengthBytes multiple of 4096
   */
  public void discard(long offset, long lengthBytes) {
    if (lengthBytes == 0) return;
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int result = (int) MADVISE.invokeExact(state, address + offset, lengthBytes, MADV_DONTNEED);
      if (result < 0) Memory.zero(address + offset, lengthBytes);
    } catch (Throwable e) {
      throw Calls.broken("madvise", e);
    }
  }

  /** munmap(2). Idempotent. */
  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int _ = (int) MUNMAP.invokeExact(state, address, lengthBytes);
    } catch (Throwable e) {
      throw Calls.broken("munmap", e);
    }
  }
}
