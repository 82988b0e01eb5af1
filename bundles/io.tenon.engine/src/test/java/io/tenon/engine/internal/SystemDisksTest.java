package io.tenon.engine.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.engine.api.BlockDevice;
import io.tenon.error.TenonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemDisksTest {
  private static final String PCI = "pci0000:00/0000:00:04.0";

  @TempDir private Path directory = Path.of("");
  private SystemTree tree;

  @BeforeEach
  void start() throws IOException {
    tree = new SystemTree(directory.toRealPath());
  }

  private List<String> names(boolean all) throws TenonException {
    return new SystemDisks(tree.root()).list(all).stream().map(BlockDevice::getDevname).toList();
  }

  private BlockDevice only() throws TenonException {
    var found = new SystemDisks(tree.root()).list(true);
    assertEquals(1, found.size());
    return found.getFirst();
  }

  @Test
  void aDiskIsDescribedAsSysfsAndUdevKnowIt() throws Exception {
    String disk = tree.disk(PCI + "/nvme/nvme0/nvme0n1", "nvme0n1", "259:0", 4096);
    tree.file(disk + "/device/model", "Fast Disk 3000   \n");
    tree.udev(
        "259:0", "S:disk/by-id/nvme-fast", "S:disk/by-path/pci-4", "E:DEVTYPE=disk", "G:systemd");
    assertEquals(
        BlockDevice.newBuilder()
            .setDevname("/dev/nvme0n1")
            .setDevtype("disk")
            .setDevmajor(259)
            .setDevminor(0)
            .setModel("Fast Disk 3000")
            .setDevpath("/devices/" + PCI + "/nvme/nvme0/nvme0n1/block/nvme0n1")
            .addDevlinks("/dev/disk/by-id/nvme-fast")
            .addDevlinks("/dev/disk/by-path/pci-4")
            .setSize(4096)
            .setAvailable(true)
            .setConnectionType("nvme")
            .setIsRotational(false)
            .build(),
        only());
  }

  @Test
  void aDiskWithPartitionsIsNotAvailableButAnEmptyPartitionIs() throws Exception {
    String disk = tree.disk(PCI + "/virtio1", "vda", "254:0", 8192);
    tree.partition(disk, "vda1", "254:1", 1, 4096);
    tree.udev(
        "254:1",
        "E:ID_PART_ENTRY_SCHEME=gpt",
        "E:ID_PART_ENTRY_NAME=data",
        "E:ID_PART_ENTRY_TYPE=0fc63daf-8483-4772-8e79-3d69d8477de4",
        "E:ID_PART_ENTRY_UUID=11111111-2222-3333-4444-555555555555");
    assertEquals(List.of("/dev/vda", "/dev/vda1"), names(true));
    assertEquals(List.of("/dev/vda1"), names(false));
    var partition = new SystemDisks(tree.root()).list(false).getFirst();
    assertEquals("partition", partition.getDevtype());
    assertEquals(
        BlockDevice.Partition.newBuilder()
            .setParent("/dev/vda")
            .setNumber(1)
            .setName("data")
            .setScheme("gpt")
            .setTypeid("0fc63daf-8483-4772-8e79-3d69d8477de4")
            .setUuid("11111111-2222-3333-4444-555555555555")
            .build(),
        partition.getPartition());
    assertEquals("virtio", partition.getConnectionType());
    assertFalse(partition.getIsRotational());
  }

  @Test
  void aDiskWithAFileSystemIsNotAvailable() throws Exception {
    tree.disk(PCI + "/ata1", "sda", "8:0", 4096);
    tree.udev("8:0", "E:ID_FS_TYPE=ext4", "E:ID_FS_LABEL=home", "E:ID_FS_UUID=u-1", "E:ID_BUS=ata");
    assertEquals(List.of(), names(false));
    var disk = only();
    assertEquals(
        BlockDevice.Filesystem.newBuilder()
            .setFstype("ext4")
            .setLabel("home")
            .setUuid("u-1")
            .build(),
        disk.getFilesystem());
    assertEquals("ata", disk.getConnectionType());
  }

  @Test
  void aMountedDiskIsNotAvailableThoughUdevKnowsNothing() throws Exception {
    tree.disk(PCI + "/ata1", "sda", "8:0", 4096);
    tree.mount("30 27 8:0 / /mnt/with\\040blank rw - ext4 /dev/sda rw");
    tree.mount("31 27 8:0 /below /srv rw - ext4 /dev/sda rw");
    assertEquals(List.of(), names(false));
    assertEquals(List.of("/mnt/with blank", "/srv"), only().getFilesystem().getMountpointsList());
  }

  /** btrfs shows a device number that no disk has. */
  @Test
  void aDiskIsMountedTooWhenItsFileSystemHasANumberOfItsOwn() throws Exception {
    tree.disk(PCI + "/ata1", "sda", "8:0", 4096);
    tree.disk("virtual", "dm-0", "253:0", 4096);
    tree.udev("253:0", "S:mapper/vg-data");
    tree.mount("30 27 0:40 / /mnt rw shared:1 - btrfs /dev/sda rw,subvol=/");
    tree.mount("31 27 0:41 / /data rw - btrfs /dev/mapper/vg-data rw");
    assertEquals(List.of(), names(false));
    assertEquals(List.of("/dev/dm-0", "/dev/sda"), names(true));
  }

  @Test
  void oneMountPointInAnotherEncodingDoesNotHideTheOthers() throws Exception {
    tree.disk(PCI + "/ata1", "sda", "8:0", 4096);
    tree.file(
        "proc/self/mountinfo",
        "29 27 8:16 / /mnt/\u00fcber rw - ext4 /dev/sdb rw\n30 27 8:0 / /mnt rw - ext4 /dev/sda rw\n"
            .getBytes(ISO_8859_1));
    assertEquals(List.of(), names(false));
  }

  @Test
  void swapSpaceReadOnlyAndHeldDisksAreNotAvailable() throws Exception {
    tree.disk(PCI + "/ata1", "sda", "8:0", 4096);
    tree.file("proc/swaps", "Filename\tType\n/dev/sda   partition 2048 0 -2\n");
    String locked = tree.disk(PCI + "/ata2", "sdb", "8:16", 4096);
    tree.file(locked + "/ro", "1\n");
    String held = tree.disk(PCI + "/ata3", "sdc", "8:32", 4096);
    tree.file(held + "/holders/dm-0", "");
    tree.disk(PCI + "/ata4", "sdd", "8:48", 4096);
    assertEquals(List.of("/dev/sdd"), names(false));
    assertEquals(4, names(true).size());
  }

  @Test
  void whatHasNoSizeIsNoDisk() throws Exception {
    tree.disk("virtual", "loop0", "7:0", 0);
    assertEquals(List.of(), names(true));
  }

  @Test
  void aDiskThatGoesWhileItIsReadDoesNotTakeTheOthersAlong() throws Exception {
    tree.disk(PCI + "/ata1", "sda", "8:0", 4096);
    tree.disk(PCI + "/ata2", "sdb", "8:16", 4096);
    Files.createSymbolicLink(
        tree.root().resolve("sys/class/block/gone"), tree.root().resolve("sys/devices/gone"));
    assertEquals(List.of("/dev/sda", "/dev/sdb"), names(false));
  }

  @Test
  void withoutTheMountTableNothingIsListed() throws Exception {
    tree.disk(PCI + "/ata1", "sda", "8:0", 4096);
    Files.delete(tree.root().resolve("proc/self/mountinfo"));
    var refusal =
        assertThrows(TenonException.class, () -> new SystemDisks(tree.root()).list(false));
    assertTrue(refusal.getMessage().contains("mountinfo"), refusal.getMessage());
  }
}
