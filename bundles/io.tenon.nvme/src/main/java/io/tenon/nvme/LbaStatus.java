package io.tenon.nvme;

import io.tenon.linux.Memory;

/**
 * Get LBA Status, NVM Command Set 1.1 §4.2.1: action types, and the list that it returns. In the entry stand the first block (dwords 10 and 11), the
 * dwords that the host takes, counted from 0 (dword 12), and in dword 13 the number of blocks (bits 15:0) and the action (bits 31:24).
 */
public final class LbaStatus {
  /** Which blocks are allocated; all others read as after a Deallocate. */
  public static final int RETURN_ALLOCATED = 0x02;

  /** Which blocks are known to be perhaps unreadable. */
  public static final int RETURN_TRACKED = 0x11;

  /** Most blocks that one command can name; 0 stands for all up to the end of the namespace. */
  public static final int MOST_BLOCKS = 0xFFFF;

  public static final int HEADER_BYTES = 8;
  public static final int DESCRIPTOR_BYTES = 16;

  private static final int ACTION = Sqe.CDW13 + 3;
  private static final int DESCRIPTORS = 0;
  private static final int COMPLETION = 4;
  private static final int FIRST_BLOCK = 0;
  private static final int BLOCKS = 8;
  private static final long MOST_IN_DESCRIPTOR = 0xFFFF_FFFFL;

  /** There are more descriptors than the host has taken. */
  private static final int INCOMPLETE = 1;

  /** The list is about all blocks that were named. */
  private static final int COMPLETE = 2;

  private LbaStatus() {}

  // The entry.

  public static int action(long sqe) {
    return Memory.getU8(sqe + ACTION);
  }

  public static long lba(long sqe) {
    return Memory.getLong(sqe + Sqe.CDW10);
  }

  /**
   * @return 0 for all up to the end
   */
  public static int blocks(long sqe) {
    return Memory.getU16(sqe + Sqe.CDW13);
  }

  /** That the host takes. */
  public static long listBytes(long sqe) {
    return (Memory.getU32(sqe + Sqe.CDW12) + 1) * Integer.BYTES;
  }

  /**
   * @param blocks 0 for all up to the end
   * @param listBytes a multiple of 4
   */
  public static void ask(long sqe, int action, long lba, int blocks, int listBytes) {
    Memory.putLong(sqe + Sqe.CDW10, lba);
    Memory.putInt(sqe + Sqe.CDW12, listBytes / Integer.BYTES - 1);
    Memory.putInt(sqe + Sqe.CDW13, blocks | action << 24);
  }

  // The list.

  public static void header(long list, int descriptors, boolean complete) {
    Memory.putInt(list + DESCRIPTORS, descriptors);
    Memory.putByte(list + COMPLETION, complete ? COMPLETE : INCOMPLETE);
  }

  /**
   * Writes one, or as much of it as one can say.
   *
   * @return blocks that it is about
   */
  public static long descriptor(long list, int index, long lba, long blocks) {
    long at = list + HEADER_BYTES + (long) index * DESCRIPTOR_BYTES;
    long told = Math.min(blocks, MOST_IN_DESCRIPTOR);
    Memory.putLong(at + FIRST_BLOCK, lba);
    Memory.putInt(at + BLOCKS, (int) told);
    return told;
  }

  /**
   * What the list says of the beginning of the range that was asked for; when it makes no sense, that everything is allocated. NLB
   * is taken for one block more, should somebody count it from 0.
   *
   * @param listBytes at least those of one descriptor
   * @param blocks at least 1
   * @return how many blocks from the first on are allocated, or, negative, how many are not; never 0
   */
  public static long firstRun(long list, int listBytes, long lba, long blocks) {
    long descriptors = Memory.getU32(list + DESCRIPTORS);
    if (descriptors == 0) {
      return Memory.getU8(list + COMPLETION) == COMPLETE ? -blocks : blocks;
    }
    if (listBytes < HEADER_BYTES + DESCRIPTOR_BYTES) return blocks;
    long first = Memory.getLong(list + HEADER_BYTES + FIRST_BLOCK);
    long count = Memory.getU32(list + HEADER_BYTES + BLOCKS);
    if (first < 0 || count == 0) return blocks;
    if (first > lba) return -Math.min(first - lba, blocks);
    // Not more than there is room for in a long: first is not behind lba.
    long before = lba - first;
    return count + 1 <= before ? blocks : Math.min(count + 1 - before, blocks);
  }
}
