package io.tenon.backend.disk;

import io.tenon.linux.DiskFile;
import io.tenon.linux.LinuxException;
import java.lang.foreign.Arena;

/** Zeroes for files that cannot be zeroed in another way. */
final class Zeroes {
  private static final long BYTES = 1 << 20;

  private Zeroes() {}

  static void write(DiskFile file, long offset, long lengthBytes) throws LinuxException {
    try (var arena = Arena.ofConfined()) {
      long memory = arena.allocate(BYTES, 4096).address();
      for (long done = 0; done < lengthBytes; done += BYTES) {
        file.write(memory, Math.min(BYTES, lengthBytes - done), offset + done);
      }
    }
  }
}
