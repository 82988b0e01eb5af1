package io.tenon.pool.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tenon.block.DeviceException;
import io.tenon.block.Geometry;
import java.util.List;
import java.util.Optional;

/** Tells whether a disk carries what somebody would miss: partition tables, filesystems, parts of arrays and volume groups. */
final class Signatures {
  /** All that is looked for at the beginning lies within. */
  private static final int HEAD_BYTES = 2 * PlainIo.IO_BYTES;

  private static final int SECTOR = 512;

  /** Places where a RAID with its superblock at the end has it: 8 KiB before the end, on a multiple of 4 KiB. */
  private static final int RAID_FROM_END_BYTES = 8192;

  private static final String RAID_MAGIC = "\u00fcN+\u00a9";

  /** ZFS keeps a ring of these from here on. */
  private static final int ZFS_RING = 128 << 10;

  private static final int ZFS_STEP = 1024;

  private static final List<String> ZFS_MAGICS =
      List.of("\u000c\u00b1\u00ba\u0000", "\u0000\u0000\u0000\u0000\u0000\u00ba\u00b1\u000c");

  /**
   * @param magic a byte each character
   */
  private record Signature(String what, int offset, String magic) {}

  private static final List<Signature> KNOWN =
      List.of(
          new Signature("a GPT partition table", 512, "EFI PART"),
          new Signature("a GPT partition table", 4096, "EFI PART"),
          new Signature("a blobstore", 0, "SPDKBLOB"),
          new Signature("an XFS filesystem", 0, "XFSB"),
          new Signature("an ext filesystem", 1080, "S\u00ef"),
          new Signature("a Btrfs filesystem", 0x10040, "_BHRfS_M"),
          new Signature("an F2FS filesystem", 1024, "\u0010 \u00f5\u00f2"),
          new Signature("an NTFS filesystem", 3, "NTFS    "),
          new Signature("an exFAT filesystem", 3, "EXFAT   "),
          new Signature("an ISO 9660 filesystem", 32769, "CD001"),
          new Signature("a JFS filesystem", 32768, "JFS1"),
          new Signature("a bcachefs filesystem or a bcache device", 4120, "\u00c6\u0085s\u00f6"),
          new Signature("a LUKS volume", 0, "LUKS\u00ba\u00be"),
          new Signature("an LVM physical volume", 0, "LABELONE"),
          new Signature("an LVM physical volume", 512, "LABELONE"),
          new Signature("an LVM physical volume", 1024, "LABELONE"),
          new Signature("an LVM physical volume", 1536, "LABELONE"),
          new Signature("a member of a RAID", 0, RAID_MAGIC),
          new Signature("a member of a RAID", 4096, RAID_MAGIC),
          new Signature("a Ceph OSD", 0, "bluestore block device"),
          new Signature("swap space", 4086, "SWAPSPACE2"),
          // Last, for many of the above have one as well.
          new Signature("a partition table or boot sector", 510, "U\u00aa"));

  private Signatures() {}

  /** What is there; for people. Empty when nothing that is known is. */
  static Optional<String> find(PlainIo disk, Geometry geometry) throws DeviceException {
    var head = new StringBuilder();
    int wanted = (int) Math.min(HEAD_BYTES, geometry.sizeBytes());
    while (head.length() < wanted) {
      int piece = Math.min(PlainIo.IO_BYTES, wanted - head.length());
      head.append(new String(disk.read(head.length(), piece), ISO_8859_1));
    }
    var found = inHead(head.toString());
    return found.isPresent() ? found : atEnd(disk, geometry);
  }

  private static Optional<String> inHead(String head) {
    for (Signature known : KNOWN) {
      if (head.startsWith(known.magic(), known.offset())) return Optional.of(known.what());
    }
    for (int at = ZFS_RING; at < head.length(); at += ZFS_STEP) {
      int slot = at;
      if (ZFS_MAGICS.stream().anyMatch(magic -> head.startsWith(magic, slot))) {
        return Optional.of("a member of a ZFS pool");
      }
    }
    return Optional.empty();
  }

  private static Optional<String> atEnd(PlainIo disk, Geometry geometry) throws DeviceException {
    int block = geometry.blockBytes();
    long size = geometry.sizeBytes();
    if (size < HEAD_BYTES) return Optional.empty();
    if (starts(disk.read(size - block, block), "EFI PART")) {
      return Optional.of("the copy of a GPT partition table");
    }
    long raid = (size / SECTOR * SECTOR - RAID_FROM_END_BYTES) / 4096 * 4096;
    if (raid % block == 0 && starts(disk.read(raid, block), RAID_MAGIC)) {
      return Optional.of("a member of a RAID");
    }
    return Optional.empty();
  }

  private static boolean starts(byte[] content, String magic) {
    return new String(content, 0, magic.length(), ISO_8859_1).equals(magic);
  }
}
