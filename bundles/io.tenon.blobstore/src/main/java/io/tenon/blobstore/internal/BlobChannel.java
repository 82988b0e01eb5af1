package io.tenon.blobstore.internal;

import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.reactor.Reactor;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A blob on one reactor: a channel to the disk, and the I/Os under way. That reactor's thread only. */
final class BlobChannel extends IoChannel {
  private static final int FIRST_PARKING = 64;

  private final BlobDevice device;
  private final Reactor reactor;
  private final IoChannel disk;
  private final ArrayDeque<IoRequest> parked = new ArrayDeque<>(FIRST_PARKING);
  private final ArrayDeque<BlobIo> granted = new ArrayDeque<>(FIRST_PARKING);
  private @Nullable BlobIo free;
  private int underWay;
  private boolean paused;
  private @Nullable Runnable whenIdle;
  private boolean closed;

  BlobChannel(BlobDevice device, Reactor reactor, IoChannel disk) {
    this.device = device;
    this.reactor = reactor;
    this.disk = disk;
  }

  Reactor reactor() {
    return reactor;
  }

  BlobDevice device() {
    return device;
  }

  IoChannel disk() {
    return disk;
  }

  @Override
  protected void take(IoRequest request) {
    if (paused) parked.add(request);
    else start(request);
  }

  private void start(IoRequest request) {
    if (!device.supports(request.operation())) {
      request.complete(IoStatus.UNSUPPORTED);
      return;
    }
    if (request.operation() != IoOperation.FLUSH) {
      if (request.isLendable()) throw Check.bug("a blob lends no memory: %s", request);
      long blocks = device.blob().map().clusters() * device.blocksPerCluster();
      if (!request.isWithin(blocks)) {
        request.complete(IoStatus.OUT_OF_RANGE);
        return;
      }
    }
    var io = free;
    if (io == null) io = new BlobIo(this);
    else free = io.nextFree;
    io.nextFree = null;
    underWay++;
    io.start(request);
  }

  /** The I/O has ended and can be used again. */
  void recycle(BlobIo io) {
    io.nextFree = free;
    free = io;
    left();
  }

  private void left() {
    underWay--;
    var idle = whenIdle;
    if (underWay > 0 || idle == null) return;
    whenIdle = null;
    idle.run();
  }

  /** The I/O goes on when it has a cluster; until then it holds up no pause. */
  void await(BlobIo io) {
    left();
    device.allocator().request(io);
  }

  /** The allocator has answered. */
  void granted(BlobIo io) {
    if (paused) {
      granted.add(io);
      return;
    }
    underWay++;
    io.goOn();
  }

  /** For a channel that opens during a pause. */
  void startPaused() {
    paused = true;
  }

  void pause(Runnable idle) {
    paused = true;
    if (closed || underWay == 0) idle.run();
    else whenIdle = idle;
  }

  void resume() {
    paused = false;
    while (!paused && !granted.isEmpty()) granted(granted.remove());
    while (!paused && !parked.isEmpty()) start(parked.remove());
  }

  @Override
  public void close() {
    if (underWay > 0 || !parked.isEmpty()) {
      throw Check.bug("channel of %s closed with I/O under way", device.name());
    }
    closed = true;
    device.forget(this);
    disk.close();
  }
}
