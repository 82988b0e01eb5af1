package io.tenon.block;

/**
 * What the source of a copy has said last of where it holds data: one run of blocks. It may be wrong by now. Then what is called data is copied
 * for nothing, and what is called empty is asked for once more before anything is left out. One reactor only.
 */
public final class AllocationHint {
  /** A piece in which nothing is to be copied may be longer than others: it costs two questions. */
  private static final int LONGEST_BYTES = 1 << 20;

  private final long longest;
  private long from;
  private long to;
  private boolean allocated;

  /**
   * @param blockShift of the source
   */
  public AllocationHint(int blockShift) {
    longest = LONGEST_BYTES >> blockShift;
  }

  /**
   * @param frontier nobody asks about what is before it any more
   */
  public void learn(long lba, long blocks, boolean isAllocated, long frontier) {
    if (lba + blocks <= to && frontier < to) return;
    from = lba;
    to = lba + blocks;
    allocated = isAllocated;
  }

  private boolean covers(long lba) {
    return lba >= from && lba < to;
  }

  public boolean isData(long lba, long blocks) {
    return allocated && covers(lba) && lba + blocks <= to;
  }

  /**
   * How many blocks from this one on the source should be asked about: all, since an answer serves pieces to come; where it is said already that nothing
   * is, only those of the piece.
   *
   * @param rest of the piece
   * @param end of what is copied
   */
  public long blocksToAsk(long lba, long rest, long end) {
    return !allocated && covers(lba) && lba + rest <= to ? rest : end - lba;
  }

  /**
   * How long the next piece is: up to a multiple of {@code usual}, or further where nothing seems to be.
   *
   * @param end of what is copied
   */
  public long pieceFrom(long lba, long usual, long end) {
    long piece = Math.min(usual - lba % usual, end - lba);
    if (allocated || !covers(lba)) return piece;
    return Math.max(piece, Math.min(longest - lba % longest, Math.min(to, end) - lba));
  }
}
