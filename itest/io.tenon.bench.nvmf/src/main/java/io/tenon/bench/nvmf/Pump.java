package io.tenon.bench.nvmf;

import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.Load;
import io.tenon.reactor.Reactor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Random reads or writes on one channel for some seconds, each of them timed. */
final class Pump extends Load {
  private final int bytes;
  private final int blocks;
  private final long places;
  private final boolean writes;
  private final long durationNs;
  private final long[] startedNs;
  private long[] samplesNs = new long[1 << 16];
  private int samples;
  private long beganNs;
  private long endedNs;
  private long next = 1;

  Pump(
      Reactor reactor,
      IoChannel channel,
      Geometry geometry,
      Workload workload,
      int depth,
      long durationNs) {
    super(reactor, channel, depth, workload.bytes());
    this.bytes = workload.bytes();
    this.blocks = bytes / geometry.blockBytes();
    this.places = geometry.blockCount() / blocks;
    this.writes = workload.writes();
    this.durationNs = durationNs;
    this.startedNs = new long[depth];
  }

  @Override
  protected boolean prepare(Leg leg) {
    long now = System.nanoTime();
    if (beganNs == 0) beganNs = now;
    if (now - beganNs > durationNs) {
      endedNs = now;
      return false;
    }
    // A fixed walk over the device: xorshift.
    next ^= next << 13;
    next ^= next >>> 7;
    next ^= next << 17;
    long lba = Long.remainderUnsigned(next, places) * blocks;
    if (writes) leg.prepareWrite(lba, blocks, leg.memory(), bytes);
    else leg.prepareRead(lba, blocks, leg.memory(), bytes);
    startedNs[leg.index()] = now;
    return true;
  }

  @Override
  protected @Nullable String check(Leg leg, IoStatus status) {
    if (!status.isSuccess()) return leg + " ended with " + status;
    if (samples == samplesNs.length) samplesNs = Arrays.copyOf(samplesNs, 2 * samples);
    samplesNs[samples++] = System.nanoTime() - startedNs[leg.index()];
    return null;
  }

  long[] samplesNs() {
    return Arrays.copyOf(samplesNs, samples);
  }

  long tookNs() {
    return endedNs - beganNs;
  }
}
