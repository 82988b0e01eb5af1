package io.tenon.bench.local;

import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.Load;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/** Reads or writes of as much as a rebuild copies at once, as many at once, from the beginning on. */
final class SequentialLoad extends Load {
  private static final int PIECE_BYTES = 256 << 10;
  private static final int DEPTH = 16;

  private final boolean writes;
  private final int blocks;
  private final long end;
  private long next;

  SequentialLoad(
      Reactor reactor, IoChannel channel, Geometry geometry, long bytes, boolean writes) {
    super(reactor, channel, DEPTH, PIECE_BYTES);
    this.writes = writes;
    this.blocks = PIECE_BYTES / geometry.blockBytes();
    this.end = bytes / geometry.blockBytes();
  }

  @Override
  protected boolean prepare(Leg leg) {
    if (next + blocks > end) return false;
    if (writes) {
      Memory.putLong(leg.memory(), next + 1); // no zeroes, which a disk may not store
      leg.prepareWrite(next, blocks, leg.memory(), PIECE_BYTES);
    } else {
      leg.prepareRead(next, blocks, leg.memory(), PIECE_BYTES);
    }
    next += blocks;
    return true;
  }

  @Override
  protected @Nullable String check(Leg leg, IoStatus status) {
    return status.isSuccess() ? null : leg + " ended with " + status;
  }

  /**
   * @return bytes a second
   */
  static double rate(
      Reactor reactor, IoChannel channel, Geometry geometry, long bytes, boolean writes) {
    long startNs = System.nanoTime();
    new SequentialLoad(reactor, channel, geometry, bytes, writes).run();
    return bytes * 1e9 / (System.nanoTime() - startNs);
  }
}
