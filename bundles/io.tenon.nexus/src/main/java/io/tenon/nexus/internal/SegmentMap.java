package io.tenon.nexus.internal;

import io.tenon.error.Check;
import java.util.Arrays;

/**
 * A set of a nexus' segments, one bit each: those that a child may lack. Segments are of 64 KiB, and larger where the map would have
 * more than {@link #MOST_SEGMENTS}: 64 KiB of memory, whatever the size of the nexus, and none while it is empty from the start. One
 * thread.
 */
final class SegmentMap {
  static final int MOST_SEGMENTS = 1 << 19;
  static final int USUAL_BYTES = 64 << 10;

  private int shift;
  private long blockCount;
  private int wordCount;
  private long[] words = {};

  /**
   * @param leastBytes of a segment, a power of two
   */
  SegmentMap(int blockShift, long blockCount, int leastBytes) {
    int leastShift = Integer.numberOfTrailingZeros(leastBytes);
    this(Math.max(0, leastShift - blockShift), blockCount);
  }

  private SegmentMap(int leastShift, long blockCount) {
    int blocksToSegment = leastShift;
    while ((blockCount - 1) >> blocksToSegment >= MOST_SEGMENTS) blocksToSegment++;
    this.shift = blocksToSegment;
    this.blockCount = blockCount;
    long segments = ((blockCount - 1) >> blocksToSegment) + 1;
    wordCount = (int) ((segments + Long.SIZE - 1) / Long.SIZE);
  }

  /** An empty one, in segments of so many blocks, a power of two; in larger ones, when there would be too many. */
  static SegmentMap ofSegments(long blocks, long blockCount) {
    return new SegmentMap(Long.numberOfTrailingZeros(blocks), blockCount);
  }

  private SegmentMap(SegmentMap other) {
    shift = other.shift;
    blockCount = other.blockCount;
    wordCount = other.wordCount;
    words = other.words.clone();
  }

  /** Blocks of a segment; a power of two. */
  long segmentBlocks() {
    return 1L << shift;
  }

  /** A bit for each segment, the first in the lowest of the first word; none while it is empty from the start. */
  long[] words() {
    return words.clone();
  }

  SegmentMap copy() {
    return new SegmentMap(this);
  }

  long blockCount() {
    return blockCount;
  }

  /**
   * The same marks in a map of a nexus that has grown; in larger segments, when there would be too many.
   *
   * @param toBlocks at least as many as now
   */
  SegmentMap grown(long toBlocks) {
    var grown = new SegmentMap(shift, toBlocks);
    if (words.length == 0) return grown;
    if (grown.shift == shift) {
      grown.words = Arrays.copyOf(words, grown.wordCount);
      return grown;
    }
    long lba = nextFrom(0);
    while (lba < blockCount) {
      grown.add(lba, 1);
      lba = nextFrom(((lba >> grown.shift) + 1) << grown.shift);
    }
    return grown;
  }

  /** Marks all segments that the range touches. */
  void add(long lba, long blocks) {
    if (words.length == 0) words = new long[wordCount];
    long first = lba >> shift;
    long last = (lba + blocks - 1) >> shift;
    int firstWord = (int) (first >> 6);
    int lastWord = (int) (last >> 6);
    long fromFirst = -1L << first;
    long upToLast = -1L >>> (63 - (last & 63));
    if (firstWord == lastWord) {
      words[firstWord] |= fromFirst & upToLast;
      return;
    }
    words[firstWord] |= fromFirst;
    for (int word = firstWord + 1; word < lastWord; word++) words[word] = -1L;
    words[lastWord] |= upToLast;
  }

  /** Of the same nexus, from before or after it has grown. */
  void addAll(SegmentMap from) {
    var other = from.blockCount < blockCount ? from.grown(blockCount) : from;
    if (blockCount < other.blockCount) become(grown(other.blockCount));
    if (other.shift != shift || other.wordCount != wordCount)
      throw Check.bug("maps of two nexuses");
    if (other.words.length == 0) return;
    if (words.length == 0) words = new long[wordCount];
    for (int word = 0; word < words.length; word++) words[word] |= other.words[word];
  }

  /** How many blocks from a marked one on are marked without a gap, up to {@code end}. */
  long runFrom(long lba, long end) {
    long next = lba;
    do {
      next = ((next >> shift) + 1) << shift;
    } while (next < end && nextFrom(next) == next);
    return Math.min(next, end) - lba;
  }

  /** Of the same nexus as it is, in segments of any size. */
  void mark(SegmentMap other) {
    long lba = other.nextFrom(0);
    while (lba < blockCount) {
      long end = Math.min(blockCount, (lba & -other.segmentBlocks()) + other.segmentBlocks());
      add(lba, end - lba);
      lba = other.nextFrom(end);
    }
  }

  /** An empty one of the same nexus. */
  SegmentMap none() {
    return new SegmentMap(shift, blockCount);
  }

  private void become(SegmentMap other) {
    shift = other.shift;
    blockCount = other.blockCount;
    wordCount = other.wordCount;
    words = other.words;
  }

  void clear() {
    Arrays.fill(words, 0);
  }

  boolean contains(long lba) {
    if (words.length == 0) return false;
    long segment = lba >> shift;
    return (words[(int) (segment >> 6)] & 1L << segment) != 0;
  }

  /**
   * First block at or after {@code lba} that lies in a marked segment.
   *
   * @return the nexus' block count when there is none
   */
  long nextFrom(long lba) {
    if (lba >= blockCount || words.length == 0) return blockCount;
    long segment = lba >> shift;
    int word = (int) (segment >> 6);
    long left = words[word] & -1L << segment;
    while (left == 0) {
      if (++word == words.length) return blockCount;
      left = words[word];
    }
    long found = ((long) word << 6) + Long.numberOfTrailingZeros(left);
    return Math.min(blockCount, Math.max(lba, found << shift));
  }

  /** Blocks in marked segments. */
  long blocks() {
    long segments = 0;
    for (long word : words) segments += Long.bitCount(word);
    long last = (blockCount - 1) >> shift;
    long cut = contains(blockCount - 1) ? ((last + 1) << shift) - blockCount : 0;
    return (segments << shift) - cut;
  }
}
