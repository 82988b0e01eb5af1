package io.tenon.nexus.internal;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one lane has changed lately, and since when it matters to whom: the reason why a child that comes back need not be copied as a
 * whole. Belongs to its lane; a bit is set before a change's first leg, without a lock and without an allocation.
 *
 * <pre>
 *               older             newer
 *   ──┬─────────────────────┬────────────────► changes of this lane
 *     │ checkpoint begun    │ next one begun:
 *     │                     │ every child flushes; when all have: older = {}
 *
 *   child leaves: missing[child] = older + newer, and everything from then on, until it serves reads again
 * </pre>
 *
 * <p>So the log of a child reaches back beyond its leaving, to the last flush that it has confirmed: what it had acknowledged and not
 * made durable it may have forgotten when it comes back.
 */
class WriteLog {
  private SegmentMap older;
  private SegmentMap newer;
  private final @Nullable SegmentMap[] missing = new SegmentMap[NexusDevice.MOST_CHILDREN];

  /** Children that have a map in {@link #missing}, as bits. */
  private long logged;

  WriteLog(int blockShift, long blockCount, int segmentBytes) {
    older = new SegmentMap(blockShift, blockCount, segmentBytes);
    newer = new SegmentMap(blockShift, blockCount, segmentBytes);
  }

  /** A change is about to be sent to children, or is still being made. */
  void changing(long lba, long blocks) {
    newer.add(lba, blocks);
    for (long left = logged; left != 0; left &= left - 1) {
      var map = missing[Long.numberOfTrailingZeros(left)];
      if (map != null) map.add(lba, blocks);
    }
  }

  // ---- checkpoints

  /** A checkpoint begins; the lane adds what is under way by {@link #changing}. */
  void turn() {
    older.addAll(newer);
    newer.clear();
  }

  /** Everything before the last {@link #turn} is durable on all children. */
  void forgetOlder() {
    older.clear();
  }

  // ---- growth

  /** The nexus is about to have so many blocks; who is out lacks all the new ones. */
  final void grow(long blockCount) {
    long before = newer.blockCount();
    if (before >= blockCount) return;
    older = older.grown(blockCount);
    newer = newer.grown(blockCount);
    for (long left = logged; left != 0; left &= left - 1) {
      int child = Long.numberOfTrailingZeros(left);
      var map = missing[child];
      if (map == null) continue;
      var grown = map.grown(blockCount);
      grown.add(before, blockCount - before);
      missing[child] = grown;
    }
  }

  // ---- children that are out

  /** A child that was in takes no more changes from here. */
  void leaves(int child) {
    var map = older.copy();
    map.addAll(newer);
    missing[child] = map;
    logged |= 1L << child;
  }

  // ---- from one nexus to its successor

  /** What is not known to be durable on all children. */
  SegmentMap recent() {
    var map = older.copy();
    map.addAll(newer);
    return map;
  }

  /** By index of the child. */
  Map<Integer, SegmentMap> missing() {
    var copies = new TreeMap<Integer, SegmentMap>();
    for (long left = logged; left != 0; left &= left - 1) {
      int child = Long.numberOfTrailingZeros(left);
      var map = missedBy(child);
      if (map != null) copies.put(child, map);
    }
    return copies;
  }

  /** What was changed before and is not known to be durable on all children. */
  void takeUp(SegmentMap recent) {
    newer.mark(recent);
  }

  /** A child lacks so much from before, as far as it is this lane's to know. */
  void takeUp(int child, SegmentMap lacks) {
    var map = SegmentMap.ofSegments(newer.segmentBlocks(), newer.blockCount());
    map.mark(lacks);
    missing[child] = map;
    logged |= 1L << child;
  }

  /** It holds everything again, or will never be asked for what it lacks. */
  void drop(int child) {
    missing[child] = null;
    logged &= ~(1L << child);
  }

  /**
   * What a child may lack, as of now.
   *
   * @return null when that is not known: everything
   */
  @Nullable SegmentMap missedBy(int child) {
    var map = missing[child];
    return map == null ? null : map.copy();
  }
}
