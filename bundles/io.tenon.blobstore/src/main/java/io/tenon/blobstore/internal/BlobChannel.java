package io.tenon.blobstore.internal;

import io.tenon.block.AllocationQuery;
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

  /** I/Os under way, by the generation in which they began: {@link #passOver} begins another. */
  private final int[] underWay = new int[2];

  private int generation;
  private boolean paused;

  /** Who waits for the end of what is under way: of all, or of the former generation. One at a time. */
  private @Nullable Runnable whenIdle;

  private boolean passing;

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
    enter(io);
    io.start(request);
  }

  /** At any time, also during a pause: a view is exchanged as one. */
  @Override
  protected void look(AllocationQuery query) {
    device.blob().view().answer(query, device.blocksPerCluster());
  }

  private void enter(BlobIo io) {
    io.generation = generation;
    underWay[generation]++;
  }

  /** The I/O has ended and can be used again. */
  void recycle(BlobIo io) {
    io.nextFree = free;
    free = io;
    left(io);
  }

  private void left(BlobIo io) {
    underWay[io.generation]--;
    var idle = whenIdle;
    if (idle == null || !isIdle()) return;
    whenIdle = null;
    idle.run();
  }

  private boolean isIdle() {
    return underWay[generation ^ 1] == 0 && (passing || underWay[generation] == 0);
  }

  /** The I/O goes on when it has a cluster; until then it holds up no pause. */
  void await(BlobIo io) {
    left(io);
    device.allocator().request(io);
  }

  /** The I/O goes on when its clusters are given back; until then it holds up no pause. */
  void awaitRelease(BlobIo io) {
    left(io);
    device.releaser().request(io);
  }

  /** The allocator or the releaser has answered. */
  void granted(BlobIo io) {
    if (paused) {
      granted.add(io);
      return;
    }
    enter(io);
    io.goOn();
  }

  /** For a channel that opens during a pause. */
  void startPaused() {
    paused = true;
  }

  void pause(Runnable idle) {
    paused = true;
    passing = false;
    awaitIdle(idle);
  }

  /** What begins from now on is of another generation, which nobody waits for. */
  void passOver(Runnable gone) {
    generation ^= 1;
    passing = true;
    awaitIdle(gone);
  }

  private void awaitIdle(Runnable idle) {
    if (whenIdle != null) throw Check.bug("%s is waited for twice", device.name());
    if (isIdle()) idle.run();
    else whenIdle = idle;
  }

  void resume() {
    paused = false;
    while (!paused && !granted.isEmpty()) granted(granted.remove());
    while (!paused && !parked.isEmpty()) start(parked.remove());
  }

  @Override
  public void close() {
    if (underWay[0] + underWay[1] > 0 || !parked.isEmpty()) {
      throw Check.bug("channel of %s closed with I/O under way", device.name());
    }
    device.forget(this);
    disk.close();
  }
}
