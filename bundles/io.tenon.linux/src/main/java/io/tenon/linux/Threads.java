package io.tenon.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Threads as the kernel sees them. */
public final class Threads {
  /** {@code cpu_set_t}: one bit a core. */
  private static final int CPU_SET_BYTES = 128;

  public static final int MAX_CORE = CPU_SET_BYTES * Byte.SIZE - 1;

  private static final MethodHandle SETAFFINITY =
      Calls.handle("sched_setaffinity", Calls.INT, Calls.INT, Calls.LONG, Calls.LONG);

  private Threads() {}

  /**
   * Keeps the calling platform thread on one core, by sched_setaffinity(2).
   *
   * @throws LinuxException when the core does not exist or is not allowed to this process
   */
  public static void pinTo(int core) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      long set = arena.allocate(CPU_SET_BYTES, Long.BYTES).address();
      Memory.putLong(set + (long) (core / Long.SIZE) * Long.BYTES, 1L << core % Long.SIZE);
      int result;
      try {
        result = (int) SETAFFINITY.invokeExact(state, 0, (long) CPU_SET_BYTES, set);
      } catch (Throwable e) {
        throw Calls.broken("sched_setaffinity", e);
      }
      if (result < 0) throw new LinuxException("sched_setaffinity", Calls.errno(state));
    }
  }
}
