package io.tenon.backend.nil.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.util.UUID;

/**
 * Takes every write and forgets it; reads are zeroes. For measuring all that is above a device. It compares nothing: a
 * comparison through a slot finds the zeroes.
 */
final class NullDevice implements BlockDevice {
  private final String name;
  private final UUID uuid;
  private final Geometry geometry;

  NullDevice(String name, UUID uuid, Geometry geometry) {
    this.name = name;
    this.uuid = uuid;
    this.geometry = geometry;
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
    return "Null disk";
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
  public void listener(DeviceListener listener) {
    // It never changes and is never lost.
  }

  @Override
  public void close() {
    // It holds nothing.
  }

  private final class Channel extends IoChannel {
    @Override
    protected void take(IoRequest request) {
      if (!request.isWithin(geometry.blockCount())) {
        request.complete(IoStatus.OUT_OF_RANGE);
        return;
      }
      if (request.operation() == IoOperation.READ) {
        Memory.zero(request.address(), request.lengthBytes());
      }
      request.complete(supports(request.operation()) ? IoStatus.SUCCESS : IoStatus.UNSUPPORTED);
    }

    @Override
    public boolean consumesInline() {
      return true;
    }

    @Override
    public void close() {
      // It holds nothing.
    }
  }
}
