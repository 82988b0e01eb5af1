package io.tenon.backend.disk;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.reactor.Reactor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One reactor's way into a disk: checks, then hands over to that reactor's ring or to a thread that may block. */
final class DiskChannel extends IoChannel {
  private static final Logger log = LoggerFactory.getLogger(DiskChannel.class);

  private final DiskDevice device;
  private final Reactor reactor;
  private final DiskRing ring;
  private final Background background;
  private final int memoryMask;

  DiskChannel(DiskDevice device, Reactor reactor, DiskRing ring, Background background) {
    this.device = device;
    this.reactor = reactor;
    this.ring = ring;
    this.background = background;
    this.memoryMask = device.disk().memoryAlignBytes() - 1;
  }

  @Override
  protected void take(IoRequest request) {
    var geometry = device.geometry();
    if (!request.isWithin(geometry.blockCount())) {
      request.complete(IoStatus.OUT_OF_RANGE);
      return;
    }
    switch (request.operation()) {
      case READ, WRITE -> {
        if (request.lengthBytes() != request.blocks() << geometry.blockShift()) {
          throw Check.bug("%s has another length than its blocks", request);
        }
        if ((request.address() & memoryMask) != 0) {
          log.error("{}: {} is not aligned to {}", device.name(), request, memoryMask + 1);
          request.complete(IoStatus.IO_ERROR);
        } else if (request.blocks() == 0) {
          request.complete(IoStatus.SUCCESS);
        } else {
          ring.submit(request, device);
        }
      }
      case FLUSH -> ring.submit(request, device);
      case UNMAP, WRITE_ZEROES -> {
        if (request.blocks() == 0) request.complete(IoStatus.SUCCESS);
        else if (!device.supports(request.operation())) request.complete(IoStatus.UNSUPPORTED);
        else if (ring.canAllocate() && isSureToAllocate(request)) ring.submit(request, device);
        else background.run(request, device, reactor);
      }
      case COMPARE, COMPARE_AND_WRITE -> request.complete(IoStatus.UNSUPPORTED);
    }
  }

  /** What a file system refuses needs another way, which only the background knows. */
  private boolean isSureToAllocate(IoRequest request) {
    boolean discards = request.operation() == IoOperation.UNMAP;
    return device.disk().isBlockDevice() ? !discards : discards;
  }

  @Override
  protected void look(AllocationQuery query) {
    boolean knows = device.disk().tellsHoles() && query.isWithin(device.geometry().blockCount());
    if (knows) background.look(query, device, reactor);
    else query.answerUnknown();
  }

  @Override
  public void close() {
    // The ring is the reactor's, the file the device's.
  }
}
