package io.tenon.block.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.linux.DiskFile;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What backends for files and disks do, beyond what all backends do. */
public abstract class DiskContract extends SparseFileContract {
  private DeviceException refused(Kind kind, String uri) {
    var refusal = assertThrows(DeviceException.class, () -> provider().open(DeviceUri.parse(uri)));
    assertEquals(kind, refusal.kind(), refusal.what() + refusal.why());
    return refusal;
  }

  @Test
  void aFileHasBlocksOf512UnlessTheUriSaysOtherwise() throws Exception {
    assertEquals(512, open(uri(file("plain", 1 << 20))).geometry().blockBytes());
  }

  @Test
  void whatIsMissingIsNotFound() throws Exception {
    refused(Kind.NOT_FOUND, uri(file("no-directory", 1 << 20).resolve("disk")));
    refused(Kind.NOT_FOUND, uri(directory().resolve("nowhere")));
    refused(Kind.NOT_FOUND, uri(directory().resolve("nowhere/at/all")));
  }

  @Test
  void aDirectoryOrCharacterDeviceIsRefused() {
    refused(Kind.INVALID_PARAMETER, uri(directory()));
    refused(Kind.INVALID_PARAMETER, uri(Path.of("/dev/null")));
  }

  @Test
  void aSizeThatIsNoMultipleOfTheBlockSizeIsRefused() throws Exception {
    refused(Kind.MISMATCH, uri(file("odd", 1000)));
    refused(Kind.MISMATCH, uri(file("small", 512 * 9)) + "?blk_size=4096");
    refused(Kind.MISMATCH, uri(file("empty", 0)));
  }

  @Test
  void otherBlockSizesAreRefused() throws Exception {
    refused(Kind.INVALID_PARAMETER, uri(file("blocks", 1 << 20)) + "?blk_size=1024");
    refused(Kind.INVALID_PARAMETER, uri(file("blocks", 1 << 20)) + "?blk_size=big");
  }

  @Test
  void aHostIsRefusedBecauseSomeoneForgotASlash() {
    refused(Kind.INVALID_URI, scheme() + "://tmp/disk");
  }

  @Test
  void aPathThatIsCutOffByItsNulIsRefused() throws Exception {
    var uri = uri(file("whole", 1 << 20)) + "%00.old?uuid=11111111-2222-4333-8444-555555555555";
    refused(Kind.INVALID_URI, uri);
  }

  @Test
  void aFileThatIsOpenElsewhereIsInUse() throws Exception {
    var path = file("taken", 1 << 20);
    open(uri(path));
    refused(Kind.IN_USE, uri(path));
  }

  @Test
  void twoFilesAreTwoIdentities() throws Exception {
    assertNotEquals(open(uri(file("one", 1 << 20))).uuid(), open(uri(file("two", 1 << 20))).uuid());
  }

  @Test
  void unmapMakesAFileSparse() throws Exception {
    var path = file("sparse", 4 << 20);
    var volume = volume(open(uri(path)), 0);
    assumeTrue(volume.slot().supports(IoOperation.UNMAP));
    for (long lba = 0; lba < 8192; lba += 2048) {
      assertEquals(IoStatus.SUCCESS, volume.write(lba, random(lba, 1 << 20)));
    }
    assertEquals(IoStatus.SUCCESS, volume.flush());
    assertEquals(IoStatus.SUCCESS, volume.unmap(0, 8192));
    assertEquals(IoStatus.SUCCESS, volume.read(100, 8));
    assertTrue(Arrays.equals(new byte[4096], volume.content(8)));
  }

