package io.tenon.backend.disk;

import io.tenon.linux.DiskFile;

/** Modes of fallocate(2) for operations of block devices. */
final class Allocation {
  static final int PUNCH = DiskFile.PUNCH_HOLE | DiskFile.KEEP_SIZE;
  static final int ZERO = DiskFile.ZERO_RANGE | DiskFile.KEEP_SIZE;

  private Allocation() {}
}
