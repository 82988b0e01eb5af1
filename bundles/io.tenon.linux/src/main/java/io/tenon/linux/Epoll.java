package io.tenon.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** An epoll(7) instance: which of many descriptors are ready. Waiting is {@link HotCalls#epollWait}. One thread. */
public final class Epoll implements AutoCloseable {
  public static final int IN = 0x001;
  public static final int OUT = 0x004;
  public static final int ERR = 0x008;
  public static final int HUP = 0x010;
  public static final int RDHUP = 0x2000;

  private static final boolean PACKED = "amd64".equals(System.getProperty("os.arch"));

  /** {@code struct epoll_event}: packed on x86-64 only. */
  public static final int EVENT_BYTES = PACKED ? 12 : 16;

  private static final int DATA_OFFSET = PACKED ? 4 : 8;
  private static final int CTL_ADD = 1;
  private static final int CTL_DEL = 2;
  private static final int CTL_MOD = 3;
  private static final int CLOEXEC = 0x80000;

  private static final MethodHandle CREATE = Calls.handle("epoll_create1", Calls.INT, Calls.INT);
  private static final MethodHandle CTL =
      Calls.handle("epoll_ctl", Calls.INT, Calls.INT, Calls.INT, Calls.INT, Calls.LONG);

  private final Arena arena = Arena.ofShared();
  private final long event = arena.allocate(EVENT_BYTES, Long.BYTES).address();
  private final MemorySegment state = arena.allocate(Calls.STATE);
  private final int fd;

  public Epoll() throws LinuxException {
    this.fd = Descriptors.checked("epoll_create1", CREATE, CLOEXEC);
  }

  public int fd() {
    return fd;
  }

  /**
   * @param tag comes back with each event
   */
  public void add(int watched, int events, long tag) throws LinuxException {
    control(CTL_ADD, watched, events, tag);
  }

  public void modify(int watched, int events, long tag) throws LinuxException {
    control(CTL_MOD, watched, events, tag);
  }

  public void remove(int watched) throws LinuxException {
    control(CTL_DEL, watched, 0, 0);
  }

  private void control(int operation, int watched, int events, long tag) throws LinuxException {
    Memory.putInt(event, events);
    Memory.putLong(event + DATA_OFFSET, tag);
    int result;
    try {
      result = (int) CTL.invokeExact(state, fd, operation, watched, event);
    } catch (Throwable e) {
      throw Calls.broken("epoll_ctl", e);
    }
    if (result < 0) throw new LinuxException("epoll_ctl", Calls.errno(state));
  }

  /** Events of entry {@code index} of an array that {@link HotCalls#epollWait} has filled. */
  public static int events(long array, int index) {
    return Memory.getInt(array + (long) index * EVENT_BYTES);
  }

  public static long tag(long array, int index) {
    return Memory.getLong(array + (long) index * EVENT_BYTES + DATA_OFFSET);
  }

  @Override
  public void close() {
    Descriptors.close(fd);
    arena.close();
  }
}
