package io.tenon.block;

import io.tenon.error.Check;
import io.tenon.linux.Memory;
import org.jspecify.annotations.Nullable;

/**
 * The requests to the device that together make one that it does not do: reads and a comparison for COMPARE, writes of
 * zeroes for WRITE_ZEROES, both under a lock for COMPARE_AND_WRITE, and a read into borrowed memory for a lendable read
 * that outlived the device that lends.
 */
final class EmulatedIo extends IoRequest {
  /** {@link IoRequest#epoch} of a request that locks wait for only by waiting for their turn. */
  static final int BEYOND_LOCKS = -1;

  private final Emulation home;
  private final RangeLock lock;
  @Nullable EmulatedIo nextFree;

  private @Nullable IoRequest outer;
  private @Nullable IoChannel device;
  private int blockShift;
  private long buffer;
  private int bufferBytes;
  private boolean bufferPooled;
  private boolean locked;
  private boolean writing;
  private long doneBlocks;
  private long stepBlocks;

  /** A device may complete within submit; then the loop goes on instead of the stack growing. */
  private boolean submitting;

  private boolean endedInSubmit;
  private IoStatus stepStatus = IoStatus.SUCCESS;

  EmulatedIo(Emulation home) {
    this.home = home;
    this.lock = new RangeLock(home.channel(), this::proceed);
  }

  void start(IoRequest request, IoChannel to, Geometry geometry) {
    outer = request;
    device = to;
    blockShift = geometry.blockShift();
    writing = false;
    doneBlocks = 0;
    if (!geometry.contains(request.lba(), request.blocks())) {
      finish(IoStatus.OUT_OF_RANGE);
    } else if (request.blocks() == 0) {
      finish(IoStatus.SUCCESS);
    } else if (needsWhole() && request.lengthBytes() > home.maxBufferBytes()) {
      finish(IoStatus.IO_ERROR);
    } else if (request.operation() == IoOperation.COMPARE_AND_WRITE) {
      locked = true;
      lock.range(request.lba(), request.blocks());
      home.channel().slot().acquire(lock);
    } else {
      proceed();
    }
  }

  private void proceed() {
    if (outer().operation() == IoOperation.WRITE_ZEROES) {
      buffer = Emulation.ZEROES;
      bufferBytes = Math.min(Emulation.ZEROES_BYTES, home.maxBufferBytes());
      run();
    } else {
      home.wantBuffer(this);
    }
  }

  int wantedBytes() {
    return (int) Math.min(outer().blocks() << blockShift, home.maxBufferBytes());
  }

  /** It cannot be done in pieces. */
  boolean needsWhole() {
    return outer().operation() == IoOperation.READ;
  }

  void haveBuffer(long address, int lengthBytes, boolean pooled) {
    buffer = address;
    bufferBytes = lengthBytes;
    bufferPooled = pooled;
    run();
  }

  private IoRequest outer() {
    var request = outer;
    if (request == null) throw Check.bug("emulated I/O without a request");
    return request;
  }

  private void run() {
    var to = device;
    if (to == null) throw Check.bug("emulated I/O without a device");
    do {
      prepareStep();
      endedInSubmit = false;
      submitting = true;
      to.submit(this);
      submitting = false;
      if (!endedInSubmit) return;
    } while (stepEnded());
  }

  @Override
  protected void completed(IoStatus status) {
    stepStatus = status;
    if (submitting) endedInSubmit = true;
    else if (stepEnded()) run();
  }

  private void prepareStep() {
    var request = outer();
    stepBlocks = Math.min(request.blocks() - doneBlocks, bufferBytes >> blockShift);
    long lba = request.lba() + doneBlocks;
    int bytes = (int) (stepBlocks << blockShift);
    if (request.operation() == IoOperation.WRITE_ZEROES) {
      prepareWrite(lba, stepBlocks, buffer, bytes);
    } else if (writing) {
      // By way of the buffer, which is aligned as devices want it; half of the request's memory
      // need not be.
      long second = request.blocks() << blockShift;
      Memory.copy(request.address() + second + (doneBlocks << blockShift), buffer, bytes);
      prepareWrite(lba, stepBlocks, buffer, bytes);
    } else {
      prepareRead(lba, stepBlocks, buffer, bytes);
    }
  }

  /**
   * @return true when there is another step to do
   */
  private boolean stepEnded() {
    if (!stepStatus.isSuccess()) return finish(stepStatus);
    var request = outer();
    boolean compares =
        switch (request.operation()) {
          case COMPARE -> true;
          case COMPARE_AND_WRITE -> !writing;
          default -> false;
        };
    if (compares) {
      long expected = request.address() + (doneBlocks << blockShift);
      if (Memory.mismatch(expected, buffer, stepBlocks << blockShift) >= 0) {
        return finish(IoStatus.MISCOMPARE);
      }
    }
    doneBlocks += stepBlocks;
    if (doneBlocks < request.blocks()) return true;
    if (locked && !writing) {
      writing = true;
      doneBlocks = 0;
      return true;
    }
    return finish(IoStatus.SUCCESS);
  }

  private boolean finish(IoStatus status) {
    var request = outer();
    if (request.operation() == IoOperation.READ && status.isSuccess()) {
      request.lender = this;
      request.lend(buffer);
      request.complete(status);
      return false;
    }
    outer = null;
    device = null;
    boolean pooledOrReserve = buffer != 0 && request.operation() != IoOperation.WRITE_ZEROES;
    long used = buffer;
    int usedBytes = bufferBytes;
    boolean pooled = bufferPooled;
    buffer = 0;
    if (locked) {
      locked = false;
      home.channel().slot().release();
      home.channel().leftLock();
    } else if (request.operation() == IoOperation.COMPARE_AND_WRITE) {
      home.channel().leftLock();
    }
    home.recycle(this);
    request.complete(status);
    if (pooledOrReserve) home.giveBuffer(used, usedBytes, pooled);
    return false;
  }

  /** The owner of a lent read has done with the memory. */
  void takeBack(long memory) {
    outer = null;
    device = null;
    buffer = 0;
    int bytes = bufferBytes;
    boolean pooled = bufferPooled;
    home.recycle(this);
    home.giveBuffer(memory, bytes, pooled);
  }
}
