package io.tenon.blobstore.internal.layout;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Pages as they were before a repair, and how to know whether the disk is still as the repair has left it.
 *
 * <pre>
 * 0     text for whoever finds the file, ends with a NUL; at most 512 bytes
 * 512   magic (8)   bytes of the disk (8)   number of pages (4)   then for each:
 *       disk page (8)   checksums of its 8 sectors after the repair (32)   its content before (4096)
 * end-4 checksum of all before
 * </pre>
 */
public final class UndoRecord {
  private static final String TEXT =
      """
      Tenon: pages of a disk's metadata as they were before a repair of its pool.
      pool:check DISK --undo THIS_FILE
      writes them back, as long as nothing else has changed the disk's metadata since.
      """;

  private static final byte[] MAGIC = "TNUNDO01".getBytes(US_ASCII);
  private static final int HEAD = 512;
  private static final int SECTORS = Page.BYTES / JournalRecord.SECTOR_BYTES;
  private static final int ENTRIES = HEAD + 8 + 8 + 4;
  private static final int CONTENT = 8 + SECTORS * Integer.BYTES;
  private static final int ENTRY_BYTES = CONTENT + Page.BYTES;

  /** A version that no release knows: such a disk is loaded nowhere, and formatted nowhere without being named. */
  private static final int BLOCKED_VERSION = -1;

  private final long diskBytes;
  private final NavigableMap<Long, byte[]> before = new TreeMap<>();
  private final NavigableMap<Long, int[]> sumsAfter = new TreeMap<>();

  private UndoRecord(long diskBytes) {
    this.diskBytes = diskBytes;
  }

  /**
   * @param after the same pages as the repair will leave them
   */
  public static UndoRecord of(
      long diskBytes, Map<Long, byte[]> before, NavigableMap<Long, byte[]> after) {
    var record = new UndoRecord(diskBytes);
    record.before.putAll(before);
    after.forEach((page, content) -> record.sumsAfter.put(page, sums(content)));
    return record;
  }

  private static int[] sums(byte[] page) {
    var sums = new int[SECTORS];
    for (int i = 0; i < SECTORS; i++) {
      sums[i] = Page.crc(page, i * JournalRecord.SECTOR_BYTES, JournalRecord.SECTOR_BYTES);
    }
    return sums;
  }

  /** The pages, by their place on the disk. */
  public NavigableMap<Long, byte[]> before() {
    return before;
  }

  public byte[] encode() {
    var bytes = new byte[ENTRIES + before.size() * ENTRY_BYTES + Integer.BYTES];
    byte[] text = TEXT.getBytes(US_ASCII);
    System.arraycopy(text, 0, bytes, 0, Math.min(text.length, HEAD - 1));
    System.arraycopy(MAGIC, 0, bytes, HEAD, MAGIC.length);
    LittleEndian.putLong(bytes, HEAD + 8, diskBytes);
    LittleEndian.putU32(bytes, HEAD + 16, before.size());
    int at = ENTRIES;
    for (var page : before.entrySet()) {
      LittleEndian.putLong(bytes, at, page.getKey());
      int[] sums = sumsAfter.getOrDefault(page.getKey(), new int[SECTORS]);
      for (int i = 0; i < SECTORS; i++) {
        LittleEndian.putU32(bytes, at + 8 + i * Integer.BYTES, sums[i]);
      }
      System.arraycopy(page.getValue(), 0, bytes, at + CONTENT, Page.BYTES);
      at += ENTRY_BYTES;
    }
    LittleEndian.putU32(bytes, at, Page.crc(bytes, 0, at));
    return bytes;
  }

  /**
   * @throws BlobstoreException when that is not what {@link #encode} has made
   */
  public static UndoRecord parse(byte[] bytes) throws BlobstoreException {
    int end = bytes.length - Integer.BYTES;
    boolean ours =
        end >= ENTRIES
            && Arrays.equals(bytes, HEAD, HEAD + MAGIC.length, MAGIC, 0, MAGIC.length)
            && LittleEndian.getInt(bytes, end) == Page.crc(bytes, 0, end);
    int count = ours ? LittleEndian.getInt(bytes, HEAD + 16) : -1;
    if (count < 0 || (long) count * ENTRY_BYTES != end - ENTRIES) {
      throw refused("These are no copies of a repair, or not all of them.");
    }
    var record = new UndoRecord(LittleEndian.getLong(bytes, HEAD + 8));
    for (int at = ENTRIES; at < end; at += ENTRY_BYTES) {
      long page = LittleEndian.getLong(bytes, at);
      var sums = new int[SECTORS];
      for (int i = 0; i < SECTORS; i++) {
        sums[i] = LittleEndian.getInt(bytes, at + 8 + i * Integer.BYTES);
      }
      record.sumsAfter.put(page, sums);
      record.before.put(page, Arrays.copyOfRange(bytes, at + CONTENT, at + CONTENT + Page.BYTES));
    }
    return record;
  }

  private static BlobstoreException refused(String why) {
    return new BlobstoreException(
        Kind.INVALID_ARGUMENT, "The repair was not taken back.", why, "Check the disk.");
  }

  public void checkSize(long bytes) throws BlobstoreException {
    if (bytes == diskBytes) return;
    throw refused(
        "It was made on a disk of %d bytes, and this one has %d.".formatted(diskBytes, bytes));
  }

  /**
   * Checks that a page is as the repair has left it, or as it was before, or on the way back: each of its sectors is one of these.
   *
   * @param found on the disk
   */
  public void check(long diskPage, byte[] found) throws BlobstoreException {
    int[] now = sums(found);
    int[] old = sums(before.getOrDefault(diskPage, new byte[Page.BYTES]));
    int[] repaired = sumsAfter.getOrDefault(diskPage, new int[SECTORS]);
    int[] blocked = diskPage == 0 ? sums(blocked()) : old;
    for (int i = 0; i < SECTORS; i++) {
      if (now[i] == old[i] || now[i] == repaired[i] || now[i] == blocked[i]) continue;
      throw refused("Page %d has changed since.".formatted(diskPage));
    }
  }

  /** A super block that nobody loads, while pages are on the way back. */
  public byte[] blocked() {
    return SuperBlock.blocked(BLOCKED_VERSION);
  }
}
