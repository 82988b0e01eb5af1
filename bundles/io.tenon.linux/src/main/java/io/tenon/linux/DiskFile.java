package io.tenon.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A regular file or block device, open for reading and writing: open(2), statx(2), fallocate(2) and the ioctls of {@code
 * linux/fs.h}. Any thread; every call may block, so none is for a reactor.
 */
public final class DiskFile implements AutoCloseable {
  private static final boolean ARM = "aarch64".equals(System.getProperty("os.arch"));
  private static final int O_RDWR = 2;
  private static final int O_EXCL = 0x80;
  private static final int O_CLOEXEC = 0x80000;
  private static final int O_DIRECT = ARM ? 0x10000 : 0x4000;
  private static final int LOCK_EXCLUSIVE_NOW = 2 | 4;

  /** Whence of lseek(2), {@code linux/fs.h}. */
  private static final int SEEK_DATA = 3;

  private static final int SEEK_HOLE = 4;

  /** More than struct statfs of x86-64 and ARM64, whose first word is the type. */
  private static final int STATFS_BYTES = 256;

  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC = 0x7ff;
  private static final int STATX_DIOALIGN = 0x2000;
  private static final int STATX_BYTES = 256;
  private static final int STX_MASK = 0;
  private static final int STX_MODE = 28;
  private static final int STX_SIZE = 40;
  private static final int STX_RDEV_MAJOR = 128;
  private static final int STX_RDEV_MINOR = 132;
  private static final int STX_DIO_MEM_ALIGN = 152;
  private static final int STX_DIO_OFFSET_ALIGN = 156;

  private static final int S_IFMT = 0xF000;
  private static final int S_IFDIR = 0x4000;
  private static final int S_IFBLK = 0x6000;
  private static final int S_IFREG = 0x8000;

  private static final long BLKSSZGET = 0x1268;
  private static final long BLKPBSZGET = 0x127b;
  private static final long BLKDISCARD = 0x1277;
  private static final long BLKZEROOUT = 0x127f;
  private static final long BLKGETSIZE64 = 0x80081272L;

  /** {@code FALLOC_FL_*}, {@code linux/falloc.h}. */
  public static final int KEEP_SIZE = 0x01;

  public static final int PUNCH_HOLE = 0x02;
  public static final int ZERO_RANGE = 0x10;

  private static final MethodHandle OPEN =
      Calls.variadic("open", 2, Calls.INT, Calls.LONG, Calls.INT, Calls.INT);
  private static final MethodHandle FLOCK = Calls.handle("flock", Calls.INT, Calls.INT, Calls.INT);
  private static final MethodHandle STATX =
      Calls.handle("statx", Calls.INT, Calls.INT, Calls.LONG, Calls.INT, Calls.INT, Calls.LONG);
  private static final MethodHandle IOCTL =
      Calls.variadic("ioctl", 2, Calls.INT, Calls.INT, Calls.LONG, Calls.LONG);
  private static final MethodHandle FALLOCATE =
      Calls.handle("fallocate", Calls.INT, Calls.INT, Calls.INT, Calls.LONG, Calls.LONG);
  private static final MethodHandle FDATASYNC = Calls.handle("fdatasync", Calls.INT, Calls.INT);
  private static final MethodHandle LSEEK =
      Calls.handle("lseek", Calls.LONG, Calls.INT, Calls.LONG, Calls.INT);
  private static final MethodHandle FSTATFS =
      Calls.handle("fstatfs", Calls.INT, Calls.INT, Calls.LONG);
  private static final MethodHandle PWRITE =
      Calls.handle("pwrite", Calls.LONG, Calls.INT, Calls.LONG, Calls.LONG, Calls.LONG);

  private final int fd;
  private final boolean direct;
  private boolean closed;

  private DiskFile(int fd, boolean direct) {
    this.fd = fd;
    this.direct = direct;
  }

  /** What statx(2) and the device say. */
  public enum FileType {
    REGULAR,
    BLOCK_DEVICE,
    DIRECTORY,
    OTHER
  }

