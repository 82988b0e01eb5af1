package io.tenon.linux;

import io.tenon.error.Check;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Handles on functions of libc. Pointers are passed as {@code long}, which the calling conventions of x86-64 and ARM64 treat
 * alike; so the I/O path wraps no address in an object. Each call has the thread's errno captured into a segment that the
 * caller gives first.
 */
final class Calls {
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  /** Memory for one captured errno. */
  static final StructLayout STATE = Linker.Option.captureStateLayout();

  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

  private Calls() {}

  static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
    return link(name, FunctionDescriptor.of(result, arguments));
  }

  /**
   * @param fixed arguments before the {@code ...} of a variadic function
   */
  static MethodHandle variadic(
      String name, int fixed, MemoryLayout result, MemoryLayout... arguments) {
    return link(
        name, FunctionDescriptor.of(result, arguments), Linker.Option.firstVariadicArg(fixed));
  }

  private static MethodHandle link(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    var all = Arrays.copyOf(options, options.length + 1);
    all[options.length] = CAPTURE;
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, all);
  }

  static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /** A handle threw: only a wrong signature of ours does that. */
  static RuntimeException broken(String call, Throwable thrown) {
    if (thrown instanceof RuntimeException e) return e;
    if (thrown instanceof Error e) throw e;
    throw Check.bug("%s cannot be called: %s", call, thrown);
  }
}
