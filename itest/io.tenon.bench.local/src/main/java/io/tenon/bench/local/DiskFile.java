package io.tenon.bench.local;

import io.tenon.block.testing.LoopDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A loop device on a file all of whose blocks were written once. */
record DiskFile(Path file, LoopDevice loop) implements AutoCloseable {
  /** A folder in memory (tmpfs), on most systems. */
  static final Path MEMORY = Path.of("/dev/shm");

  static DiskFile make(long bytes) throws IOException {
    return make(Path.of(System.getProperty("java.io.tmpdir")), bytes);
  }

  static DiskFile make(Path folder, long bytes) throws IOException {
    var file = Files.createTempFile(folder, "tenon-bench-", ".disk");
    file.toFile().deleteOnExit();
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      var ones = new byte[1 << 20];
      Arrays.fill(ones, (byte) 1);
      for (long at = 0; at < bytes; at += ones.length) disk.write(ones);
      disk.getFD().sync();
      return new DiskFile(file, LoopDevice.on(file, 512));
    } catch (IOException e) {
      Files.delete(file);
      throw e;
    }
  }

  Path path() {
    return loop.path();
  }

  @Override
  public void close() throws IOException {
    loop.close();
    Files.delete(file);
  }
}
