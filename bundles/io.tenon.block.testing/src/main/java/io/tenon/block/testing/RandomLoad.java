package io.tenon.block.testing;

import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Random reads, writes, zeroings and comparisons. Each leg has blocks of its own, and knows what each of them holds: its
 * number and how often it was written, or zeroes.
 */
public final class RandomLoad extends Load {
  private static final int MAX_BLOCKS = 8;

  private final Random random;
  private final int blockBytes;
  private final long firstLba;
  private final int blocksPerLeg;
  private final int[] left;
  private final long[] versions;
  private long version;
  private int completions;

  /** On all blocks of a volume. */
  public RandomLoad(TestVolume volume, int depth, int requestsPerLeg, long seed) {
    this(volume, 0, volume.slot().geometry().blockCount(), depth, requestsPerLeg, seed);
  }

  /**
   * @param firstLba where this load's blocks begin; it writes all it reads
   */
  public RandomLoad(
      TestVolume volume, long firstLba, long blocks, int depth, int requestsPerLeg, long seed) {
    super(
        volume.reactor(),
        volume.channel(),
        depth,
        MAX_BLOCKS * volume.slot().geometry().blockBytes());
    this.random = new Random(seed);
    this.blockBytes = volume.slot().geometry().blockBytes();
    this.firstLba = firstLba;
    this.blocksPerLeg = (int) (blocks / depth);
    this.left = new int[depth];
    Arrays.fill(left, requestsPerLeg);
    this.versions = new long[depth * blocksPerLeg];
    Arrays.fill(versions, -1);
  }

  public int completions() {
    return completions;
  }

  @Override
  protected boolean prepare(Leg leg) {
    if (left[leg.index()]-- == 0) return false;
    int count = 1 + random.nextInt(Math.min(MAX_BLOCKS, blocksPerLeg));
    int at = leg.index() * blocksPerLeg + random.nextInt(blocksPerLeg - count + 1);
    long lba = firstLba + at;
    int bytes = count * blockBytes;
    if (!known(at, count)) {
      write(leg, at, count);
      leg.prepareWrite(lba, count, leg.memory(), bytes);
      return true;
    }
    switch (random.nextInt(6)) {
      case 0, 1 -> {
        write(leg, at, count);
        leg.prepareWrite(lba, count, leg.memory(), bytes);
      }
      case 2 -> {
        for (int i = 0; i < count; i++) versions[at + i] = 0;
        leg.prepareWriteZeroes(lba, count);
      }
      case 3 -> {
        for (int i = 0; i < count; i++) stamp(leg.memory() + (long) i * blockBytes, at + i);
        leg.prepareCompare(lba, count, leg.memory(), bytes);
      }
      default -> {
        Memory.segment(leg.memory(), bytes).fill((byte) 0xEE);
        leg.prepareRead(lba, count, leg.memory(), bytes);
      }
    }
    return true;
  }

  private boolean known(int at, int count) {
    for (int i = 0; i < count; i++) {
      if (versions[at + i] < 0) return false;
    }
    return true;
  }

  private void write(Leg leg, int at, int count) {
    for (int i = 0; i < count; i++) {
      versions[at + i] = ++version;
      stamp(leg.memory() + (long) i * blockBytes, at + i);
    }
  }

  /** A block's content: one number that says which block in which version, all over. */
  private void stamp(long address, int block) {
    long word = word(block);
    for (int i = 0; i < blockBytes; i += Long.BYTES) Memory.putLong(address + i, word);
  }

  private long word(int block) {
    long its = versions[block];
    return its == 0 ? 0 : its << 32 | block;
  }

  @Override
  protected @Nullable String check(Leg leg, IoStatus status) {
    completions++;
    if (!status.isSuccess()) return leg + " ended with " + status;
    if (leg.operation() != IoOperation.READ) return null;
    for (int i = 0; i < leg.blocks(); i++) {
      int block = (int) (leg.lba() - firstLba) + i;
      long expected = word(block);
      for (int at = 0; at < blockBytes; at += Long.BYTES) {
        long found = Memory.getLong(leg.memory() + (long) i * blockBytes + at);
        if (found != expected) {
          return "block %d byte %d: expected %x, found %x"
              .formatted(firstLba + block, at, expected, found);
        }
      }
    }
    return null;
  }
}
