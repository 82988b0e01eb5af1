package io.tenon.pool.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;

/**
 * Reads and clears a device, one I/O after the other, for whoever may wait. How long an I/O takes at most is the device's business:
 * a slot answers, or fails by its own deadline. Never on a reactor.
 */
final class PlainIo implements AutoCloseable {
  /** What every device takes at once. */
  static final int IO_BYTES = 128 << 10;

  /** So that others get their turn in between. */
  private static final long CLEAR_BYTES = 64 << 20;

  private static final ValueLayout.OfInt PATTERN =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DeviceSlot slot;
  private final Reactor reactor;
  private final IoChannel channel;
  private final Request request = new Request();

  private static final class Request extends IoRequest {
    private final MemorySegment memory = Arena.ofAuto().allocate(IO_BYTES, 4096);
    private CompletableFuture<IoStatus> ended = new CompletableFuture<>();

    @Override
    protected void completed(IoStatus status) {
      ended.complete(status);
    }
  }

  PlainIo(DeviceSlot slot, Reactor reactor) {
    this.slot = slot;
    this.reactor = reactor;
    var opened = new CompletableFuture<IoChannel>();
    reactor.execute(() -> opened.complete(slot.channel(reactor)));
    channel = opened.join();
  }

  /**
   * @param offsetBytes a whole number of blocks
   * @param lengthBytes a whole number of blocks, at most {@link #IO_BYTES}
   */
  byte[] read(long offsetBytes, int lengthBytes) throws DeviceException {
    request.prepareRead(
        blocks(offsetBytes), blocks(lengthBytes), request.memory.address(), lengthBytes);
    run();
    var content = new byte[lengthBytes];
    Memory.copy(request.memory.address(), content, 0, lengthBytes);
    return content;
  }

  void writeZeroes(long offsetBytes, long lengthBytes) throws DeviceException {
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at += CLEAR_BYTES) {
      request.prepareWriteZeroes(blocks(at), blocks(Math.min(CLEAR_BYTES, end - at)));
      run();
    }
  }

  void unmap(long offsetBytes, long lengthBytes) throws DeviceException {
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at += CLEAR_BYTES) {
      request.prepareUnmap(blocks(at), blocks(Math.min(CLEAR_BYTES, end - at)));
      run();
    }
  }

  /**
   * @param pattern repeated, lowest byte first
   */
  void writePattern(long offsetBytes, long lengthBytes, int pattern) throws DeviceException {
    for (long at = 0; at < IO_BYTES; at += Integer.BYTES) {
      request.memory.set(PATTERN, at, pattern);
    }
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at += IO_BYTES) {
      int bytes = (int) Math.min(IO_BYTES, end - at);
      request.prepareWrite(blocks(at), blocks(bytes), request.memory.address(), bytes);
      run();
    }
  }

  void flush() throws DeviceException {
    request.prepareFlush();
    run();
  }

  private long blocks(long bytes) {
    return bytes >> slot.geometry().blockShift();
  }

  private void run() throws DeviceException {
    var ended = new CompletableFuture<IoStatus>();
    request.ended = ended;
    reactor.execute(() -> channel.submit(request));
    var status = ended.join();
    if (status.isSuccess()) return;
    throw new DeviceException(
        Kind.IO,
        "Block device %s failed.".formatted(slot.name()),
        "%s ended with %s.".formatted(request, status),
        "Look at the device.");
  }

  @Override
  public void close() {
    var closed = new CompletableFuture<Boolean>();
    reactor.execute(
        () -> {
          channel.close();
          closed.complete(true);
        });
    var _ = closed.join();
  }
}
