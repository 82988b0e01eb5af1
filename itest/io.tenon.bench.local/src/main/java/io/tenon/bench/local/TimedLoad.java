package io.tenon.bench.local;

import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.Load;
import io.tenon.reactor.Reactor;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** 4 KiB reads or writes at places that somebody names, each timed, and the longest time in which none ended. */
final class TimedLoad extends Load {
  /** For {@link #places}: no more I/O. */
  static final long ENOUGH = -1;

  private static final int BYTES = 4096;

  private final int blocks;
  private final boolean writes;
  private final LongSupplier places;
  private final long[] startedNs;
  private final long[] latenciesNs;
  private int count;
  private long lastEndNs;

  private final AtomicLong longestGapNs = new AtomicLong();
  private final AtomicInteger ended = new AtomicInteger();

  /**
   * @param places of 4 KiB, one after the other; on the reactor
   * @param most latencies that are kept
   */
  TimedLoad(
      Reactor reactor,
      IoChannel channel,
      Geometry geometry,
      int depth,
      boolean writes,
      LongSupplier places,
      int most) {
    super(reactor, channel, depth, BYTES);
    this.blocks = BYTES / geometry.blockBytes();
    this.writes = writes;
    this.places = places;
    this.startedNs = new long[depth];
    this.latenciesNs = new long[most];
  }

  @Override
  protected boolean prepare(Leg leg) {
    long place = places.getAsLong();
    if (place == ENOUGH) return false;
    startedNs[leg.index()] = System.nanoTime();
    if (writes) leg.prepareWrite(place * blocks, blocks, leg.memory(), BYTES);
    else leg.prepareRead(place * blocks, blocks, leg.memory(), BYTES);
    return true;
  }

  @Override
  protected @Nullable String check(Leg leg, IoStatus status) {
    long now = System.nanoTime();
    if (ended.getAndIncrement() > 0) longestGapNs.accumulateAndGet(now - lastEndNs, Math::max);
    lastEndNs = now;
    if (count < latenciesNs.length) latenciesNs[count++] = now - startedNs[leg.index()];
    return status.isSuccess() ? null : leg + " ended with " + status;
  }

  /** I/Os that have ended. Any thread. */
  int ended() {
    return ended.get();
  }

  /** The longest gap since this was asked last; one under way counts when it ends. Any thread. */
  long takeLongestGapNs() {
    return longestGapNs.getAndSet(0);
  }

  /** When the load has ended. */
  long[] latenciesNs() {
    return Arrays.copyOf(latenciesNs, count);
  }
}
