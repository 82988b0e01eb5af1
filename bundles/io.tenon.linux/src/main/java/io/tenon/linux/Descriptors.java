package io.tenon.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** File descriptors as such: closing, eventfd(2). */
public final class Descriptors {
  private static final int EFD_NONBLOCK = 0x800;
  private static final int EFD_CLOEXEC = 0x80000;

  private static final MethodHandle CLOSE = Calls.handle("close", Calls.INT, Calls.INT);
  private static final MethodHandle EVENTFD =
      Calls.handle("eventfd", Calls.INT, Calls.INT, Calls.INT);
  private static final MethodHandle EVENTFD_WRITE =
      Calls.handle("eventfd_write", Calls.INT, Calls.INT, Calls.LONG);

  private Descriptors() {}

  /** close(2). An error is not reported: the descriptor is gone in any case. */
  public static void close(int fd) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int _ = (int) CLOSE.invokeExact(state, fd);
    } catch (Throwable e) {
      throw Calls.broken("close", e);
    }
  }

  /** A non-blocking eventfd(2): a counter that wakes whoever watches it. */
  public static int eventFd() throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int fd;
      try {
        fd = (int) EVENTFD.invokeExact(state, 0, EFD_NONBLOCK | EFD_CLOEXEC);
      } catch (Throwable e) {
        throw Calls.broken("eventfd", e);
      }
      if (fd < 0) throw new LinuxException("eventfd", Calls.errno(state));
      return fd;
    }
  }

  /** Wakes whoever watches the eventfd. Any thread. */
  public static void signal(int eventFd) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int _ = (int) EVENTFD_WRITE.invokeExact(state, eventFd, 1L);
    } catch (Throwable e) {
      throw Calls.broken("eventfd_write", e);
    }
  }

  /** Calls a handle of one int argument that returns a descriptor or -1. */
  static int checked(String call, MethodHandle handle, int argument) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int result;
      try {
        result = (int) handle.invokeExact(state, argument);
      } catch (Throwable e) {
        throw Calls.broken(call, e);
      }
      if (result < 0) throw new LinuxException(call, Calls.errno(state));
      return result;
    }
  }
}
