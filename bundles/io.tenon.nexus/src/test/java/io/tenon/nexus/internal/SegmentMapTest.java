package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SegmentMapTest {
  private static final int BLOCK_SHIFT = 9;
  private static final int SEGMENT = SegmentMap.USUAL_BYTES >> BLOCK_SHIFT;

  private static SegmentMap map(long blocks) {
    return new SegmentMap(BLOCK_SHIFT, blocks, SegmentMap.USUAL_BYTES);
  }

  @Test
  void anEmptyMapHasNothing() {
    var map = map(1000);
    assertFalse(map.contains(0));
    assertEquals(1000, map.nextFrom(0));
    assertEquals(0, map.blocks());
    assertEquals(1000, map.copy().nextFrom(0));
  }

  @Test
  void aChangeMarksEverySegmentThatItTouchesAndNoOther() {
    var map = map(10 * SEGMENT);
    map.add(2 * SEGMENT - 1, 2);
    assertFalse(map.contains(SEGMENT - 1));
    assertTrue(map.contains(SEGMENT));
    assertTrue(map.contains(2 * SEGMENT));
    assertFalse(map.contains(3 * SEGMENT));
    assertEquals(SEGMENT, map.nextFrom(0));
    assertEquals(2 * SEGMENT + 7, map.nextFrom(2 * SEGMENT + 7));
    assertEquals(10 * SEGMENT, map.nextFrom(3 * SEGMENT));
    assertEquals(2 * SEGMENT, map.blocks());
  }

  @Test
  void aRunGoesToTheNextGapOrToItsLimit() {
    var map = map(10 * SEGMENT);
    map.add(2 * SEGMENT, 3 * SEGMENT);
    map.add(9 * SEGMENT, 1);
    assertEquals(3 * SEGMENT, map.runFrom(2 * SEGMENT, 10 * SEGMENT));
    assertEquals(2 * SEGMENT - 7, map.runFrom(3 * SEGMENT + 7, 8 * SEGMENT));
    assertEquals(5, map.runFrom(3 * SEGMENT, 3 * SEGMENT + 5));
    assertEquals(SEGMENT, map.runFrom(9 * SEGMENT, 10 * SEGMENT));
  }

  @Test
  void theLastSegmentMayBeShort() {
    var map = map(SEGMENT + 5);
    map.add(SEGMENT + 4, 1);
    assertEquals(SEGMENT, map.nextFrom(0));
    assertEquals(SEGMENT + 5, map.nextFrom(SEGMENT + 5));
    assertEquals(5, map.blocks());
  }

  @Test
  void grownItHasTheSameMarksAndRoomForMore() {
    var map = map(3 * SEGMENT);
    map.add(SEGMENT, 1);
    var grown = map.grown(100 * SEGMENT);
    assertEquals(SEGMENT, grown.blocks());
    assertTrue(grown.contains(SEGMENT));
    grown.add(99 * SEGMENT, SEGMENT);
    assertEquals(99 * SEGMENT, grown.nextFrom(2 * SEGMENT));
    assertEquals(3 * SEGMENT, map.nextFrom(2 * SEGMENT));
    assertEquals(200, map(100).grown(200).nextFrom(0));
  }

  @Test
  void grownBeyondItsMemoryItsSegmentsAreLargerAndHoldWhatTheSmallOnesHeld() {
    long most = (long) SegmentMap.MOST_SEGMENTS * SEGMENT;
    var map = map(most);
    var random = new Random(3);
    var marked = new TreeSet<Long>();
    for (int i = 0; i < 1000; i++) {
      long block = random.nextLong(most);
      marked.add(block);
      map.add(block, 1);
    }
    map.add(most - 1, 1);
    var grown = map.grown(5 * most);
    assertEquals(8 * SEGMENT, grown.segmentBlocks());
    for (long block : marked) assertTrue(grown.contains(block), "block " + block);
    assertTrue(grown.blocks() <= 8 * map.blocks());
    long last = most - grown.segmentBlocks();
    assertEquals(last, grown.nextFrom(last - 1 - (last - 1) % grown.segmentBlocks() + 8 * SEGMENT));
    assertEquals(5 * most, grown.nextFrom(most));
  }

  @Test
  void mapsFromBeforeAndAfterAGrowthAreUnited() {
    var before = map(2 * SEGMENT);
    before.add(0, 1);
    var after = map(2 * SEGMENT).grown(9 * SEGMENT);
    after.add(8 * SEGMENT, 1);
    var united = before.copy();
    united.addAll(after);
    assertEquals(9 * SEGMENT, united.blockCount());
    assertTrue(united.contains(0) && united.contains(8 * SEGMENT));
    after.addAll(before);
    assertEquals(united.blocks(), after.blocks());
    assertTrue(after.contains(0));
  }

  @Test
  void itNeverHasMoreSegmentsThanFitIntoItsMemory() {
    long blocks = (64L << 40) >> BLOCK_SHIFT;
    var map = map(blocks);
    assertTrue(blocks / map.segmentBlocks() <= SegmentMap.MOST_SEGMENTS);
    map.add(blocks - 1, 1);
    assertEquals(blocks - map.segmentBlocks(), map.nextFrom(0));
    map.add(0, blocks);
    assertEquals(blocks, map.blocks());
    map.clear();
    assertEquals(blocks, map.nextFrom(0));
  }

  @Test
  void aMapAndAPlainSetOfSegmentsAgree() {
    var random = new Random(7);
    long blocks = 300L * SEGMENT + 17;
    for (int round = 0; round < 50; round++) {
      var map = map(blocks);
      var other = map(blocks);
      var plain = new TreeSet<Long>();
      for (int i = 0; i < 1 + random.nextInt(8); i++) {
        long lba = random.nextLong(blocks);
        long count = 1 + random.nextLong(Math.min(blocks - lba, 20L * SEGMENT));
        (random.nextBoolean() ? map : other).add(lba, count);
        for (long block = lba; block < lba + count; block++) plain.add(block / SEGMENT);
      }
      map.addAll(other);
      long from = random.nextLong(blocks);
      var next = plain.ceiling(from / SEGMENT);
      assertEquals(next == null ? blocks : Math.max(from, next * SEGMENT), map.nextFrom(from));
    }
  }
}