  @Test
  void aFileThatWasCutOffFailsItsReadsAndStaysOpen() throws Exception {
    var path = file("cut", 1 << 20);
    var volume = volume(open(uri(path)), 0);
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(4096);
    }
    assertEquals(IoStatus.IO_ERROR, volume.read(1024, 8));
    assertEquals(IoStatus.SUCCESS, volume.read(0, 8));
  }

  @Test
  void inMemoryFileSystemsWork() throws Exception {
    var memory = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(memory));
    var path = Files.createTempFile(memory, "tenon-", ".disk");
    try {
      Files.write(path, new byte[1 << 20]);
      var volume = volume(open(uri(path)), 0);
      var content = random(1, 4096);
      assertEquals(IoStatus.SUCCESS, volume.write(8, content));
      assertEquals(IoStatus.SUCCESS, volume.flush());
      assertEquals(IoStatus.SUCCESS, volume.writeZeroes(9, 2));
      assertEquals(IoStatus.SUCCESS, volume.read(8, 8));
      Arrays.fill(content, 512, 1536, (byte) 0);
      assertTrue(Arrays.equals(content, volume.content(8)));
    } finally {
      Files.delete(path);
    }
  }

  @Test
  @Tag("root")
  void aBlockDeviceHasItsOwnBlockSizeAndDoesAllOperations() throws Exception {
    LoopDevice.assumePossible();
    try (var loop = LoopDevice.on(file("loop", DEVICE_BYTES), 4096)) {
      refused(Kind.INVALID_PARAMETER, uri(loop.path()) + "?blk_size=512");
      var slot = open(uri(loop.path()));
      assertEquals(new Geometry(4096, DEVICE_BYTES / 4096), slot.geometry());
      assertTrue(slot.supports(IoOperation.UNMAP));
      var volume = volume(slot, 0);
      var content = random(1, 64 << 10);
      assertEquals(IoStatus.SUCCESS, volume.write(5, content));
      assertEquals(IoStatus.SUCCESS, volume.flush());
      assertEquals(IoStatus.SUCCESS, volume.compare(5, content));
      assertEquals(IoStatus.SUCCESS, volume.writeZeroes(6, 3));
      assertEquals(IoStatus.SUCCESS, volume.unmap(10, 4));
      assertEquals(IoStatus.SUCCESS, volume.read(5, 16));
      Arrays.fill(content, 4096, 4 * 4096, (byte) 0);
      var found = volume.content(16);
      assertTrue(Arrays.equals(content, 0, 5 * 4096, found, 0, 5 * 4096));
      assertTrue(Arrays.equals(content, 9 * 4096, 16 * 4096, found, 9 * 4096, 16 * 4096));
      new RandomLoad(volume, 32, 100, 4).run();
      closeAll();
    }
  }

  @Test
  @Tag("root")
  void blocksAreNeverSmallerThanTheDisksButMayBeLarger() throws Exception {
    LoopDevice.assumePossible();
    try (var loop = LoopDevice.on(file("small-blocks", 1 << 20), 512)) {
      assertEquals(512, open(uri(loop.path())).geometry().blockBytes());
      closeAll();
      assertEquals(4096, open(uri(loop.path()) + "?blk_size=4096").geometry().blockBytes());
      closeAll();
    }
    try (var loop = LoopDevice.on(file("odd-blocks", 1 << 20), 2048)) {
      var refusal = refused(Kind.INVALID_PARAMETER, uri(loop.path()) + "?blk_size=512");
      assertEquals("Parameter blk_size is 512, but the disk has blocks of 2048.", refusal.why());
      assertEquals(2048, open(uri(loop.path())).geometry().blockBytes());
      closeAll();
    }
    try (var loop = LoopDevice.on(file("odd-size", (1 << 20) + 512), 512)) {
      refused(Kind.MISMATCH, uri(loop.path()) + "?blk_size=4096");
    }
  }

  @Test
  @Tag("root")
  void aDiskThatSomebodyElseHasExclusivelyIsInUseUntilItIsReleased() throws Exception {
    LoopDevice.assumePossible();
    try (var loop = LoopDevice.on(file("held", 1 << 20), 512)) {
      try (var _ = DiskFile.open(loop.path().toString(), false, true)) {
        var refusal = refused(Kind.IN_USE, uri(loop.path()));
        assertEquals("Another process or the kernel uses it exclusively.", refusal.why());
      }
      open(uri(loop.path()));
      refused(Kind.IN_USE, uri(loop.path()));
      closeAll();
    }
  }

  @Test
  @Tag("root")
  void aDiskWithAMountedPartitionIsRefusedWithItsName() throws Exception {
    LoopDevice.assumePossible();
    try (var loop = LoopDevice.withPartitions(file("parted", 64 << 20))) {
      var partition = loop.addPartition(2048, 100_000);
      LoopDevice.run("mkfs.ext4", "-q", partition.toString());
      var point = Files.createDirectory(directory().resolve("partition"));
      LoopDevice.run("mount", partition.toString(), point.toString());
      try {
        var refusal = refused(Kind.IN_USE, uri(loop.path()));
        assertEquals(
            "Its partition " + partition.getFileName() + " is mounted at " + point + ".",
            refusal.why());
        assertEquals("Unmount or release it first.", refusal.remedy());
      } finally {
        LoopDevice.run("umount", point.toString());
      }
      assertTrue(open(uri(partition)).supports(IoOperation.UNMAP));
      closeAll();
    }
  }

  @Test
  @Tag("root")
  void aMountedDiskIsRefusedWithItsMountPoint() throws Exception {
    LoopDevice.assumePossible();
    try (var loop = LoopDevice.on(file("mounted", 64 << 20), 512)) {
      LoopDevice.run("mkfs.ext4", "-q", loop.path().toString());
      var point = Files.createDirectory(directory().resolve("point"));
      LoopDevice.run("mount", loop.path().toString(), point.toString());
      try {
        var refusal = refused(Kind.IN_USE, uri(loop.path()));
        assertEquals("It is mounted at " + point + ".", refusal.why());
      } finally {
        LoopDevice.run("umount", point.toString());
      }
    }
  }
}
