package io.tenon.blobstore.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each damage to a sound disk is named. Blob 0x100000003 is rep-thick there, and its parent 0x10000000d snap-thick.
 */
class DamagedDiskTest {
  private static final int MD_START = 4;
  private static final int EXTENT_HEADER = 16 + 5 + 4;

  @TempDir Path directory;
  private Path path;

  @BeforeEach
  void copy() throws Exception {
    path = Samples.named("pool-512-4m.img.gz").copyTo(directory);
  }

  private void change(long diskPage, boolean seal, Consumer<ByteBuffer> change) throws IOException {
    try (var file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      var page = ByteBuffer.allocate(DiskImage.PAGE).order(ByteOrder.LITTLE_ENDIAN);
      file.read(page, diskPage * DiskImage.PAGE);
      change.accept(page);
      if (seal) {
        var crc = new CRC32C();
        crc.update(page.array(), 0, 4092);
        page.putInt(4092, (int) crc.getValue());
      }
      file.write(page.position(0), diskPage * DiskImage.PAGE);
    }
  }

  private List<String> found() throws Exception {
    try (var disk = PoolDiskReader.read(path)) {
      return disk.inconsistencies;
    }
  }

  private void mustSay(String part) throws Exception {
    var found = found();
    assertTrue(found.stream().anyMatch(line -> line.contains(part)), found::toString);
  }

  private PoolBlob blob(String name) throws Exception {
    try (var disk = PoolDiskReader.read(path)) {
      return disk.named(name);
    }
  }

  @Test
  void aDamagedSuperBlockIsRefused() throws Exception {
    change(0, false, page -> page.put(600, (byte) 1));
    assertThrows(UnreadableDisk.class, this::found);
  }

  @Test
  void aStoreThatIsLargerThanItsDiskIsRefused() throws Exception {
    change(0, true, page -> page.putLong(80, 1L << 40));
    assertThrows(UnreadableDisk.class, this::found);
  }

  @Test
  void reservedBytesOfTheSuperBlockAreZero() throws Exception {
    change(0, true, page -> page.put(600, (byte) 1));
    assertEquals(List.of("Reserved bytes of the super block are not zero."), found());
  }

  @Test
  void anUncleanStoreIsNoInconsistencyButIsSaid() throws Exception {
    change(0, true, page -> page.putInt(16, 0));
    change(1, false, page -> page.put(7, (byte) 0));
    try (var disk = PoolDiskReader.read(path)) {
      assertEquals(List.of(), disk.inconsistencies);
      assertEquals(1, disk.remarks.size());
    }
  }

  @Test
  void masksThatAreWrongInEitherDirectionAreNamed() throws Exception {
    change(1, false, page -> page.put(5, (byte) (page.get(5) ^ 4)));
    change(2, false, page -> page.put(8, (byte) (page.get(8) ^ 0x80)));
    change(3, false, page -> page.put(0, (byte) 1));
    var found = found();
    assertEquals(3, found.size(), found::toString);
    assertTrue(found.toString().contains("not marked in the mask: metadata pages {2}"));
    assertTrue(found.toString().contains("but not in use: clusters {31}"));
    assertTrue(found.toString().contains("The blob mask is of type 1."));
  }

  @Test
  void aBrokenChecksumTakesTheBlobAndItsDescendants() throws Exception {
    long root = blob("snap-thick").pages.getFirst();
    change(MD_START + root, false, page -> page.put(200, (byte) (page.get(200) ^ 1)));
    mustSay("0x10000000d cannot be opened: the checksum of page 13 is wrong");
    mustSay("0x100000003 cannot be opened: its parent 0x10000000d is not there");
    mustSay("0x10000000e cannot be opened: its parent 0x10000000d is not there");
  }

  @Test
  void unknownFlagsAreNamed() throws Exception {
    change(MD_START + 3, true, page -> page.put(16 + 5, (byte) 0x47));
    mustSay("0x100000003 cannot be opened: unknown flags 40");
  }

  @Test
  void unknownDescriptorsAreNamed() throws Exception {
    long root = blob("clone-2").pages.getFirst();
    change(MD_START + root, true, page -> page.put(16 + 5 + 24, (byte) 9));
    mustSay("has a descriptor of the unknown type 9");
  }

  @Test
  void aClusterOfTwoBlobsIsNamed() throws Exception {
    var owner = blob("clone-1");
    long stolen = 0;
    for (long cluster : owner.map) if (cluster != 0) stolen = cluster;
    long other = stolen;
    var thief = blob("rep-thick");
    change(
        MD_START + thief.slots.getFirst(), true, page -> page.putInt(EXTENT_HEADER, (int) other));
    mustSay("Cluster %d is used by Blob 0x100000003 and by %s.".formatted(other, owner));
  }

  @Test
  void aClusterBehindTheStoresEndIsNamed() throws Exception {
    change(
        MD_START + blob("rep-thick").slots.getFirst(),
        true,
        page -> page.putInt(EXTENT_HEADER, 32));
    mustSay("0x100000003 cannot be opened: cluster 32, which is behind the store's end");
  }

  @Test
  void anExtentPageOfAnotherPlaceIsNamed() throws Exception {
    long extents = blob("rep-thick").slots.getFirst();
    change(MD_START + extents, true, page -> page.putInt(16 + 5, 512));
    mustSay("begins with cluster 512 instead of 0");
  }

  @Test
  void aDeletedBlobThatWasNotWipedIsNamed() throws Exception {
    int free = 31;
    change(
        MD_START + free,
        true,
        page -> page.putLong(0, MetadataPage.blobId(free)).putInt(8, 0).putInt(4088, -1));
    assertEquals(List.of("Metadata page 31 is free and holds a blob that was deleted."), found());
  }

  @Test
  void aParentThatCanBeWrittenIsNamed() throws Exception {
    long root = blob("snap-thick").pages.getFirst();
    change(MD_START + root, true, page -> page.putLong(16 + 5 + 8, 0));
    mustSay("0x100000003 has a parent that is not read-only");
  }

  @Test
  void aNameThatTwoLvolsHaveIsNamed() throws Exception {
    long root = blob("clone-2").pages.getFirst();
    int value = 16 + 29 + 5 + 4 + 4;
    change(MD_START + root, true, page -> page.put(value + 6, (byte) '1'));
    mustSay("has the name clone-1 of another one");
  }

  @Test
  void aLoopOfParentsEnds() throws Exception {
    try (var disk = PoolDiskReader.read(path)) {
      var child = disk.named("rep-thin");
      var parent = disk.named("snap-2");
      var grandparent = disk.named("snap-1");
      assertEquals(parent.id, child.parent);
      assertEquals(grandparent.id, parent.parent);
      change(
          MD_START + parent.pages.getFirst(),
          true,
          page -> replace(page, grandparent.id, parent.id));
    }
    mustSay("0x100000005 cannot be opened: its parent 0x100000007 is not there");
  }

  /** The id in an internal attribute; it stands at any alignment. */
  private static void replace(ByteBuffer page, long from, long to) {
    for (int at = 8; at < 4080; at++) if (page.getLong(at) == from) page.putLong(at, to);
  }
}
