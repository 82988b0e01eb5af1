package io.tenon.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** TCP sockets as raw descriptors, always non-blocking and close-on-exec: ip(7), ipv6(7), tcp(7). Off the I/O path. */
public final class Sockets {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int SO_ERROR = 4;
  private static final int SO_LINGER = 13;
  private static final int LINGER_BYTES = 8;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;
  private static final int SOCKADDR_IN_BYTES = 16;
  private static final int SOCKADDR_IN6_BYTES = 28;
  private static final int IPV4_OFFSET = 4;
  private static final int IPV6_OFFSET = 8;

  private static final MethodHandle SOCKET =
      Calls.handle("socket", Calls.INT, Calls.INT, Calls.INT, Calls.INT);
  private static final MethodHandle BIND =
      Calls.handle("bind", Calls.INT, Calls.INT, Calls.LONG, Calls.INT);
  private static final MethodHandle CONNECT =
      Calls.handle("connect", Calls.INT, Calls.INT, Calls.LONG, Calls.INT);
  private static final MethodHandle LISTEN =
      Calls.handle("listen", Calls.INT, Calls.INT, Calls.INT);
  private static final MethodHandle ACCEPT4 =
      Calls.handle("accept4", Calls.INT, Calls.INT, Calls.LONG, Calls.LONG, Calls.INT);
  private static final MethodHandle SETSOCKOPT =
      Calls.handle("setsockopt", Calls.INT, Calls.INT, Calls.INT, Calls.INT, Calls.LONG, Calls.INT);
  private static final MethodHandle GETSOCKOPT =
      Calls.handle(
          "getsockopt", Calls.INT, Calls.INT, Calls.INT, Calls.INT, Calls.LONG, Calls.LONG);
  private static final MethodHandle GETSOCKNAME =
      Calls.handle("getsockname", Calls.INT, Calls.INT, Calls.LONG, Calls.LONG);
  private static final MethodHandle GETPEERNAME =
      Calls.handle("getpeername", Calls.INT, Calls.INT, Calls.LONG, Calls.LONG);

  private Sockets() {}

  /** A call whose result says whether it worked. */
  private interface Call {
    int invoke(MemorySegment state) throws Throwable;
  }

  private static int result(String name, Arena arena, Call call) {
    MemorySegment state = arena.allocate(Calls.STATE);
    try {
      int result = call.invoke(state);
      return result >= 0 ? result : -Calls.errno(state);
    } catch (Throwable e) {
      throw Calls.broken(name, e);
    }
  }

  private static int checked(String name, Arena arena, Call call) throws LinuxException {
    int result = result(name, arena, call);
    if (result < 0) throw new LinuxException(name, -result);
    return result;
  }

