package io.tenon.backend.malloc.internal;

import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Mapping;
import io.tenon.linux.Memory;

/** Does each request at once, within submit. */
final class MallocChannel extends IoChannel {
  /** From here on giving pages back is cheaper than zeroing them. */
  private static final long DISCARD_BYTES = 1 << 20;

  private static final long PAGE = 4096;

  private final MallocDevice device;

  MallocChannel(MallocDevice device) {
    this.device = device;
  }

  @Override
  protected void take(IoRequest request) {
    var geometry = device.geometry();
    if (!request.isWithin(geometry.blockCount())) {
      request.complete(IoStatus.OUT_OF_RANGE);
      return;
    }
    int shift = geometry.blockShift();
    long offset = request.lba() << shift;
    long bytes = request.blocks() << shift;
    var mapping = device.mapping();
    long at = mapping.address() + offset;
    var status = IoStatus.SUCCESS;
    switch (request.operation()) {
      case READ -> {
        checkLength(request, bytes);
        if (request.isLendable()) request.lend(at);
        else Memory.copy(at, request.address(), bytes);
      }
      case WRITE -> {
        checkLength(request, bytes);
        Memory.copy(request.address(), at, bytes);
      }
      case FLUSH -> {}
      case UNMAP, WRITE_ZEROES -> zero(mapping, offset, bytes);
      case COMPARE -> {
        checkLength(request, bytes);
        if (Memory.mismatch(request.address(), at, bytes) >= 0) status = IoStatus.MISCOMPARE;
      }
      case COMPARE_AND_WRITE -> status = IoStatus.UNSUPPORTED;
    }
    request.complete(status);
  }

  /** Nothing else keeps a wrong length from writing over memory of others. */
  private static void checkLength(IoRequest request, long bytes) {
    if (request.lengthBytes() != bytes) {
      throw Check.bug("%s of %d bytes has another length", request, bytes);
    }
  }

  private static void zero(Mapping mapping, long offset, long bytes) {
    if (bytes < DISCARD_BYTES) {
      Memory.zero(mapping.address() + offset, bytes);
      return;
    }
    long end = offset + bytes;
    long firstPage = (offset + PAGE - 1) & -PAGE;
    long endPage = end & -PAGE;
    Memory.zero(mapping.address() + offset, firstPage - offset);
    mapping.discard(firstPage, endPage - firstPage);
    Memory.zero(mapping.address() + endPage, end - endPage);
  }

  @Override
  public boolean consumesInline() {
    return true;
  }

  @Override
  public boolean lendsMemory() {
    return true;
  }

  @Override
  public void close() {
    // The memory is the device's.
  }
}
