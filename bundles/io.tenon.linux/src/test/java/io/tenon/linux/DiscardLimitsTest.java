package io.tenon.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiscardLimitsTest {
  @TempDir Path folder;
  private Path disk;

  @BeforeEach
  void makeDisk() throws Exception {
    disk = Files.createDirectories(folder.resolve("devices/sda"));
    Files.createDirectory(disk.resolve("queue"));
  }

  private void limits(String granularity, String most) throws IOException {
    Files.writeString(disk.resolve("queue/discard_granularity"), granularity);
    Files.writeString(disk.resolve("queue/discard_max_bytes"), most);
  }

  @Test
  void aDiskHasItsOwn() throws Exception {
    limits("4096\n", "2147450880\n");
    var limits = DiscardLimits.in(disk);
    assertEquals(new DiscardLimits(4096, 2147450880), limits);
    assertTrue(limits.canDiscard());
  }

  @Test
  void aDiskThatCannotSaysNought() throws Exception {
    limits("0\n", "0\n");
    assertFalse(DiscardLimits.in(disk).canDiscard());
  }

  /** As in sysfs: the way there is a link, and the way up leads to where the link leads. */
  @Test
  void aPartitionHasThoseOfItsDisk() throws Exception {
    limits("512", "1024");
    Path partition = Files.createDirectory(disk.resolve("sda1"));
    Path link = Files.createSymbolicLink(folder.resolve("8:1"), partition);
    assertEquals(new DiscardLimits(512, 1024), DiscardLimits.in(link));
  }

  @Test
  void whatHasNoQueueOrIsNotThereHasNone() throws Exception {
    Files.delete(disk.resolve("queue"));
    assertEquals(DiscardLimits.NONE, DiscardLimits.in(disk));
    assertEquals(DiscardLimits.NONE, DiscardLimits.in(folder.resolve("none")));
    assertEquals(DiscardLimits.NONE, DiscardLimits.of(0, 0));
  }

  @Test
  void whatIsNoNumberIsAnErrorThatNamesTheFile() throws Exception {
    limits("4096", "much");
    var refused = assertThrows(IOException.class, () -> DiscardLimits.in(disk));
    assertTrue(refused.getMessage().contains("discard_max_bytes"), refused.getMessage());
    assertTrue(refused.getMessage().contains("much"), refused.getMessage());
  }
}
