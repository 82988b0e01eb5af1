package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RangeLockTest {
  @Test
  void aHeldGranuleRemembersWhoWaits() {
    var lock = new RangeLock(9, 1 << 20);
    assertTrue(lock.take(7, 0));
    assertFalse(lock.take(7, 1));
    assertFalse(lock.isFree(7, 3));
    assertTrue(lock.isFree(8, 3));
    int waiters = lock.release(7);
    assertTrue(RangeLock.waits(waiters, 1) && RangeLock.waits(waiters, 3));
    assertFalse(RangeLock.waits(waiters, 0) || RangeLock.waits(waiters, 2));
    assertTrue(lock.take(7, 1));
    assertEquals(0, lock.release(7));
    assertTrue(lock.isUnused());
  }

  @Test
  void lanesWithoutAMarkOfTheirOwnAreWokenRatherTooOften() {
    var lock = new RangeLock(9, 1 << 20);
    assertTrue(lock.take(0, 0));
    assertFalse(lock.take(0, 33));
    assertTrue(RangeLock.waits(lock.release(0), 33));
  }

  @Test
  void blocksOfOneGranuleShareItsWord() {
    var small = new RangeLock(9, 1 << 20);
    assertEquals(small.granuleOf(8), small.granuleOf(15));
    assertEquals(1, small.granules(8, 8));
    assertEquals(2, small.granules(15, 2));
    var large = new RangeLock(13, 1 << 20);
    assertEquals(5, large.granuleOf(5));
  }

  @Test
  void theWordsOfARangeAscendAndAreEachOfItsGranulesOnce() {
    var random = new SplittableRandom(1);
    for (int run = 0; run < 2000; run++) {
      int blockShift = 9 + random.nextInt(5);
      long blocks = 1 + random.nextLong(1L << random.nextInt(1, 30));
      var lock = new RangeLock(blockShift, blocks);
      long count = 1 + random.nextLong(Math.min(blocks, lock.mostBlocks()));
      long lba = random.nextLong(blocks - count + 1);
      long first = lock.granuleOf(lba);
      int granules = lock.granules(lba, count);
      var seen = new TreeSet<Integer>();
      int before = -1;
      for (int step = 0; step < granules; step++) {
        int word = lock.wordAt(first, granules, step);
        assertTrue(word > before, "ascending");
        before = word;
        assertTrue(seen.add(word));
        assertTrue(lock.take(word, 0));
      }
      for (long block = lba; block < lba + count; block += Math.max(1, count / 50)) {
        int word = lock.wordAt(lock.granuleOf(block), 1, 0);
        assertTrue(seen.contains(word), "each block's word is taken");
      }
      for (int step = granules; step > 0; step--)
        lock.release(lock.wordAt(first, granules, step - 1));
      assertTrue(lock.isUnused());
    }
  }
}