  /**
   * @param sizeBytes of a file or block device
   * @param blockBytes logical block of a block device; 0 for a file
   * @param physicalBlockBytes what a block device writes at once; smaller writes make it read first. 0 for a file
   * @param memoryAlignBytes what O_DIRECT asks of addresses; 0 when it does not say or cannot
   * @param offsetAlignBytes what O_DIRECT asks of offsets and lengths; 0 likewise
   * @param major of a block device
   * @param minor of a block device
   */
  public record Facts(
      FileType type,
      long sizeBytes,
      int blockBytes,
      int physicalBlockBytes,
      int memoryAlignBytes,
      int offsetAlignBytes,
      int major,
      int minor) {}

  /**
   * @param direct past the page cache
   * @param exclusive for a block device: nobody else has it mounted or open exclusively
   * @throws LinuxException {@link Errno#EINVAL} also for a path with a NUL, behind which the kernel would not look
   */
  public static DiskFile open(String path, boolean direct, boolean exclusive)
      throws LinuxException {
    if (path.indexOf('\0') >= 0) throw new LinuxException("open", Errno.EINVAL);
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int flags = O_RDWR | O_CLOEXEC | (direct ? O_DIRECT : 0) | (exclusive ? O_EXCL : 0);
      int fd;
      try {
        fd = (int) OPEN.invokeExact(state, arena.allocateFrom(path).address(), flags, 0);
      } catch (Throwable e) {
        throw Calls.broken("open", e);
      }
      if (fd < 0) throw new LinuxException("open", Calls.errno(state));
      return new DiskFile(fd, direct);
    }
  }

  /** Stays this object's; not for closing. */
  public int fd() {
    return fd;
  }

  public boolean isDirect() {
    return direct;
  }

  /**
   * flock(2), exclusive, without waiting: another process that does the same is refused.
   *
   * @throws LinuxException {@link Errno#EAGAIN} when another has it
   */
  public void lock() throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int result;
      try {
        result = (int) FLOCK.invokeExact(state, fd, LOCK_EXCLUSIVE_NOW);
      } catch (Throwable e) {
        throw Calls.broken("flock", e);
      }
      if (result < 0) throw new LinuxException("flock", Calls.errno(state));
    }
  }

  public Facts facts() throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      long empty = arena.allocateFrom("").address();
      long buffer = arena.allocate(STATX_BYTES, Long.BYTES).address();
      int result;
      try {
        result =
            (int)
                STATX.invokeExact(
                    state, fd, empty, AT_EMPTY_PATH, STATX_BASIC | STATX_DIOALIGN, buffer);
      } catch (Throwable e) {
        throw Calls.broken("statx", e);
      }
      if (result < 0) throw new LinuxException("statx", Calls.errno(state));
      var type =
          switch (Memory.getU16(buffer + STX_MODE) & S_IFMT) {
            case S_IFREG -> FileType.REGULAR;
            case S_IFBLK -> FileType.BLOCK_DEVICE;
            case S_IFDIR -> FileType.DIRECTORY;
            default -> FileType.OTHER;
          };
      boolean block = type == FileType.BLOCK_DEVICE;
      boolean aligned = (Memory.getInt(buffer + STX_MASK) & STATX_DIOALIGN) != 0;
      long answer = arena.allocate(Long.BYTES, Long.BYTES).address();
      long size = Memory.getLong(buffer + STX_SIZE);
      int blockBytes = 0;
      int physicalBlockBytes = 0;
      if (block) {
        ioctl(BLKGETSIZE64, answer);
        size = Memory.getLong(answer);
        ioctl(BLKSSZGET, answer);
        blockBytes = Memory.getInt(answer);
        ioctl(BLKPBSZGET, answer);
        physicalBlockBytes = Memory.getInt(answer);
      }
      return new Facts(
          type,
          size,
          blockBytes,
          physicalBlockBytes,
          aligned ? Memory.getInt(buffer + STX_DIO_MEM_ALIGN) : 0,
          aligned ? Memory.getInt(buffer + STX_DIO_OFFSET_ALIGN) : 0,
          Memory.getInt(buffer + STX_RDEV_MAJOR),
          Memory.getInt(buffer + STX_RDEV_MINOR));
    }
  }

  private void ioctl(long request, long argument) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int result;
      try {
        result = (int) IOCTL.invokeExact(state, fd, request, argument);
      } catch (Throwable e) {
        throw Calls.broken("ioctl", e);
      }
      if (result < 0) throw new LinuxException("ioctl", Calls.errno(state));
    }
  }

  private void rangeIoctl(long request, long offset, long lengthBytes) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      long range = arena.allocate(2 * Long.BYTES, Long.BYTES).address();
      Memory.putLong(range, offset);
      Memory.putLong(range + Long.BYTES, lengthBytes);
      ioctl(request, range);
    }
  }

  /** Block devices: the range holds nothing of worth any more. */
  public void discard(long offset, long lengthBytes) throws LinuxException {
    rangeIoctl(BLKDISCARD, offset, lengthBytes);
  }

  /** Block devices: the range reads as zeroes; by the device where it can, else by writing them. */
  public void zeroOut(long offset, long lengthBytes) throws LinuxException {
    rangeIoctl(BLKZEROOUT, offset, lengthBytes);
  }

  /**
   * @param mode of {@link #KEEP_SIZE}, {@link #PUNCH_HOLE}, {@link #ZERO_RANGE}
   */
  public void allocate(int mode, long offset, long lengthBytes) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int result;
      try {
        result = (int) FALLOCATE.invokeExact(state, fd, mode, offset, lengthBytes);
      } catch (Throwable e) {
        throw Calls.broken("fallocate", e);
      }
      if (result < 0) throw new LinuxException("fallocate", Calls.errno(state));
    }
  }

  /**
   * Magic number of the file system that the file is on, {@code linux/magic.h}.
   */
  public long fileSystem() throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      long buffer = arena.allocate(STATFS_BYTES, Long.BYTES).address();
      int result;
      try {
        result = (int) FSTATFS.invokeExact(state, fd, buffer);
      } catch (Throwable e) {
        throw Calls.broken("fstatfs", e);
      }
      if (result < 0) throw new LinuxException("fstatfs", Calls.errno(state));
      return Memory.getLong(buffer);
    }
  }

  /**
   * Files: the first place from {@code offset} on that holds data. What is before it reads as zeroes.
   *
   * @throws LinuxException {@link Errno#ENXIO} when there is none up to the end of the file, or the file ends before
   */
  public long nextData(long offset) throws LinuxException {
    return seek(offset, SEEK_DATA);
  }

  /**
   * Files: the first place from {@code offset} on that holds no data; the end of the file at the latest.
   *
   * @throws LinuxException {@link Errno#ENXIO} when the file ends before
   */
  public long nextHole(long offset) throws LinuxException {
    return seek(offset, SEEK_HOLE);
  }

  /** The file's own place moves by it, and is used by nothing here. */
  private long seek(long offset, int whence) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      long result;
      try {
        result = (long) LSEEK.invokeExact(state, fd, offset, whence);
      } catch (Throwable e) {
        throw Calls.broken("lseek", e);
      }
      if (result < 0) throw new LinuxException("lseek", Calls.errno(state));
      return result;
    }
  }

  /** pwrite(2), all of it. */
  public void write(long address, long lengthBytes, long offset) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      long done = 0;
      while (done < lengthBytes) {
        long result;
        try {
          result =
              (long)
                  PWRITE.invokeExact(state, fd, address + done, lengthBytes - done, offset + done);
        } catch (Throwable e) {
          throw Calls.broken("pwrite", e);
        }
        if (result < 0) throw new LinuxException("pwrite", Calls.errno(state));
        done += result;
      }
    }
  }

  /** fdatasync(2). */
  public void dataSync() throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Calls.STATE);
      int result;
      try {
        result = (int) FDATASYNC.invokeExact(state, fd);
      } catch (Throwable e) {
        throw Calls.broken("fdatasync", e);
      }
      if (result < 0) throw new LinuxException("fdatasync", Calls.errno(state));
    }
  }

  /** Idempotent. */
  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    Descriptors.close(fd);
  }
}
