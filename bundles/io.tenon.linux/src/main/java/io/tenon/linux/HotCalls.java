package io.tenon.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls of the I/O path: no allocation, no exception. Each returns what the kernel returned, or the negative error
 * number. One thread owns an instance.
 */
public final class HotCalls {
  /** {@code MSG_DONTWAIT | MSG_NOSIGNAL}, {@code linux/socket.h}. */
  private static final int MSG_FLAGS = 0x40 | 0x4000;

  private static final int MSG_PEEK = 2;

  private static final MethodHandle RECV =
      Calls.handle("recv", Calls.LONG, Calls.INT, Calls.LONG, Calls.LONG, Calls.INT);
  private static final MethodHandle RECVMSG =
      Calls.handle("recvmsg", Calls.LONG, Calls.INT, Calls.LONG, Calls.INT);
  private static final MethodHandle SENDMSG =
      Calls.handle("sendmsg", Calls.LONG, Calls.INT, Calls.LONG, Calls.INT);
  private static final MethodHandle READ =
      Calls.handle("read", Calls.LONG, Calls.INT, Calls.LONG, Calls.LONG);
  private static final MethodHandle WRITE =
      Calls.handle("write", Calls.LONG, Calls.INT, Calls.LONG, Calls.LONG);
  private static final MethodHandle EPOLL_WAIT =
      Calls.handle("epoll_wait", Calls.INT, Calls.INT, Calls.LONG, Calls.INT, Calls.INT);
  private static final MethodHandle SYSCALL =
      Calls.variadic(
          "syscall",
          1,
          Calls.LONG,
          Calls.LONG,
          Calls.LONG,
          Calls.LONG,
          Calls.LONG,
          Calls.LONG,
          Calls.LONG,
          Calls.LONG);

  private final MemorySegment state;

  /**
   * @param arena owns the memory of the captured errno; lives as long as this is used
   */
  public HotCalls(Arena arena) {
    this.state = arena.allocate(Calls.STATE);
  }

  /** recv(2), never blocking. */
  public long recv(int fd, long address, long lengthBytes) {
    return recv(fd, address, lengthBytes, MSG_FLAGS);
  }

  /** recv(2), never blocking, which leaves what it finds to the next call. */
  public long peek(int fd, long address, long lengthBytes) {
    return recv(fd, address, lengthBytes, MSG_FLAGS | MSG_PEEK);
  }

  private long recv(int fd, long address, long lengthBytes, int flags) {
    try {
      long result = (long) RECV.invokeExact(state, fd, address, lengthBytes, flags);
      return result >= 0 ? result : -Calls.errno(state);
    } catch (Throwable e) {
      throw Calls.broken("recv", e);
    }
  }

  /**
   * recvmsg(2), never blocking.
   *
   * @param header address of a {@code struct msghdr}
   */
  public long recvmsg(int fd, long header) {
    try {
      long result = (long) RECVMSG.invokeExact(state, fd, header, MSG_FLAGS);
      return result >= 0 ? result : -Calls.errno(state);
    } catch (Throwable e) {
      throw Calls.broken("recvmsg", e);
    }
  }

  /**
   * sendmsg(2), never blocking, without SIGPIPE.
   *
   * @param header address of a {@code struct msghdr}
   */
  public long sendmsg(int fd, long header) {
    try {
      long result = (long) SENDMSG.invokeExact(state, fd, header, MSG_FLAGS);
      return result >= 0 ? result : -Calls.errno(state);
    } catch (Throwable e) {
      throw Calls.broken("sendmsg", e);
    }
  }

  /** read(2). */
  public long read(int fd, long address, long lengthBytes) {
    try {
      long result = (long) READ.invokeExact(state, fd, address, lengthBytes);
      return result >= 0 ? result : -Calls.errno(state);
    } catch (Throwable e) {
      throw Calls.broken("read", e);
    }
  }

  /** write(2). */
  public long write(int fd, long address, long lengthBytes) {
    try {
      long result = (long) WRITE.invokeExact(state, fd, address, lengthBytes);
      return result >= 0 ? result : -Calls.errno(state);
    } catch (Throwable e) {
      throw Calls.broken("write", e);
    }
  }

  /**
   * epoll_wait(2).
   *
   * @param events address of {@code maxEvents} times {@link Epoll#EVENT_BYTES}
   * @param timeoutMs milliseconds; 0 returns at once, -1 waits for ever
   */
  public int epollWait(int epollFd, long events, int maxEvents, int timeoutMs) {
    try {
      int result = (int) EPOLL_WAIT.invokeExact(state, epollFd, events, maxEvents, timeoutMs);
      return result >= 0 ? result : -Calls.errno(state);
    } catch (Throwable e) {
      throw Calls.broken("epoll_wait", e);
    }
  }

  /** syscall(2), for calls that libc has no function for. */
  public long syscall(long number, long a, long b, long c, long d, long e, long f) {
    try {
      long result = (long) SYSCALL.invokeExact(state, number, a, b, c, d, e, f);
      return result >= 0 ? result : -Calls.errno(state);
    } catch (Throwable thrown) {
      throw Calls.broken("syscall", thrown);
    }
  }
}
