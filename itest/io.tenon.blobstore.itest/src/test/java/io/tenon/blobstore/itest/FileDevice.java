package io.tenon.blobstore.itest;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** A file as a disk whose power can be cut between two pages. Does each request at once, by way of the page cache. */
final class FileDevice implements BlockDevice {
  private static final long NEVER = Long.MAX_VALUE;

  private final Path path;
  private final FileChannel file;
  private volatile Geometry geometry;
  private volatile DeviceListener listener = new DeviceListener() {};

  /** Pages that can be written until the power fails. */
  private final AtomicLong pagesLeft = new AtomicLong(NEVER);

  FileDevice(Path path, int blockBytes) throws IOException {
    this.path = path;
    this.file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    this.geometry = new Geometry(blockBytes, file.size() / blockBytes);
  }

  /** Makes a file of zeroes. */
  static void make(Path path, long bytes) throws IOException {
    try (var file =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), bytes - 1);
    }
  }

  void grow(long bytes) throws IOException {
    file.write(ByteBuffer.allocate(1), bytes - 1);
    geometry = new Geometry(geometry.blockBytes(), bytes / geometry.blockBytes());
    listener.resized(geometry);
  }

  void cutPowerAfter(long pages) {
    pagesLeft.set(pages);
  }

  boolean hasLostPower() {
    return pagesLeft.get() == 0;
  }

  @Override
  public String name() {
    return path.getFileName().toString();
  }

  @Override
  public UUID uuid() {
    return new UUID(0, 1);
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public String productName() {
    return "Test file";
  }

  @Override
  public boolean supports(IoOperation operation) {
    return switch (operation) {
      case READ, WRITE, FLUSH, UNMAP, WRITE_ZEROES -> true;
      case COMPARE, COMPARE_AND_WRITE -> false;
    };
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new Channel();
  }

  @Override
  public void listener(DeviceListener told) {
    this.listener = told;
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Channel extends IoChannel {
    @Override
    protected void take(IoRequest request) {
      request.complete(result(request));
    }

    private IoStatus result(IoRequest request) {
      if (hasLostPower()) return IoStatus.IO_ERROR;
      if (!request.isWithin(geometry.blockCount())) return IoStatus.OUT_OF_RANGE;
      long at = request.lba() * geometry.blockBytes();
      long length = request.blocks() * geometry.blockBytes();
      try {
        switch (request.operation()) {
          case READ -> read(memory(request), at);
          case WRITE -> {
            return write(memory(request), at);
          }
          case WRITE_ZEROES -> {
            return write(ByteBuffer.allocate(Math.toIntExact(length)), at);
          }
          case UNMAP -> {
            return discard(at, length);
          }
          case FLUSH -> {}
          case COMPARE, COMPARE_AND_WRITE -> {
            return IoStatus.UNSUPPORTED;
          }
        }
        return IoStatus.SUCCESS;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static ByteBuffer memory(IoRequest request) {
      return MemorySegment.ofAddress(request.address())
          .reinterpret(request.lengthBytes())
          .asByteBuffer();
    }

    private void read(ByteBuffer into, long from) throws IOException {
      long at = from;
      while (into.hasRemaining()) {
        int count = file.read(into, at);
        if (count < 0) throw new IOException("the file is shorter than the device");
        at += count;
      }
    }

    private IoStatus write(ByteBuffer data, long at) throws IOException {
      int length = data.remaining();
      int whole = length;
      if (pagesLeft.get() != NEVER) {
        long pages = Bytes.ceil(length, DiskImage.PAGE);
        long left = pagesLeft.get();
        whole = (int) Math.min(length, left * DiskImage.PAGE);
        pagesLeft.set(Math.max(0, left - pages));
      }
      data.limit(whole);
      while (data.hasRemaining()) file.write(data, at + data.position());
      return whole == length ? IoStatus.SUCCESS : IoStatus.IO_ERROR;
    }

    /** Half of it becomes zeroes, as disks may. */
    private IoStatus discard(long at, long length) throws IOException {
      var zeroes = ByteBuffer.allocate(DiskImage.PAGE);
      for (long page = Bytes.ceil(at, DiskImage.PAGE) | 1;
          (page + 1) * DiskImage.PAGE <= at + length;
          page += 2) {
        if (write(zeroes.clear(), page * DiskImage.PAGE) != IoStatus.SUCCESS) {
          return IoStatus.IO_ERROR;
        }
      }
      return IoStatus.SUCCESS;
    }

    @Override
    public void close() {
      // The file is the device's.
    }
  }
}
