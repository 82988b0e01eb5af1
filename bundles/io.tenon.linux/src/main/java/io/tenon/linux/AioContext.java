package io.tenon.linux;

import java.lang.foreign.Arena;

/**
 * A context of Linux AIO, io_setup(2): requests go in by one system call for many, completions are read out of a ring that
 * the kernel shares with us ({@code struct aio_ring}, {@code fs/aio.c}), without a call. One thread, but for the
 * constructor and {@link #close}; nothing here allocates.
 */
public final class AioContext implements AutoCloseable {
  public static final int READ = 0;
  public static final int WRITE = 1;
  public static final int DATA_SYNC = 3;

  private static final boolean ARM = "aarch64".equals(System.getProperty("os.arch"));
  private static final long IO_SETUP = ARM ? 0 : 206;
  private static final long IO_DESTROY = ARM ? 1 : 207;
  private static final long IO_SUBMIT = ARM ? 2 : 209;

  // struct iocb, linux/aio_abi.h.
  private static final int IOCB_BYTES = 64;
  private static final int IOCB_DATA = 0;
  private static final int IOCB_KEY = 8;
  private static final int IOCB_OPCODE = 16;
  private static final int IOCB_FD = 20;
  private static final int IOCB_BUFFER = 24;
  private static final int IOCB_LENGTH = 32;
  private static final int IOCB_OFFSET = 40;
  private static final int IOCB_RESERVED2 = 48;
  private static final int IOCB_FLAGS = 56;
  private static final int IOCB_EVENT_FD = 60;
  private static final int FLAG_EVENT_FD = 1;

  // struct aio_ring.
  private static final int RING_ENTRIES = 4;
  private static final int RING_HEAD = 8;
  private static final int RING_TAIL = 12;
  private static final int RING_MAGIC = 16;
  private static final int RING_INCOMPATIBLE = 24;
  private static final int RING_HEADER_BYTES = 28;
  private static final int MAGIC = 0xa10a10a1;

  // struct io_event.
  private static final int EVENT_BYTES = 32;
  private static final int EVENT_DATA = 0;
  private static final int EVENT_RESULT = 16;

  private final Arena arena = Arena.ofShared();
  private final HotCalls calls = new HotCalls(arena);
  private final long context;
  private final long iocbs;
  private final long pointers;
  private final int eventFd;
  private final long eventCount;
  private int prepared;

  // Of the kernel's ring, which is as large as it likes, but not smaller than asked for.
  private final int ringEntries;
  private final long ringEvents;

  /**
   * @param depth requests that can be in flight
   * @throws LinuxException {@link Errno#EAGAIN} when the system's {@code fs.aio-max-nr} is used up
   */
  public AioContext(int depth) throws LinuxException {
    this.iocbs = arena.allocate((long) depth * IOCB_BYTES, IOCB_BYTES).address();
    this.pointers = arena.allocate((long) depth * Long.BYTES, Long.BYTES).address();
    this.eventCount = arena.allocate(Long.BYTES, Long.BYTES).address();
    long handle = arena.allocate(Long.BYTES, Long.BYTES).address();
    long result = calls.syscall(IO_SETUP, depth, handle, 0, 0, 0, 0);
    if (result < 0) {
      arena.close();
      throw new LinuxException("io_setup", (int) -result);
    }
    this.context = Memory.getLong(handle);
    boolean known =
        Memory.getInt(context + RING_MAGIC) == MAGIC
            && Memory.getInt(context + RING_INCOMPATIBLE) == 0;
    int fd = known ? eventFdOrError() : -Errno.ENOSYS;
    if (fd < 0) {
      calls.syscall(IO_DESTROY, context, 0, 0, 0, 0, 0);
      arena.close();
      throw new LinuxException(known ? "eventfd" : "the ring of io_setup", -fd);
    }
    this.eventFd = fd;
    this.ringEntries = Memory.getInt(context + RING_ENTRIES);
    this.ringEvents = context + Memory.getInt(context + RING_HEADER_BYTES);
  }

  private static int eventFdOrError() {
    try {
      return Descriptors.eventFd();
    } catch (LinuxException e) {
      return -e.errno();
    }
  }

  /** Readable after a completion, until {@link #clearSignal}. */
  public int eventFd() {
    return eventFd;
  }

  /**
   * Adds a request to those that the next {@link #submit} hands in.
   *
   * @param slot 0 to depth - 1, not in flight; completions bring it back
   * @param operation one of the constants
   */
  public void prepare(
      int slot, int operation, int fd, long address, long lengthBytes, long offset) {
    long iocb = iocbs + (long) slot * IOCB_BYTES;
    Memory.putLong(iocb + IOCB_DATA, slot);
    Memory.putLong(iocb + IOCB_KEY, 0);
    Memory.putInt(iocb + IOCB_OPCODE, operation);
    Memory.putInt(iocb + IOCB_FD, fd);
    Memory.putLong(iocb + IOCB_BUFFER, address);
    Memory.putLong(iocb + IOCB_LENGTH, lengthBytes);
    Memory.putLong(iocb + IOCB_OFFSET, offset);
    Memory.putLong(iocb + IOCB_RESERVED2, 0);
    Memory.putInt(iocb + IOCB_FLAGS, FLAG_EVENT_FD);
    Memory.putInt(iocb + IOCB_EVENT_FD, eventFd);
    Memory.putLong(pointers + (long) prepared * Long.BYTES, iocb);
    prepared++;
  }

  /** Requests that wait to be handed in. */
  public int prepared() {
    return prepared;
  }

  /**
   * Hands in what was prepared, in order.
   *
   * @return 0 when the kernel took some, or the negative error number that the first of them met; it stays the first
   */
  public int submit() {
    long taken = calls.syscall(IO_SUBMIT, context, prepared, pointers, 0, 0, 0);
    if (taken < 0) return (int) taken;
    dropFirst((int) taken);
    return 0;
  }

  /**
   * Takes the first prepared request back.
   *
   * @return its slot
   */
  public int takeBackFirst() {
    int slot = (int) ((Memory.getLong(pointers) - iocbs) / IOCB_BYTES);
    dropFirst(1);
    return slot;
  }

  private void dropFirst(int count) {
    prepared -= count;
    if (prepared == 0) return;
    Memory.copy(pointers + (long) count * Long.BYTES, pointers, (long) prepared * Long.BYTES);
  }

  public boolean hasCompletion() {
    return Memory.getInt(context + RING_HEAD) != Memory.getIntAcquire(context + RING_TAIL);
  }

  /** Slot of the first completion. Only when {@link #hasCompletion}. */
  public int completedSlot() {
    return (int) Memory.getLong(head() + EVENT_DATA);
  }

  /** Bytes moved by the first completion, or the negative error number. */
  public long completedResult() {
    return Memory.getLong(head() + EVENT_RESULT);
  }

  private long head() {
    return ringEvents + (long) Memory.getInt(context + RING_HEAD) * EVENT_BYTES;
  }

  /** Gives the place of the first completion back to the kernel. */
  public void dropCompletion() {
    int next = Memory.getInt(context + RING_HEAD) + 1;
    Memory.putIntRelease(context + RING_HEAD, next == ringEntries ? 0 : next);
  }

  /** Forgets the completions of before for {@link #eventFd}: from now on only new ones make it readable. */
  public void clearSignal() {
    calls.read(eventFd, eventCount, Long.BYTES);
  }

  /** io_destroy(2); waits for what is in flight. Once. */
  @Override
  public void close() {
    calls.syscall(IO_DESTROY, context, 0, 0, 0, 0, 0);
    Descriptors.close(eventFd);
    arena.close();
  }
}
