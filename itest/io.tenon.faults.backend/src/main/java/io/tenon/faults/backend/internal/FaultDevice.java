package io.tenon.faults.backend.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file whose I/O goes wrong as its trigger says. One thread does all I/O; reactors only hand over and take back. */
final class FaultDevice implements BlockDevice {
  private static final Logger log = LoggerFactory.getLogger(FaultDevice.class);
  private static final int BLOCK_BYTES = 512;

  /** A hanging request looks this often whether it still has to hang. */
  private static final long LOOK_MS = 20;

  private final String name;
  private final UUID uuid;
  private final FileChannel file;
  private final Path trigger;
  private final Geometry geometry;
  private final ScheduledThreadPoolExecutor worker;

  FaultDevice(String name, UUID uuid, FileChannel file, Path trigger) throws IOException {
    this.name = name;
    this.uuid = uuid;
    this.file = file;
    this.trigger = trigger;
    this.geometry = new Geometry(BLOCK_BYTES, file.size() / BLOCK_BYTES);
    this.worker =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().daemon().name("fault " + name).unstarted(task));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public UUID uuid() {
    return uuid;
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public String productName() {
    return "Fault disk";
  }

  @Override
  public boolean supports(IoOperation operation) {
    return switch (operation) {
      case READ, WRITE, FLUSH -> true;
      case UNMAP, WRITE_ZEROES, COMPARE, COMPARE_AND_WRITE -> false;
    };
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new Channel(reactor);
  }

  @Override
  public void listener(DeviceListener listener) {
    // It never changes, and fails only by its answers.
  }

  @Override
  public void close() {
    worker.shutdown();
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(name + " was not closed", e);
    }
  }

  private final class Channel extends IoChannel {
    private final Reactor reactor;

    Channel(Reactor reactor) {
      this.reactor = reactor;
    }

    @Override
    protected void take(IoRequest request) {
      if (!supports(request.operation())) {
        request.complete(IoStatus.UNSUPPORTED);
      } else if (!request.isWithin(geometry.blockCount())) {
        request.complete(IoStatus.OUT_OF_RANGE);
      } else {
        worker.execute(() -> decide(request, reactor));
      }
    }

    @Override
    public void close() {
      // The thread and the file are the device's.
    }
  }

  private void decide(IoRequest request, Reactor reactor) {
    Fault fault;
    try {
      fault = Fault.of(request.operation(), trigger);
    } catch (IOException e) {
      log.error("device {}: its trigger cannot be read", name, e);
      fault = new Fault.Failing();
    }
    switch (fault) {
      case Fault.None _ -> perform(request, reactor);
      case Fault.Failing _ -> end(request, reactor, IoStatus.IO_ERROR);
      case Fault.Slow slow -> later(() -> perform(request, reactor), slow.delayMs());
      case Fault.Hanging _ -> later(() -> decide(request, reactor), LOOK_MS);
    }
  }

  private void later(Runnable task, long delayMs) {
    var _ = worker.schedule(task, delayMs, TimeUnit.MILLISECONDS);
  }

  private void perform(IoRequest request, Reactor reactor) {
    IoStatus status = IoStatus.SUCCESS;
    try {
      long offset = request.lba() * BLOCK_BYTES;
      switch (request.operation()) {
        case READ -> read(memory(request), offset);
        case WRITE -> write(memory(request), offset);
        default -> file.force(false);
      }
    } catch (IOException e) {
      log.error("device {}: {} failed", name, request, e);
      status = IoStatus.IO_ERROR;
    }
    end(request, reactor, status);
  }

  private static ByteBuffer memory(IoRequest request) {
    return MemorySegment.ofAddress(request.address())
        .reinterpret(request.lengthBytes())
        .asByteBuffer();
  }

  private void read(ByteBuffer to, long offset) throws IOException {
    for (long at = offset; to.hasRemaining(); ) {
      int count = file.read(to, at);
      if (count < 0) throw new EOFException(name + " has shrunk");
      at += count;
    }
  }

  private void write(ByteBuffer from, long offset) throws IOException {
    for (long at = offset; from.hasRemaining(); ) at += file.write(from, at);
  }

  private static void end(IoRequest request, Reactor reactor, IoStatus status) {
    reactor.execute(() -> request.complete(status));
  }
}
