package com.example.mapped.internal;

import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.io.UncheckedIOException;

/** Reads and writes are copies, done within submit; only a flush waits, and not on the reactor. */
final class MappedChannel extends IoChannel {
  private final MappedDevice device;
  private final Reactor reactor;

  MappedChannel(MappedDevice device, Reactor reactor) {
    this.device = device;
    this.reactor = reactor;
  }

  @Override
  protected void take(IoRequest request) {
    var geometry = device.geometry();
    if (!request.isWithin(geometry.blockCount())) {
      request.complete(IoStatus.OUT_OF_RANGE);
      return;
    }
    long at = device.address() + (request.lba() << geometry.blockShift());
    long bytes = request.blocks() << geometry.blockShift();
    switch (request.operation()) {
      case READ -> {
        Memory.copy(at, request.address(), bytes);
        request.complete(IoStatus.SUCCESS);
      }
      case WRITE -> {
        Memory.copy(request.address(), at, bytes);
        request.complete(IoStatus.SUCCESS);
      }
      case FLUSH -> Thread.ofVirtual().name("flush " + device.name()).start(() -> flush(request));
      case UNMAP, WRITE_ZEROES, COMPARE, COMPARE_AND_WRITE ->
          request.complete(IoStatus.UNSUPPORTED);
    }
  }

  private void flush(IoRequest request) {
    IoStatus status = IoStatus.SUCCESS;
    try {
      device.force();
    } catch (UncheckedIOException e) {
      status = IoStatus.IO_ERROR;
    }
    IoStatus end = status;
    reactor.execute(() -> request.complete(end));
  }

  @Override
  public boolean consumesInline() {
    return true;
  }

  @Override
  public void close() {
    // The memory is the device's.
  }
}
