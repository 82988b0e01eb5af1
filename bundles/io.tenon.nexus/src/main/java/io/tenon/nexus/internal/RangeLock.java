package io.tenon.nexus.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Which ranges of a nexus are being changed now, over all its reactors. Whoever changes a range holds it from before the first
 * child sees the change until the change is acknowledged; so two overlapping writes reach all children in the same order, and a
 * read that begins meanwhile does not see it on one child and then miss it on another. A rebuild holds what it is copying, so that
 * no change passes the copy by.
 *
 * <p>No lock that a thread could sleep on: a table of words, one per granule of 4 KiB, hashed by the low bits of its number. Taking
 * a free granule is one compare-and-set; one that is held is marked with the lane that waits, and that lane is woken on release.
 * Two granules that share a word only wait for each other without need.
 *
 * <p>Everyone takes words in ascending order and keeps what he has, so there is no circle of waiters, and no wait without end.
 */
class RangeLock {
  /** A 4 KiB write takes one word, a 128 KiB write 32. */
  private static final int GRANULE_SHIFT = 12;

  /** 32 KiB of words: granules 32 MiB apart share one. */
  private static final int MOST_WORDS = 8192;

  private static final int HELD = 1;

  /** Held by a rebuild's copy, which changes nothing that may be read: changes wait for it, reads do not. */
  private static final int COPIED = 2;

  private static final int FIRST_WAITER = 4;
  private static final int WAITER_BITS = 30;
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(int[].class);

  private final int[] words;
  private final int mask;
  private final int blocksToGranule;
  private final long mostBlocks;

  RangeLock(int blockShift, long blockCount) {
    blocksToGranule = Math.max(0, GRANULE_SHIFT - blockShift);
    long granules = Math.max(1, granuleOf(blockCount - 1) + 1);
    long wanted = Math.min(MOST_WORDS, granules);
    int count = Integer.highestOneBit((int) Math.max(1, wanted - 1)) << (wanted > 1 ? 1 : 0);
    words = new int[count];
    mask = count - 1;
    mostBlocks = granules <= count ? Long.MAX_VALUE : (long) (count / 2) << blocksToGranule;
  }

  /** Longest change, in blocks, that leaves room for others; longer ones go piece by piece. */
  final long mostBlocks() {
    return mostBlocks;
  }

  final long granuleOf(long lba) {
    return lba >> blocksToGranule;
  }

  /** Words to take for a range; never more than there are. */
  final int granules(long lba, long blocks) {
    return (int) Math.min(words.length, granuleOf(lba + blocks - 1) - granuleOf(lba) + 1);
  }

  /**
   * The word to take at step {@code step} of {@code granules} from {@code firstGranule} on; ascending over the steps, also when the
   * range wraps around the end of the table.
   */
  final int wordAt(long firstGranule, int granules, int step) {
    int first = (int) firstGranule & mask;
    int beforeEnd = Math.min(granules, words.length - first);
    int wrapped = granules - beforeEnd;
    return step < wrapped ? step : first + step - wrapped;
  }

  /**
   * @return whether it is the caller's now; if not, {@code lane} is woken when it is released
   */
  boolean take(int word, int lane) {
    return take(word, lane, HELD);
  }

  /** As {@link #take}, to copy what is there: reads go on meanwhile. */
  boolean takeToCopy(int word, int lane) {
    return take(word, lane, COPIED);
  }

  private boolean take(int word, int lane, int as) {
    while (true) {
      int now = (int) WORD.getVolatile(words, word);
      if (now == 0) {
        if (WORD.compareAndSet(words, word, 0, as)) return true;
      } else if (marked(word, now, lane)) {
        return false;
      }
    }
  }

  /**
   * @return whether nobody changes it; if somebody does, {@code lane} is woken when it is released
   */
  boolean isFree(int word, int lane) {
    while (true) {
      int now = (int) WORD.getVolatile(words, word);
      if ((now & HELD) == 0) return true;
      if (marked(word, now, lane)) return false;
    }
  }

  private boolean marked(int word, int now, int lane) {
    int wanted = now | waiter(lane);
    return wanted == now || WORD.compareAndSet(words, word, now, wanted);
  }

  /**
   * @return marks of the lanes that wait for it, to be asked with {@link #waits}
   */
  final int release(int word) {
    return (int) WORD.getAndSet(words, word, 0) & ~(HELD | COPIED);
  }

  /** Whether nobody holds anything: so it must be when no I/O is under way. */
  boolean isUnused() {
    for (int word : words) {
      if (word != 0) return false;
    }
    return true;
  }

  static boolean waits(int marks, int lane) {
    return (marks & waiter(lane)) != 0;
  }

  /** Lanes beyond the 30th share a mark; they are woken once too often, never once too seldom. */
  private static int waiter(int lane) {
    return FIRST_WAITER << (lane % WAITER_BITS);
  }
}
