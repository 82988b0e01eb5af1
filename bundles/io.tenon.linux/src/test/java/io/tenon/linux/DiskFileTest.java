package io.tenon.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskFileTest {
  private static final int SIZE_BYTES = 64 * 1024;
  private static final int PAGE_BYTES = 4096;

  /** By the names that /proc/mounts has for them. */
  private static final Map<String, Long> FILE_SYSTEMS =
      Map.of("ext4", 0xEF53L, "xfs", 0x58465342L, "tmpfs", 0x01021994L);

  @TempDir Path folder;
  private Path path;
  private byte[] content;

  @BeforeEach
  void makeFile() throws Exception {
    path = folder.resolve("disk");
    content = new byte[SIZE_BYTES];
    Arrays.fill(content, (byte) 0x5a);
    Files.write(path, content);
  }

  private DiskFile open() throws LinuxException {
    return DiskFile.open(path.toString(), false, false);
  }

  @Test
  void factsOfAFileAreItsTypeAndSize() throws Exception {
    try (var file = open()) {
      var facts = file.facts();
      assertEquals(DiskFile.FileType.REGULAR, facts.type());
      assertEquals(SIZE_BYTES, facts.sizeBytes());
      assertEquals(0, facts.blockBytes());
    }
  }

  @Test
  void whatCannotBeOpenedSaysWhy() {
    var missing =
        assertThrows(
            LinuxException.class,
            () -> DiskFile.open(folder.resolve("none").toString(), false, false).close());
    assertEquals(Errno.ENOENT, missing.errno());
    assertEquals("open", missing.call());
    var directory =
        assertThrows(
            LinuxException.class, () -> DiskFile.open(folder.toString(), false, false).close());
    assertEquals(Errno.EISDIR, directory.errno());
  }

  @Test
  void aPathIsNotCutOffAtANul() {
    var refused =
        assertThrows(
            LinuxException.class, () -> DiskFile.open(path + "\0.old", false, false).close());
    assertEquals(Errno.EINVAL, refused.errno());
  }

  @Test
  void aWriteReachesItsOffsetAndNothingElse() throws Exception {
    try (var file = open();
        var memory = Mapping.ordinary(PAGE_BYTES)) {
      for (int i = 0; i < PAGE_BYTES; i++) Memory.putByte(memory.address() + i, i % 251);
      file.write(memory.address(), PAGE_BYTES, 3 * PAGE_BYTES);
      file.dataSync();
    }
    for (int i = 0; i < PAGE_BYTES; i++) content[3 * PAGE_BYTES + i] = (byte) (i % 251);
    assertArrayEquals(content, Files.readAllBytes(path));
  }

  @Test
  void aPunchedHoleReadsAsZeroesAndKeepsTheSize() throws Exception {
    try (var file = open()) {
      file.allocate(DiskFile.PUNCH_HOLE | DiskFile.KEEP_SIZE, PAGE_BYTES, 2 * PAGE_BYTES);
    }
    Arrays.fill(content, PAGE_BYTES, 3 * PAGE_BYTES, (byte) 0);
    assertArrayEquals(content, Files.readAllBytes(path));
  }

  @Test
  void aLockedFileIsRefusedToTheNextUntilItIsClosed() throws Exception {
    try (var second = open()) {
      try (var first = open()) {
        first.lock();
        var refused = assertThrows(LinuxException.class, second::lock);
        assertEquals(Errno.EAGAIN, refused.errno());
      }
      second.lock();
    }
  }

  @Test
  void aDiscardOfAFileIsRefusedByTheKernelAndChangesNothing() throws Exception {
    try (var file = open()) {
      var refused = assertThrows(LinuxException.class, () -> file.discard(0, PAGE_BYTES));
      assertEquals("ioctl", refused.call());
      assertEquals(Errno.ENOTTY, refused.errno());
    }
    assertArrayEquals(content, Files.readAllBytes(path));
  }

  @Test
  void aFileSaysWhereItHoldsDataAndWhereNothing() throws Exception {
    assumeTrue(
        FILE_SYSTEMS.containsKey(Files.getFileStore(path).type()), "skipped: another file system");
    try (var file = open()) {
      file.allocate(DiskFile.PUNCH_HOLE | DiskFile.KEEP_SIZE, 4 * PAGE_BYTES, 4 * PAGE_BYTES);
      assertEquals(100, file.nextData(100));
      assertEquals(4 * PAGE_BYTES, file.nextHole(100));
      assertEquals(8 * PAGE_BYTES, file.nextData(5 * PAGE_BYTES));
      assertEquals(5 * PAGE_BYTES, file.nextHole(5 * PAGE_BYTES));
      assertEquals(SIZE_BYTES, file.nextHole(8 * PAGE_BYTES));
      var behind = assertThrows(LinuxException.class, () -> file.nextData(SIZE_BYTES));
      assertEquals(Errno.ENXIO, behind.errno());
      assertEquals("lseek", behind.call());
    }
  }

  @Test
  void aFileSaysWhatFileSystemItIsOn() throws Exception {
    var number = FILE_SYSTEMS.get(Files.getFileStore(path).type());
    assumeTrue(number != null, "skipped: another file system");
    try (var file = open()) {
      assertEquals(number, file.fileSystem());
    }
  }
}
