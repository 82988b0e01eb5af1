package io.tenon.simulation.itest;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.zip.CRC32C;

/** The metadata of a pool on a platter, as far as it takes to do damage to it: pages with checksums, and whose they are. Shares no code with blobstores. */
// Pages wrap whole arrays of their own, and nobody compares two writes.
@SuppressWarnings({"ByteBufferBackingArray", "ArrayRecordComponent"})
final class PlatterPages {
  static final int PAGE_BYTES = 4096;
  private static final int SECTORS = PAGE_BYTES / Platter.SECTOR_BYTES;

  // The super block.
  private static final int MD_START = 48;
  private static final int MD_PAGES = 52;

  // The frame of a page.
  private static final int SEQUENCE = 8;
  private static final int DESCRIPTORS = 16;
  private static final int DESCRIPTORS_END = 4088;
  private static final int CHECKSUM = 4092;
  private static final long ID_BIT = 1L << 32;

  // Types of descriptors.
  private static final int XATTR = 2;
  private static final int FLAGS = 3;
  private static final int INTERNAL_XATTR = 4;

  private final Platter platter;
  private final long mdStart;
  private final long mdPages;

  PlatterPages(Platter platter) {
    this.platter = platter;
    var superBlock = page(0);
    mdStart = superBlock.getInt(MD_START);
    mdPages = superBlock.getInt(MD_PAGES);
  }

  private ByteBuffer page(long page) {
    var bytes = new byte[PAGE_BYTES];
    for (int i = 0; i < SECTORS; i++) {
      System.arraycopy(
          platter.read(page * SECTORS + i),
          0,
          bytes,
          i * Platter.SECTOR_BYTES,
          Platter.SECTOR_BYTES);
    }
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static boolean isSealed(ByteBuffer page) {
    var crc = new CRC32C();
    crc.update(page.array(), 0, CHECKSUM);
    return page.getInt(CHECKSUM) == (int) crc.getValue();
  }

  /** All that have a right checksum: the super block, and pages of blobs. */
  List<Long> sealed() {
    var found = new ArrayList<Long>();
    if (isSealed(page(0))) found.add(0L);
    for (long page = mdStart; page < mdStart + mdPages; page++) {
      if (isSealed(page(page))) found.add(page);
    }
    return found;
  }

  private static boolean isOfABlob(ByteBuffer page) {
    return (page.getLong(0) & ~0xFFFF_FFFFL) == ID_BIT && isSealed(page);
  }

  /** It says whose it is and which one: roots and what follows them, but no lists of clusters. */
  private static boolean namesItself(ByteBuffer page) {
    return isOfABlob(page) && (page.getInt(SEQUENCE) > 0 || page.get(DESCRIPTORS) == FLAGS);
  }

  /** The id of the blob whose root it is. */
  private Optional<Long> root(long page) {
    var content = page(page);
    boolean is =
        namesItself(content)
            && content.getInt(SEQUENCE) == 0
            && content.getLong(0) == (ID_BIT | page - mdStart);
    return is ? Optional.of(content.getLong(0)) : Optional.empty();
  }

  /**
   * A page whose last write could have gone to another place.
   *
   * @param before what is there without it
   * @param write when it was written
   */
  record LastWrite(long page, long blob, byte[] content, byte[] before, long write) {}

  /** Of pages that name themselves. */
  List<LastWrite> lastWrites() {
    var found = new ArrayList<LastWrite>();
    for (long page : sealed()) {
      var content = page(page);
      if (page == 0 || !namesItself(content)) continue;
      var before = new byte[PAGE_BYTES];
      long first = Long.MAX_VALUE;
      long last = -1;
      for (int i = 0; i < SECTORS; i++) {
        var former = platter.former(page * SECTORS + i);
        if (former.isEmpty()) {
          last = -1;
          break;
        }
        System.arraycopy(
            former.get().content(), 0, before, i * Platter.SECTOR_BYTES, Platter.SECTOR_BYTES);
        first = Math.min(first, former.get().write());
        last = Math.max(last, former.get().write());
      }
      // Written as a whole, and to something else than it was.
      boolean isWhole = last >= 0 && last - first == SECTORS - 1;
      if (!isWhole || Arrays.equals(before, content.array())) continue;
      found.add(new LastWrite(page, content.getLong(0), content.array(), before, last));
    }
    return found;
  }

  /** Pages that were last written before that: what goes astray there stays. */
  List<Long> writtenBefore(LastWrite astray) {
    var found = new ArrayList<Long>();
    for (long page : sealed()) {
      if (page == astray.page()) continue;
      boolean isOlder = true;
      for (int i = 0; i < SECTORS; i++) {
        var former = platter.former(page * SECTORS + i);
        if (former.isPresent() && former.get().write() > astray.write()) isOlder = false;
      }
      if (isOlder) found.add(page);
    }
    return found;
  }

  void put(long page, byte[] content) {
    for (int i = 0; i < SECTORS; i++) {
      int from = i * Platter.SECTOR_BYTES;
      platter.write(
          page * SECTORS + i, Arrays.copyOfRange(content, from, from + Platter.SECTOR_BYTES));
    }
    platter.flush();
  }

  void flip(long page, int bit) {
    byte[] content = page(page).array();
    content[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
    put(page, content);
  }

  /** The uuids of a blob and of all that show what it has. */
  SortedSet<UUID> familyOf(long blob) {
    var parents = new TreeMap<Long, Long>();
    var uuids = new TreeMap<Long, UUID>();
    for (long page : sealed()) {
      var id = root(page);
      if (id.isEmpty()) continue;
      var content = page(page);
      attribute(content, INTERNAL_XATTR, "SNAP")
          .ifPresent(
              at ->
                  parents.put(id.get(), at.order(ByteOrder.LITTLE_ENDIAN).getLong(at.position())));
      attribute(content, XATTR, "uuid").ifPresent(at -> uuids.put(id.get(), uuid(at)));
    }
    var family = new TreeSet<UUID>();
    for (var one : uuids.entrySet()) {
      Long at = one.getKey();
      for (int i = 0; at != null && i <= parents.size(); i++) {
        if (at == blob) family.add(one.getValue());
        at = parents.get(at);
      }
    }
    return family;
  }

  private static UUID uuid(ByteBuffer value) {
    var text = new byte[36];
    value.duplicate().get(text);
    return UUID.fromString(new String(text, US_ASCII));
  }

  private static Optional<ByteBuffer> attribute(ByteBuffer page, int type, String name) {
    int at = DESCRIPTORS;
    while (at + 5 <= DESCRIPTORS_END) {
      int kind = page.get(at);
      int length = page.getInt(at + 1);
      at += 5;
      if (kind == 0 && length == 0) break;
      if (kind == type) {
        int nameBytes = page.getShort(at);
        var found = new String(page.array(), at + 4, nameBytes, US_ASCII);
        if (found.equals(name)) {
          return Optional.of(page.duplicate().position(at + 4 + nameBytes));
        }
      }
      at += length;
    }
    return Optional.empty();
  }
}
