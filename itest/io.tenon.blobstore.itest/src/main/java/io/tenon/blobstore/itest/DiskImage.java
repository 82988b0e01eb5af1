package io.tenon.blobstore.itest;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A disk's bytes, only to be read. All that is read is little-endian. */
final class DiskImage implements AutoCloseable {
  static final int PAGE = 4096;

  private final FileChannel file;
  private final long size;

  private DiskImage(FileChannel file) throws IOException {
    this.file = file;
    this.size = file.size();
  }

  static DiskImage open(Path path) throws IOException {
    return new DiskImage(FileChannel.open(path, StandardOpenOption.READ));
  }

  long size() {
    return size;
  }

  ByteBuffer read(long offset, int length) throws IOException {
    var bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      int count = file.read(bytes, offset + bytes.position());
      if (count < 0) {
        throw new EOFException(
            "%d bytes at %d are not on a disk of %d bytes".formatted(length, offset, size));
      }
    }
    return bytes.flip();
  }

  ByteBuffer page(long diskPage) throws IOException {
    return read(diskPage * PAGE, PAGE);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