  /**
   * @param address resolved; port 0 lets the system choose
   * @return a listening descriptor
   */
  public static int listen(InetSocketAddress address, int backlog) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      int fd = open(arena, address);
      try {
        option(arena, fd, SOL_SOCKET, SO_REUSEADDR, 1);
        long name = encode(arena, address);
        checked("bind", arena, s -> (int) BIND.invokeExact(s, fd, name, length(address)));
        checked("listen", arena, s -> (int) LISTEN.invokeExact(s, fd, backlog));
        return fd;
      } catch (LinuxException e) {
        Descriptors.close(fd);
        throw e;
      }
    }
  }

  /**
   * Starts to connect; the descriptor becomes writable when it stands or has failed ({@link #error}).
   *
   * @param address resolved
   */
  public static int connect(InetSocketAddress address) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      int fd = open(arena, address);
      try {
        option(arena, fd, IPPROTO_TCP, TCP_NODELAY, 1);
        long name = encode(arena, address);
        int result =
            result("connect", arena, s -> (int) CONNECT.invokeExact(s, fd, name, length(address)));
        if (result < 0 && result != -Errno.EINPROGRESS) {
          throw new LinuxException("connect", -result);
        }
        return fd;
      } catch (LinuxException e) {
        Descriptors.close(fd);
        throw e;
      }
    }
  }

  /**
   * @return a connected descriptor, or the negative error number: {@code -EAGAIN} when nobody waits
   */
  public static int accept(int listener) {
    try (var arena = Arena.ofConfined()) {
      int fd =
          result(
              "accept4",
              arena,
              s -> (int) ACCEPT4.invokeExact(s, listener, 0L, 0L, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd >= 0) setOption(arena, fd, IPPROTO_TCP, TCP_NODELAY, 1);
      return fd;
    }
  }

  private static int open(Arena arena, InetSocketAddress address) throws LinuxException {
    int family = address.getAddress() instanceof Inet6Address ? AF_INET6 : AF_INET;
    return checked(
        "socket",
        arena,
        s -> (int) SOCKET.invokeExact(s, family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  private static void option(Arena arena, int fd, int level, int name, int value)
      throws LinuxException {
    int result = setOption(arena, fd, level, name, value);
    if (result < 0) throw new LinuxException("setsockopt", -result);
  }

  private static int setOption(Arena arena, int fd, int level, int name, int value) {
    long memory = arena.allocate(Integer.BYTES, Integer.BYTES).address();
    Memory.putInt(memory, value);
    return result(
        "setsockopt",
        arena,
        s -> (int) SETSOCKOPT.invokeExact(s, fd, level, name, memory, Integer.BYTES));
  }

  /**
   * When it is closed the connection is reset, and the kernel forgets what the peer has not confirmed; otherwise it would go on repeating
   * that. {@code SO_LINGER} of socket(7).
   */
  public static void resetOnClose(int fd) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      // struct linger: on, for no time.
      long memory = arena.allocate(LINGER_BYTES, Integer.BYTES).address();
      Memory.putInt(memory, 1);
      Memory.putInt(memory + Integer.BYTES, 0);
      checked(
          "setsockopt",
          arena,
          s -> (int) SETSOCKOPT.invokeExact(s, fd, SOL_SOCKET, SO_LINGER, memory, LINGER_BYTES));
    }
  }

  /** The error that waits at a socket, which this clears; 0 when there is none. */
  public static int error(int fd) {
    try (var arena = Arena.ofConfined()) {
      long value = arena.allocate(Integer.BYTES, Integer.BYTES).address();
      long length = arena.allocate(Integer.BYTES, Integer.BYTES).address();
      Memory.putInt(length, Integer.BYTES);
      int result =
          result(
              "getsockopt",
              arena,
              s -> (int) GETSOCKOPT.invokeExact(s, fd, SOL_SOCKET, SO_ERROR, value, length));
      return result < 0 ? -result : Memory.getInt(value);
    }
  }

  public static InetSocketAddress local(int fd) throws LinuxException {
    return name("getsockname", GETSOCKNAME, fd);
  }

  public static InetSocketAddress peer(int fd) throws LinuxException {
    return name("getpeername", GETPEERNAME, fd);
  }

  private static InetSocketAddress name(String call, MethodHandle handle, int fd)
      throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      long address = arena.allocate(SOCKADDR_IN6_BYTES, Long.BYTES).address();
      long length = arena.allocate(Integer.BYTES, Integer.BYTES).address();
      Memory.putInt(length, SOCKADDR_IN6_BYTES);
      checked(call, arena, s -> (int) handle.invokeExact(s, fd, address, length));
      return decode(address);
    }
  }

  private static int length(InetSocketAddress address) {
    return address.getAddress() instanceof Inet6Address ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES;
  }

  private static long encode(Arena arena, InetSocketAddress address) {
    byte[] bytes = address.getAddress().getAddress();
    boolean ipv6 = address.getAddress() instanceof Inet6Address;
    long memory = arena.allocate(SOCKADDR_IN6_BYTES, Long.BYTES).address();
    Memory.putShort(memory, ipv6 ? AF_INET6 : AF_INET);
    Memory.putByte(memory + 2, address.getPort() >> Byte.SIZE);
    Memory.putByte(memory + 3, address.getPort());
    Memory.copy(bytes, 0, memory + (ipv6 ? IPV6_OFFSET : IPV4_OFFSET), bytes.length);
    return memory;
  }

  private static InetSocketAddress decode(long memory) {
    boolean ipv6 = Memory.getU16(memory) == AF_INET6;
    int port = Memory.getU8(memory + 2) << Byte.SIZE | Memory.getU8(memory + 3);
    byte[] bytes = new byte[ipv6 ? 16 : 4];
    Memory.copy(memory + (ipv6 ? IPV6_OFFSET : IPV4_OFFSET), bytes, 0, bytes.length);
    try {
      return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
    }
  }
}
