package io.tenon.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.linux.Memory;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LbaStatusTest {
  private static final int BYTES = LbaStatus.HEADER_BYTES + 3 * LbaStatus.DESCRIPTOR_BYTES;

  private final Arena arena = Arena.ofConfined();
  private final long list = arena.allocate(BYTES, 8).address();

  @AfterEach
  void free() {
    arena.close();
  }

  private long firstRun(long lba, long blocks) {
    return LbaStatus.firstRun(list, BYTES, lba, blocks);
  }

  @Test
  void anEntryHoldsWhatWasAsked() {
    long sqe = arena.allocate(Sqe.LENGTH_BYTES, 8).address();
    LbaStatus.ask(sqe, LbaStatus.RETURN_ALLOCATED, 0x1_2345_6789_ABCDL, 0xFFFF, 24);
    assertEquals(LbaStatus.RETURN_ALLOCATED, LbaStatus.action(sqe));
    assertEquals(0x1_2345_6789_ABCDL, LbaStatus.lba(sqe));
    assertEquals(0xFFFF, LbaStatus.blocks(sqe));
    assertEquals(24, LbaStatus.listBytes(sqe));
    assertEquals(0x02_00_FFFF, Memory.getInt(sqe + Sqe.CDW13));
  }

  @Test
  void anEmptyListThatIsCompleteMeansNothingIsAllocated() {
    LbaStatus.header(list, 0, true);
    assertEquals(-500, firstRun(7, 500));
  }

  @Test
  void anEmptyListThatIsNotCompleteSaysNothing() {
    LbaStatus.header(list, 0, false);
    assertEquals(500, firstRun(7, 500));
    Memory.zero(list, BYTES); // success without any data
    assertEquals(500, firstRun(7, 500));
  }

  @Test
  void upToTheFirstDescriptorNothingIsAllocated() {
    LbaStatus.header(list, 1, true);
    LbaStatus.descriptor(list, 0, 100, 50);
    assertEquals(-93, firstRun(7, 500));
    assertEquals(-10, firstRun(7, 10));
  }

  @Test
  void aDescriptorCountsForOneBlockMoreThanItSays() {
    LbaStatus.header(list, 1, false);
    LbaStatus.descriptor(list, 0, 100, 50);
    assertEquals(51, firstRun(100, 500));
    assertEquals(12, firstRun(139, 500));
    assertEquals(20, firstRun(100, 20));
  }

  @Test
  void moreBlocksThanADescriptorCanNameGoIntoSeveral() {
    assertEquals(0xFFFF_FFFFL, LbaStatus.descriptor(list, 0, 5, 1L << 40));
    LbaStatus.header(list, 1, false);
    assertEquals(1L << 32, firstRun(5, 1L << 50));
  }

  @Test
  void aDescriptorOfNoneOrOfWhatWasNotAskedForSaysNothing() {
    LbaStatus.header(list, 1, true);
    LbaStatus.descriptor(list, 0, 100, 0);
    assertEquals(500, firstRun(100, 500));
    LbaStatus.descriptor(list, 0, 3, 4);
    assertEquals(500, firstRun(100, 500));
    LbaStatus.descriptor(list, 0, -1, 4);
    assertEquals(500, firstRun(100, 500));
  }

  /** Whatever a controller sends: at least one block further, and not beyond what was asked. */
  @Test
  void anyBytesAreAnAnswer() {
    var random = new SplittableRandom(1);
    for (int i = 0; i < 200_000; i++) {
      boolean close = random.nextBoolean();
      for (int at = 0; at < BYTES; at++) Memory.putByte(list + at, random.nextInt(256));
      if (close) {
        LbaStatus.header(list, random.nextInt(3), random.nextBoolean());
        LbaStatus.descriptor(list, 0, random.nextLong(2000), random.nextLong(2000));
      }
      long lba = close ? random.nextLong(2000) : random.nextLong(Long.MAX_VALUE);
      long blocks = 1 + random.nextLong(Math.min(1L << 50, Long.MAX_VALUE - lba));
      long run = firstRun(lba, blocks);
      assertTrue(run != 0 && Math.abs(run) <= blocks, run + " of " + blocks);
    }
  }
}
