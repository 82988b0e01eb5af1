package io.tenon.backend.uring.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.Linker.Option;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Forbids io_uring to this process for good, as the seccomp profile of a container does: seccomp(2), a classic BPF program
 * over {@code struct seccomp_data}.
 */
final class Seccomp {
  private static final boolean ARM = "aarch64".equals(System.getProperty("os.arch"));
  private static final int SYS_SECCOMP = ARM ? 277 : 317;

  /** The same on both. */
  private static final int IO_URING_SETUP = 425;

  private static final int IO_URING_REGISTER = 427;

  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SECCOMP_SET_MODE_FILTER = 1;

  /** Threads that the virtual machine has started already get the filter too. */
  private static final int SECCOMP_FILTER_FLAG_TSYNC = 1;

  private static final int RET_ALLOW = 0x7fff0000;
  private static final int RET_ERRNO = 0x00050000;

  private static final short LOAD_WORD = 0x20;
  private static final short JUMP_IF_AT_LEAST = 0x35;
  private static final short JUMP_IF_GREATER = 0x25;
  private static final short RETURN = 0x06;
  private static final int SYSTEM_CALL_NUMBER = 0;

  private static final int INSTRUCTION_BYTES = 8;

  private Seccomp() {}

  /**
   * @param errno with which every call of io_uring ends from now on
   */
  static void forbidUring(int errno) throws Throwable {
    try (var arena = Arena.ofConfined()) {
      MemorySegment filter = arena.allocate(5L * INSTRUCTION_BYTES, 8);
      put(filter, 0, LOAD_WORD, 0, 0, SYSTEM_CALL_NUMBER);
      put(filter, 1, JUMP_IF_AT_LEAST, 0, 2, IO_URING_SETUP);
      put(filter, 2, JUMP_IF_GREATER, 1, 0, IO_URING_REGISTER);
      put(filter, 3, RETURN, 0, 0, RET_ERRNO | errno);
      put(filter, 4, RETURN, 0, 0, RET_ALLOW);
      MemorySegment program = arena.allocate(16, 8);
      program.set(ValueLayout.JAVA_SHORT, 0, (short) 5);
      program.set(ValueLayout.JAVA_LONG, 8, filter.address());
      call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      call(
          "syscall",
          SYS_SECCOMP,
          SECCOMP_SET_MODE_FILTER,
          SECCOMP_FILTER_FLAG_TSYNC,
          program.address(),
          0);
    }
  }

  /** {@code struct sock_filter}. */
  private static void put(
      MemorySegment filter, int index, short code, int whenTrue, int whenFalse, int value) {
    long at = (long) index * INSTRUCTION_BYTES;
    filter.set(ValueLayout.JAVA_SHORT, at, code);
    filter.set(ValueLayout.JAVA_BYTE, at + 2, (byte) whenTrue);
    filter.set(ValueLayout.JAVA_BYTE, at + 3, (byte) whenFalse);
    filter.set(ValueLayout.JAVA_INT, at + 4, value);
  }

  private static void call(String function, long first, long... rest) throws Throwable {
    var linker = Linker.nativeLinker();
    MethodHandle handle =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow(function),
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG),
            Option.firstVariadicArg(1));
    long result = (long) handle.invokeExact(first, rest[0], rest[1], rest[2], rest[3]);
    if (result != 0) throw new IllegalStateException(function + " answered " + result);
  }
}
