package io.tenon.nexus.internal;

/**
 * What a source has said last of where it holds data: one run of blocks. It may be wrong by now. Then what is called data is copied for
 * nothing, and what is called empty is asked for once more before anything is left out. The home reactor only.
 */
final class SourceRun {
  private long from;
  private long to;
  private boolean allocated;

  /**
   * @param frontier nobody asks about what is before it any more
   */
  void learn(long lba, long blocks, boolean isAllocated, long frontier) {
    if (lba + blocks <= to && frontier < to) return;
    from = lba;
    to = lba + blocks;
    allocated = isAllocated;
  }

  private boolean covers(long lba) {
    return lba >= from && lba < to;
  }

  boolean isData(long lba, long blocks) {
    return allocated && covers(lba) && lba + blocks <= to;
  }

  /** How many blocks from this one on are empty; 0 when that is not known. */
  long emptyFrom(long lba) {
    return allocated || !covers(lba) ? 0 : to - lba;
  }
}
