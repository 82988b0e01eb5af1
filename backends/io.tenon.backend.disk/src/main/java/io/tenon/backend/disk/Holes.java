package io.tenon.backend.disk;

import io.tenon.linux.DiskFile;
import io.tenon.linux.DiskFile.Facts;
import io.tenon.linux.DiskFile.FileType;
import io.tenon.linux.Errno;
import io.tenon.linux.LinuxException;

/**
 * Where a sparse file holds nothing, as its file system says (lseek(2)). May block: who changes the file's shape has the same lock.
 *
 * <p>A hole that is none would lose data when a device is copied. So only file systems are believed of which it is known that what was acknowledged is
 * data to them at once, before it was flushed, and past the page cache as well.
 */
final class Holes {
  // linux/magic.h
  private static final long EXT4 = 0xEF53;
  private static final long XFS = 0x58465342;
  private static final long TMPFS = 0x01021994;

  /** Smaller ones count as data: to ask about them takes longer than to copy them. */
  private static final long LEAST_BYTES = 64 << 10;

  /** Looked at for one answer, of those that are smaller. */
  private static final int MOST_SMALL = 64;

  private Holes() {}

  static boolean areTold(DiskFile file, Facts facts) throws LinuxException {
    if (facts.type() != FileType.REGULAR) return false;
    long on = file.fileSystem();
    return on == EXT4 || on == XFS || on == TMPFS;
  }

  /**
   * What the range begins with.
   *
   * @return so many bytes, at most all, of data; or, negative, of a hole
   */
  static long alike(DiskFile file, long offset, long lengthBytes) throws LinuxException {
    long end = offset + lengthBytes;
    long data = nextData(file, offset, end);
    if (counts(offset, data, end)) return offset - data;
    for (int i = 0; i < MOST_SMALL; i++) {
      long hole = file.nextHole(data);
      if (hole >= end) return lengthBytes;
      data = nextData(file, hole, end);
      if (counts(hole, data, end)) return hole - offset;
    }
    return data - offset;
  }

  private static boolean counts(long hole, long data, long end) {
    return data - hole >= LEAST_BYTES || data == end;
  }

  /**
   * @return {@code end} at most
   */
  private static long nextData(DiskFile file, long offset, long end) throws LinuxException {
    try {
      return Math.min(file.nextData(offset), end);
    } catch (LinuxException e) {
      // A file that somebody has cut off has no zeroes behind its end: it cannot be read there.
      if (e.errno() != Errno.ENXIO || file.facts().sizeBytes() < end) throw e;
      return end;
    }
  }
}
