package io.tenon.nexus.internal;

import io.tenon.block.AllocationHint;
import io.tenon.block.CopyPace;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Mapping;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.RebuildState;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one child equal to the healthy ones, piece by piece. The home reactor only, but for {@link #info}.
 *
 * <p>Pieces are handed out in ascending order, each once; several are copied at a time. What is behind the frontier and not being
 * copied is equal already.
 */
class Rebuild {
  private static final Logger log = LoggerFactory.getLogger(Rebuild.class);

  private static final String WAITS_FOR_LANES =
      "waits until every reactor sends its changes to the child";

  private final Rebuilds all;
  private final String nexus;
  private final Child child;
  private final Lane lane;

  /** Grows with the nexus. */
  private volatile long blockCount;

  private final Instant startedAt;
  private final SegmentCopy[] free = new SegmentCopy[CopyPace.MOST_COPIES];
  private int freeCount;
  private @Nullable Mapping memory;

  /** What to copy; null for everything. Known when every lane lets the child take part. */
  private @Nullable SegmentMap wanted;

  /** Everything before it has been copied, is being copied, or need not be. */
  private long frontier;

  private final AllocationHint hint;
  private String sourceFault = "";
  private boolean copiedIsTold;

  private volatile RebuildState state = RebuildState.INIT;
  private volatile boolean partial;
  private final AtomicInteger active = new AtomicInteger();
  private final AtomicLong skipped = new AtomicLong();
  private final AtomicLong transferred = new AtomicLong();
  private volatile @Nullable String sourceUri;
  private volatile String detail = WAITS_FOR_LANES;
  private volatile @Nullable Instant endedAt;

  Rebuild(Rebuilds all, String nexus, Child child, Lane lane, long blockCount, Instant now) {
    this.all = all;
    this.nexus = nexus;
    this.child = child;
    this.lane = lane;
    this.blockCount = blockCount;
    this.hint = new AllocationHint(lane.blockShift());
    this.startedAt = now;
  }

  final Child child() {
    return child;
  }

  final RebuildState state() {
    return state;
  }

  /** Any thread. */
  final RebuildInfo info() {
    return new RebuildInfo(
        child.uri(),
        Optional.ofNullable(sourceUri),
        state,
        partial,
        blockCount,
        state == RebuildState.COMPLETED ? blockCount : skipped.get() + transferred.get(),
        transferred.get(),
        CopyPace.usualBlocks(lane.blockShift()),
        1 << lane.blockShift(),
        CopyPace.MOST_COPIES,
        active.get(),
        startedAt,
        Optional.ofNullable(endedAt),
        state == RebuildState.RUNNING ? all.pace().describe() : detail);
  }

  /** Every lane sends its changes to the child from now on, so what it lacks does not grow any more. */
  final void begin(@Nullable SegmentMap lacks) {
    wanted = lacks;
    partial = lacks != null;
    wantNewBlocks();
    int blocks = CopyPace.mostBlocks(lane.blockShift());
    long bytes = (long) blocks << lane.blockShift();
    try {
      memory = Mapping.ordinary(bytes * free.length);
    } catch (LinuxException e) {
      lane.reactor().execute(() -> all.fail(this, "no memory for copies: " + e.getMessage()));
      return;
    }
    lane.join();
    while (freeCount < free.length) {
      long address = memory.address() + freeCount * bytes;
      free[freeCount++] = all.parts().copy(this, lane, address, blocks);
    }
    if (state == RebuildState.PAUSED) return;
    become(
        RebuildState.RUNNING,
        lacks == null
            ? "all of it is copied"
            : "%d of %d blocks are copied, those that it may lack by the write log"
                .formatted(lacks.blocks(), blockCount));
  }

  /** The nexus before has begun it. Before {@link #begin}. */
  final void goesOn(LeftRebuild before) {
    frontier = before.frontier();
    transferred.set(before.transferred());
    skipped.set(before.skipped());
    if (before.paused()) pause();
  }

  /** For a successor; while no copy is under way. */
  final LeftRebuild left() {
    return new LeftRebuild(
        state == RebuildState.PAUSED, startedAt, frontier, transferred.get(), skipped.get());
  }

  /** A copy is under way. */
  final boolean isCopying() {
    return active.get() != 0;
  }

  /** The nexus is about to have so many blocks: the new ones are copied as well. */
  final void grow(long blocks) {
    blockCount = blocks;
    wantNewBlocks();
  }

  /** Everything is copied, and the child is about to be complete. */
  final boolean isCompleting() {
    return copiedIsTold && !isOver();
  }

  /** Nobody has said that the child holds there what its source does. */
  private void wantNewBlocks() {
    var map = wanted;
    if (map == null || map.blockCount() >= blockCount) return;
    var grown = map.grown(blockCount);
    grown.add(map.blockCount(), blockCount - map.blockCount());
    wanted = grown;
  }

  // ---- copying

  /** Whether it may start copies. */
  final boolean isRunning() {
    return state == RebuildState.RUNNING;
  }

  /** Nothing is to be copied any more, whatever is still under way. */
  final boolean isOver() {
    return switch (state) {
      case INIT, RUNNING, PAUSED -> false;
      case STOPPED, FAILED, COMPLETED -> true;
    };
  }

  /** There is a piece that nobody copies yet, and a place to copy it. */
  final boolean canCopy() {
    if (!isRunning() || freeCount == 0) return false;
    return advance() < blockCount;
  }

  /** To the next piece that is wanted. */
  private long advance() {
    long next = nextWanted(frontier);
    skipped.addAndGet(next - frontier);
    frontier = next;
    return next;
  }

  /** After {@link #canCopy}. */
  final void copyNext() {
    long from = frontier;
    long count = pieceFrom(from);
    frontier = from + count;
    var copy = free[--freeCount];
    active.incrementAndGet();
    copy.start(from, count, hint.isData(from, count));
  }

  /** First block to copy at or after {@code lba}. */
  long nextWanted(long lba) {
    var map = wanted;
    return map == null ? lba : map.nextFrom(lba);
  }

  /** Up to the next multiple of a piece, or to the end of what is wanted; further where nothing seems to be. */
  long pieceFrom(long lba) {
    int piece = all.pace().pieceBlocks(lane.blockShift());
    var map = wanted;
    if (map == null) return hint.pieceFrom(lba, piece, blockCount);
    return map.runFrom(lba, Math.min(lba - lba % piece + piece, blockCount));
  }

  /** As {@link AllocationHint#blocksToAsk}. */
  final long blocksToAsk(long lba, long rest) {
    return hint.blocksToAsk(lba, rest, blockCount);
  }

  final void learn(long lba, long blocks, boolean allocated) {
    hint.learn(lba, blocks, allocated, frontier);
  }

  /** Everything that was to be copied has been; said once. */
  final boolean isCopied() {
    if (copiedIsTold || !isRunning() || active.get() != 0 || advance() < blockCount) return false;
    copiedIsTold = true;
    detail = "everything is copied; the child makes it durable";
    return true;
  }

  final void reads(int source) {
    sourceUri = all.uri(source);
  }

  final void sourceFailed(int source, long lba, IoStatus status) {
    sourceFault = "%s answered %s at block %d".formatted(all.uri(source), status, lba);
    log.warn("nexus {}: rebuild of {}: source {}", nexus, child.uri(), sourceFault);
  }

  final void noSource(long lba, long blocks) {
    all.fail(
        this,
        "blocks %d to %d can be read from no healthy child%s"
            .formatted(
                lba, lba + blocks - 1, sourceFault.isEmpty() ? "" : "; source " + sourceFault));
  }

  final void copied(long blocks) {
    transferred.addAndGet(blocks);
  }

  /** Neither side holds anything there. */
  final void leftOut(long blocks) {
    skipped.addAndGet(blocks);
  }

  final void ended(SegmentCopy copy) {
    free[freeCount++] = copy;
    if (active.decrementAndGet() == 0 && isOver()) letGo();
    all.copyEnded(copy.movedBytes());
  }

  // ---- its life

  final void pause() {
    if (state == RebuildState.PAUSED) return;
    become(RebuildState.PAUSED, "paused by request; waits to be resumed");
  }

  final void resume() {
    if (state != RebuildState.PAUSED) return;
    if (memory != null) become(RebuildState.RUNNING, "resumed by request");
    else become(RebuildState.INIT, "resumed by request; " + WAITS_FOR_LANES);
  }

  final void end(RebuildState how, String why, Instant now) {
    endedAt = now;
    become(how, why);
    if (active.get() == 0) letGo();
  }

  /** Not inside a completion of the channels that are to be closed. */
  private void letGo() {
    var unused = memory;
    memory = null;
    if (unused == null) return;
    lane.reactor()
        .execute(
            () -> {
              unused.close();
              lane.leave();
            });
  }

  static boolean isLegal(RebuildState from, RebuildState to) {
    return switch (from) {
      case INIT -> to != RebuildState.INIT && to != RebuildState.COMPLETED;
      case RUNNING -> to != RebuildState.INIT && to != RebuildState.RUNNING;
      case PAUSED -> to != RebuildState.PAUSED;
      case STOPPED, FAILED, COMPLETED -> false;
    };
  }

  private void become(RebuildState next, String why) {
    Check.that(
        isLegal(state, next),
        "nexus %s: rebuild of %s: %s -> %s (%s)",
        nexus,
        child.uri(),
        state,
        next,
        why);
    log.info("nexus {}: rebuild of {}: {} -> {} because {}", nexus, child.uri(), state, next, why);
    detail = why;
    state = next;
  }
}
