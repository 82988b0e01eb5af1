package io.tenon.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * An io_uring(7): requests are written into a ring and handed in by one system call for many, completions are read out of
 * another ring without a call. Layouts of {@code linux/io_uring.h}. One thread, but for the constructor; nothing here
 * allocates.
 */
public final class Uring implements AutoCloseable {
  public static final int READ = 22;
  public static final int WRITE = 23;
  public static final int SYNC = 3;
  public static final int ALLOCATE = 17;

  /** For {@link #SYNC}: data only. */
  public static final int DATA_ONLY = 1;

  private static final long SETUP = 425;
  private static final long ENTER = 426;
  private static final long REGISTER = 427;
  private static final int REGISTER_EVENTFD = 4;
  private static final int ENTER_GETEVENTS = 1;

  private static final int SETUP_CLAMP = 1 << 4;
  private static final int FEATURE_SINGLE_MMAP = 1;

  // struct io_uring_params.
  private static final int PARAMS_BYTES = 120;
  private static final int SQ_ENTRIES = 0;
  private static final int CQ_ENTRIES = 4;
  private static final int FLAGS = 8;
  private static final int FEATURES = 20;
  private static final int SQ_OFFSETS = 40;
  private static final int CQ_OFFSETS = 80;
  private static final int HEAD = 0;
  private static final int TAIL = 4;
  private static final int MASK = 8;
  private static final int SQ_ARRAY = 24;
  private static final int CQ_CQES = 20;
  private static final int CQ_FLAGS = 24;
  private static final int EVENT_FD_DISABLED = 1;

  private static final long OFFSET_RINGS = 0;
  private static final long OFFSET_SQES = 0x10000000L;

  // struct io_uring_sqe.
  private static final int SQE_BYTES = 64;
  private static final int SQE_OPCODE = 0;
  private static final int SQE_FD = 4;
  private static final int SQE_OFFSET = 8;
  private static final int SQE_ADDRESS = 16;
  private static final int SQE_LENGTH = 24;
  private static final int SQE_OP_FLAGS = 28;
  private static final int SQE_USER_DATA = 32;

  // struct io_uring_cqe.
  private static final int CQE_BYTES = 16;
  private static final int CQE_USER_DATA = 0;
  private static final int CQE_RESULT = 8;

  private static final int PROT_READ_WRITE = 0x1 | 0x2;
  private static final int MAP_SHARED_POPULATE = 0x01 | 0x8000;

  private static final MethodHandle MMAP =
      Calls.handle(
          "mmap", Calls.LONG, Calls.LONG, Calls.LONG, Calls.INT, Calls.INT, Calls.INT, Calls.LONG);
  private static final MethodHandle MUNMAP =
      Calls.handle("munmap", Calls.INT, Calls.LONG, Calls.LONG);

  private final Arena arena = Arena.ofShared();
  private final HotCalls calls = new HotCalls(arena);
  private final int fd;
  private final int eventFd;
  private final long eventCount = arena.allocate(Long.BYTES, Long.BYTES).address();
  private final long rings;
  private final long ringsBytes;
  private final long sqes;
  private final long sqesBytes;
  private final long sqHead;
  private final long sqTail;
  private final int sqMask;
  private final long cqHead;
  private final long cqTail;
  private final int cqMask;
  private final long cqFlags;
  private final long cqes;
  private final int entries;
  private final int completionEntries;
  private int tail;
  private int handedIn;

  /**
   * @param entries requests that can be prepared between two {@link #submit}; a power of two
   * @throws LinuxException {@link Errno#EPERM} or {@link Errno#ENOSYS} when this system forbids it or has none; what it
   *     needs is there since Linux 5.8
   */
  public Uring(int entries) throws LinuxException {
    long params = arena.allocate(PARAMS_BYTES, Long.BYTES).address();
    Memory.putInt(params + FLAGS, SETUP_CLAMP);
    long result = calls.syscall(SETUP, entries, params, 0, 0, 0, 0);
    if (result < 0) {
      arena.close();
      throw new LinuxException("io_uring_setup", (int) -result);
    }
    this.fd = (int) result;
    if ((Memory.getInt(params + FEATURES) & FEATURE_SINGLE_MMAP) == 0) {
      Descriptors.close(fd);
      arena.close();
      throw new LinuxException("io_uring_setup before Linux 5.4", Errno.ENOSYS);
    }
    this.entries = Memory.getInt(params + SQ_ENTRIES);
    this.completionEntries = Memory.getInt(params + CQ_ENTRIES);
    long sq = params + SQ_OFFSETS;
    long cq = params + CQ_OFFSETS;
    long array = Memory.getU32(sq + SQ_ARRAY);
    long cqesAt = Memory.getU32(cq + CQ_CQES);
    this.ringsBytes =
        Math.max(
            array + (long) this.entries * Integer.BYTES,
            cqesAt + (long) completionEntries * CQE_BYTES);
    this.sqesBytes = (long) this.entries * SQE_BYTES;
    long mappedRings = 0;
    long mappedSqes = 0;
    int event = -1;
    try {
      mappedRings = map(ringsBytes, OFFSET_RINGS);
      mappedSqes = map(sqesBytes, OFFSET_SQES);
      event = Descriptors.eventFd();
      register(event);
    } catch (LinuxException e) {
      if (mappedRings != 0) unmap(mappedRings, ringsBytes);
      if (mappedSqes != 0) unmap(mappedSqes, sqesBytes);
      if (event >= 0) Descriptors.close(event);
      Descriptors.close(fd);
      arena.close();
      throw e;
    }
    this.eventFd = event;
    this.sqes = mappedSqes;
    this.rings = mappedRings;
    this.sqHead = rings + Memory.getU32(sq + HEAD);
    this.sqTail = rings + Memory.getU32(sq + TAIL);
    this.sqMask = Memory.getInt(rings + Memory.getU32(sq + MASK));
    this.cqHead = rings + Memory.getU32(cq + HEAD);
    this.cqTail = rings + Memory.getU32(cq + TAIL);
    this.cqMask = Memory.getInt(rings + Memory.getU32(cq + MASK));
    this.cqFlags = rings + Memory.getU32(cq + CQ_FLAGS);
    this.cqes = rings + cqesAt;
    // Entry i of the index ring is always request i: they are handed in in the order of being
    // prepared.
    for (int i = 0; i < this.entries; i++) Memory.putInt(rings + array + 4L * i, i);
    Memory.putInt(cqFlags, EVENT_FD_DISABLED);
  }

