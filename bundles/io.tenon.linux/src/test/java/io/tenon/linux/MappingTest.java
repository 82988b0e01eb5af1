package io.tenon.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MappingTest {
  private static final int PAGE_BYTES = 4096;

  /** Resident bytes of the mapping that starts at {@code address}; proc_pid_smaps(5). */
  private static long residentBytes(long address) throws Exception {
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      int dash = line.indexOf('-');
      boolean header =
          dash > 0 && line.indexOf(' ') > dash && !line.substring(0, dash).contains(":");
      if (header) {
        long from = Long.parseUnsignedLong(line.substring(0, dash), 16);
        long to = Long.parseUnsignedLong(line.substring(dash + 1, line.indexOf(' ')), 16);
        inside = from <= address && address < to;
      } else if (inside && line.startsWith("Rss:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new AssertionError("no mapping holds " + Long.toHexString(address));
  }

  @Test
  void memoryIsAlignedZeroedAndNotResidentUntilTouched() throws Exception {
    long length = 256L << 20;
    try (var mapping = Mapping.ordinary(length)) {
      assertEquals(0, mapping.address() % PAGE_BYTES);
      long before = residentBytes(mapping.address());
      assertTrue(before < length / 4, () -> before + " bytes are resident");
      assertEquals(0, Memory.getLong(mapping.address() + length - Long.BYTES));
    }
  }

  @Test
  void discardedPagesReadAsZeroesAndTheirNeighboursStay() throws Exception {
    try (var mapping = Mapping.ordinary(3 * PAGE_BYTES)) {
      for (int i = 0; i < 3; i++) Memory.putLong(mapping.address() + (long) i * PAGE_BYTES, 7);
      mapping.discard(PAGE_BYTES, PAGE_BYTES);
      assertEquals(7, Memory.getLong(mapping.address()));
      assertEquals(0, Memory.getLong(mapping.address() + PAGE_BYTES));
      assertEquals(7, Memory.getLong(mapping.address() + 2 * PAGE_BYTES));
    }
  }

  @Test
  void withoutHugePagesTheMemoryIsOrdinaryAndJustAsUsable() throws Exception {
    try (var mapping = Mapping.hugeIfPossible(PAGE_BYTES)) {
      assertTrue(mapping.lengthBytes() >= PAGE_BYTES);
      Memory.putLong(mapping.address() + PAGE_BYTES - Long.BYTES, 42);
      assertEquals(42, Memory.getLong(mapping.address() + PAGE_BYTES - Long.BYTES));
    }
  }

  @Test
  void moreThanTheAddressSpaceIsRefusedWithTheReason() {
    var refused =
        assertThrows(LinuxException.class, () -> Mapping.ordinary(Long.MAX_VALUE & -4096L).close());
    assertEquals(Errno.ENOMEM, refused.errno());
    assertEquals("mmap", refused.call());
  }
}
