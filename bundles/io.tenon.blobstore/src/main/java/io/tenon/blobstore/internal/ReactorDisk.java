package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.internal.layout.Page;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;

/**
 * The device by way of one reactor. Writes are under way together until somebody flushes or reads; one that failed is told then.
 * One thread at a time, and never a reactor's.
 */
final class ReactorDisk implements StoreDisk, AutoCloseable {
  /** What every device takes at once. */
  private static final int IO_BYTES = 128 << 10;

  private static final int MOST_UNDER_WAY = 32;

  private final DeviceSlot slot;
  private final Reactor reactor;
  private final Blocking blocking;
  private final int pageBlocks;
  private final IoChannel channel;
  private final ArrayDeque<DiskRequest> underWay = new ArrayDeque<>();
  private final ArrayDeque<DiskRequest> freeSmall = new ArrayDeque<>();
  private final ArrayDeque<DiskRequest> freeLarge = new ArrayDeque<>();
  private IoStatus failure = IoStatus.SUCCESS;
  private String failed = "";

  ReactorDisk(DeviceSlot slot, Reactor reactor, Blocking blocking) {
    this.slot = slot;
    this.reactor = reactor;
    this.blocking = blocking;
    pageBlocks = Page.BYTES / slot.geometry().blockBytes();
    var opened = new CompletableFuture<IoChannel>();
    reactor.execute(() -> opened.complete(slot.channel(reactor)));
    blocking.await(opened);
    channel = opened.join();
  }

  @Override
  public long sizeBytes() {
    return slot.geometry().sizeBytes();
  }

  @Override
  public int blockBytes() {
    return slot.geometry().blockBytes();
  }

  private DiskRequest take(int bytes) {
    var request = (bytes <= Page.BYTES ? freeSmall : freeLarge).poll();
    return request != null
        ? request
        : new DiskRequest(channel, bytes <= Page.BYTES ? Page.BYTES : IO_BYTES);
  }

  private void give(DiskRequest request) {
    (request.memoryBytes() <= Page.BYTES ? freeSmall : freeLarge).add(request);
  }

  /** One that may be under way with others. */
  private DiskRequest request(int bytes) {
    while (underWay.size() >= MOST_UNDER_WAY) endOne();
    return take(bytes);
  }

  private void start(DiskRequest request) {
    underWay.add(request);
    request.start(reactor);
  }

  private void endOne() {
    var request = underWay.remove();
    end(request);
    give(request);
  }

  /** Waits for it, and remembers the first failure. */
  private void end(DiskRequest request) {
    blocking.await(request.ended());
    var status = request.ended().join();
    if (status.isSuccess() || !failure.isSuccess()) return;
    failure = status;
    failed = request.toString();
  }

  /** All that was begun has ended; throws the first failure. */
  private void endAll() throws BlobstoreException {
    while (!underWay.isEmpty()) endOne();
    if (failure.isSuccess()) return;
    var status = failure;
    failure = IoStatus.SUCCESS;
    throw new BlobstoreException(
        Kind.IO,
        "Block device %s failed.".formatted(slot.name()),
        "%s ended with %s.".formatted(failed, status),
        "Look at the device.");
  }

  @Override
  public byte[] read(long diskPage, int pages) throws BlobstoreException {
    endAll();
    var read = new byte[pages * Page.BYTES];
    var taken = new ArrayDeque<DiskRequest>();
    int copied = 0;
    for (int at = 0; at < read.length || !taken.isEmpty(); ) {
      if (at < read.length && taken.size() < MOST_UNDER_WAY) {
        int bytes = Math.min(IO_BYTES, read.length - at);
        var request = take(bytes);
        request.prepareRead(
            (diskPage + at / Page.BYTES) * pageBlocks,
            (long) bytes / Page.BYTES * pageBlocks,
            request.memory(),
            bytes);
        request.start(reactor);
        taken.add(request);
        at += bytes;
        continue;
      }
      var request = taken.remove();
      end(request);
      Memory.copy(request.memory(), read, copied, request.lengthBytes());
      copied += request.lengthBytes();
      give(request);
    }
    endAll();
    return read;
  }

  @Override
  public void write(long diskPage, byte[] pages) {
    for (int at = 0; at < pages.length; at += IO_BYTES) {
      int bytes = Math.min(IO_BYTES, pages.length - at);
      var request = request(bytes);
      Memory.copy(pages, at, request.memory(), bytes);
      request.prepareWrite(
          (diskPage + at / Page.BYTES) * pageBlocks,
          (long) bytes / Page.BYTES * pageBlocks,
          request.memory(),
          bytes);
      start(request);
    }
  }

  private long blocks(long bytes) {
    return bytes / blockBytes();
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes) {
    var request = request(Page.BYTES);
    request.prepareWriteZeroes(blocks(offsetBytes), blocks(lengthBytes));
    start(request);
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) {
    if (!slot.supports(IoOperation.UNMAP)) return;
    var request = request(Page.BYTES);
    request.prepareUnmap(blocks(offsetBytes), blocks(lengthBytes));
    start(request);
  }

  @Override
  public boolean discardZeroes() {
    return slot.supports(IoOperation.UNMAP) && slot.unmapZeroes();
  }

  /** All pieces are read at once, and each is written when it was read. */
  @Override
  public void copy(long fromBytes, long toBytes, long lengthBytes) throws BlobstoreException {
    endAll();
    var taken = new ArrayDeque<DiskRequest>();
    long written = 0;
    for (long at = 0; at < lengthBytes || !taken.isEmpty(); ) {
      if (at < lengthBytes && taken.size() < MOST_UNDER_WAY) {
        int bytes = (int) Math.min(IO_BYTES, lengthBytes - at);
        var request = take(IO_BYTES);
        request.prepareRead(blocks(fromBytes + at), blocks(bytes), request.memory(), bytes);
        request.start(reactor);
        taken.add(request);
        at += bytes;
        continue;
      }
      var request = taken.remove();
      end(request);
      int bytes = request.lengthBytes();
      while (underWay.size() >= MOST_UNDER_WAY) endOne();
      request.prepareWrite(blocks(toBytes + written), blocks(bytes), request.memory(), bytes);
      start(request);
      written += bytes;
    }
  }

  @Override
  public void flush() throws BlobstoreException {
    endAll();
    var request = request(Page.BYTES);
    request.prepareFlush();
    start(request);
    endAll();
  }

  /** Nothing is under way any more. */
  @Override
  public void close() {
    while (!underWay.isEmpty()) endOne();
    var closed = new CompletableFuture<Void>();
    reactor.execute(
        () -> {
          channel.close();
          closed.complete(null);
        });
    blocking.await(closed);
  }
}