  private long map(long lengthBytes, long offset) throws LinuxException {
    MemorySegment state = arena.allocate(Calls.STATE);
    long mapped;
    try {
      mapped =
          (long)
              MMAP.invokeExact(
                  state, 0L, lengthBytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset);
    } catch (Throwable e) {
      throw Calls.broken("mmap", e);
    }
    if (mapped == -1) throw new LinuxException("mmap", Calls.errno(state));
    return mapped;
  }

  private void unmap(long address, long lengthBytes) {
    MemorySegment state = arena.allocate(Calls.STATE);
    try {
      int _ = (int) MUNMAP.invokeExact(state, address, lengthBytes);
    } catch (Throwable e) {
      throw Calls.broken("munmap", e);
    }
  }

  private void register(int event) throws LinuxException {
    long descriptor = arena.allocate(Integer.BYTES, Integer.BYTES).address();
    Memory.putInt(descriptor, event);
    long result = calls.syscall(REGISTER, fd, REGISTER_EVENTFD, descriptor, 1, 0, 0);
    if (result < 0) throw new LinuxException("io_uring_register", (int) -result);
  }

  /** Readable after a completion while {@link #signalling}, until {@link #clearSignal}. */
  public int eventFd() {
    return eventFd;
  }

  public void clearSignal() {
    calls.read(eventFd, eventCount, Long.BYTES);
  }

  /** Look for a completion once more after having switched it on. */
  public void signalling(boolean wanted) {
    Memory.putIntRelease(cqFlags, wanted ? 0 : EVENT_FD_DISABLED);
    VarHandle.fullFence();
  }

  /** Requests that may be in flight so that no completion is without a place. */
  public int depth() {
    return completionEntries;
  }

  /** No more can be prepared before the next {@link #submit}. */
  public boolean isFull() {
    return tail - Memory.getIntAcquire(sqHead) == entries;
  }

  /**
   * Adds a request to those that the next {@link #submit} hands in. Only when not {@link #isFull}.
   *
   * @param operation one of the constants
   * @param lengthBytes for {@link #ALLOCATE} the mode
   * @param address for {@link #ALLOCATE} the length
   * @param operationFlags such as {@link #DATA_ONLY}
   * @param slot what the completion brings back
   */
  public void prepare(
      int operation,
      int onFd,
      long offset,
      long address,
      int lengthBytes,
      int operationFlags,
      int slot) {
    long sqe = sqes + (long) (tail & sqMask) * SQE_BYTES;
    Memory.putLong(sqe + SQE_OPCODE, operation);
    Memory.putInt(sqe + SQE_FD, onFd);
    Memory.putLong(sqe + SQE_OFFSET, offset);
    Memory.putLong(sqe + SQE_ADDRESS, address);
    Memory.putInt(sqe + SQE_LENGTH, lengthBytes);
    Memory.putInt(sqe + SQE_OP_FLAGS, operationFlags);
    Memory.putLong(sqe + SQE_USER_DATA, slot);
    Memory.putLong(sqe + SQE_USER_DATA + 8, 0);
    Memory.putLong(sqe + SQE_USER_DATA + 16, 0);
    Memory.putLong(sqe + SQE_USER_DATA + 24, 0);
    tail++;
  }

  /** Requests that wait to be handed in. */
  public int prepared() {
    return tail - handedIn;
  }

  /**
   * Hands in what was prepared, by io_uring_enter(2).
   *
   * @return 0 when the kernel took some, or the negative error number; then all is still prepared
   */
  public int submit() {
    Memory.putIntRelease(sqTail, tail);
    long taken = calls.syscall(ENTER, fd, prepared(), 0, 0, 0, 0);
    if (taken < 0) return (int) taken;
    handedIn += (int) taken;
    return 0;
  }

  /** Lets the kernel put completions into the ring that it holds back. */
  public void collect() {
    calls.syscall(ENTER, fd, 0, 0, ENTER_GETEVENTS, 0, 0);
  }

  public boolean hasCompletion() {
    return Memory.getInt(cqHead) != Memory.getIntAcquire(cqTail);
  }

  /** Slot of the first completion. Only when {@link #hasCompletion}. */
  public int completedSlot() {
    return Memory.getInt(head() + CQE_USER_DATA);
  }

  /** Result of the first completion, or the negative error number. */
  public int completedResult() {
    return Memory.getInt(head() + CQE_RESULT);
  }

  private long head() {
    return cqes + (long) (Memory.getInt(cqHead) & cqMask) * CQE_BYTES;
  }

  /** Gives the place of the first completion back to the kernel. */
  public void dropCompletion() {
    Memory.putIntRelease(cqHead, Memory.getInt(cqHead) + 1);
  }

  /** Once, with nothing in flight. */
  @Override
  public void close() {
    unmap(sqes, sqesBytes);
    unmap(rings, ringsBytes);
    Descriptors.close(eventFd);
    Descriptors.close(fd);
    arena.close();
  }
}
