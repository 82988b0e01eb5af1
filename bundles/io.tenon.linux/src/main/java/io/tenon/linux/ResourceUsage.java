package io.tenon.linux;

import io.tenon.error.Check;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * What this process has used since its start, by getrusage(2) with {@code RUSAGE_SELF}. All are counts.
 *
 * @param softFaults page faults without I/O
 * @param hardFaults page faults with I/O
 * @param inBlocks times the file system had to read
 * @param outBlocks times the file system had to write
 */
public record ResourceUsage(
    long softFaults,
    long hardFaults,
    long swaps,
    long inBlocks,
    long outBlocks,
    long messagesSent,
    long messagesReceived,
    long signals,
    long voluntarySwitches,
    long involuntarySwitches) {
  private static final int RUSAGE_SELF = 0;

  /** {@code struct rusage}: two {@code struct timeval} and fourteen longs. */
  private static final int LENGTH_BYTES = 144;

  private static final int MINFLT = 64;

  /** Any thread. */
  public static ResourceUsage ofThisProcess() {
    try (var arena = Arena.ofConfined()) {
      MemorySegment usage = arena.allocate(LENGTH_BYTES, Long.BYTES);
      int result = (int) handle().invokeExact(RUSAGE_SELF, usage);
      Check.that(result == 0, "getrusage answered %d", result);
      long[] counts = usage.asSlice(MINFLT).toArray(ValueLayout.JAVA_LONG);
      return new ResourceUsage(
          counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7],
          counts[8], counts[9]);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("getrusage cannot be called", e);
    }
  }

  private static MethodHandle handle() {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("getrusage"),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
  }
}
