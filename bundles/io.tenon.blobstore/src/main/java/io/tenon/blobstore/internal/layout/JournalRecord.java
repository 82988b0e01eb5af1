package io.tenon.blobstore.internal.layout;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;

/**
 * Pages that are about to be overwritten in place: their new content, and checksums of each sector of their old one. Ours alone: it
 * lies in the gap behind the metadata region, which the format leaves unused (§2), and is in force only while {@link #MARK} ends the
 * mask of used pages, which every other writer overwrites before it changes anything.
 *
 * <pre>
 * header:  0 magic (8)   8 number of pages (4)   then for each:
 *          disk page (8)   checksums of its 8 old sectors (32)   checksum of its new content (4)
 *          4092 checksum of the header
 * pages:   the new contents
 * </pre>
 */
public final class JournalRecord {
  /** Pages that one record can protect. */
  public static final int MOST_TARGETS = 64;

  /** Fewer pages of gap than this and a store has no journal. */
  public static final int FEWEST_PAGES = 1 + 8;

  /** What a device writes as a whole. */
  static final int SECTOR_BYTES = 512;

  private static final byte[] MAGIC = "TNJOURN1".getBytes(ISO_8859_1);
  private static final byte[] MARK = "TNJOURNL".getBytes(ISO_8859_1);
  private static final int COUNT = 8;
  private static final int TARGETS = 12;
  private static final int SECTORS = Page.BYTES / SECTOR_BYTES;
  private static final int OLD_SUMS = 8;
  private static final int NEW_SUM = OLD_SUMS + SECTORS * Integer.BYTES;
  private static final int TARGET_BYTES = NEW_SUM + Integer.BYTES;

  private final List<Target> targets;

  /** One page to be overwritten. */
  private static final class Target {
    final long diskPage;

    /** Checksum of each of its sectors before. */
    final int[] oldSums;

    final byte[] content;

    Target(long diskPage, int[] oldSums, byte[] content) {
      this.diskPage = diskPage;
      this.oldSums = oldSums;
      this.content = content;
    }
  }

  /** Where the disk's pages come from. */
  public interface DiskPages<E extends Exception> {
    byte[] page(long diskPage) throws E;
  }

  private JournalRecord(List<Target> targets) {
    this.targets = targets;
  }

  /** Of nothing yet. */
  public JournalRecord() {
    this(new ArrayList<>());
  }

  public void add(long diskPage, byte[] before, byte[] after) {
    targets.add(new Target(diskPage, sums(before), after));
  }

  private static int[] sums(byte[] page) {
    var sums = new int[SECTORS];
    for (int i = 0; i < SECTORS; i++) sums[i] = Page.crc(page, i * SECTOR_BYTES, SECTOR_BYTES);
    return sums;
  }

  public int size() {
    return targets.size();
  }

  public boolean protects(long diskPage) {
    return targets.stream().anyMatch(target -> target.diskPage == diskPage);
  }

  /** Header and pages. */
  public byte[] encode() {
    var bytes = new byte[(1 + targets.size()) * Page.BYTES];
    var header = new byte[Page.BYTES];
    System.arraycopy(MAGIC, 0, header, 0, MAGIC.length);
    LittleEndian.putU32(header, COUNT, targets.size());
    for (int i = 0; i < targets.size(); i++) {
      var target = targets.get(i);
      int at = TARGETS + i * TARGET_BYTES;
      LittleEndian.putLong(header, at, target.diskPage);
      for (int sector = 0; sector < SECTORS; sector++) {
        LittleEndian.putU32(header, at + OLD_SUMS + sector * Integer.BYTES, target.oldSums[sector]);
      }
      LittleEndian.putU32(header, at + NEW_SUM, Page.crc(target.content, 0, Page.BYTES));
      System.arraycopy(target.content, 0, bytes, (1 + i) * Page.BYTES, Page.BYTES);
    }
    System.arraycopy(Page.seal(header), 0, bytes, 0, Page.BYTES);
    return bytes;
  }

  /**
   * Reads a record.
   *
   * @param gap from {@link StoreLayout#gapStart}, in pages of its own numbering from 0
   * @param gapPages how many there are
   * @param mayBe which disk pages a record can be about
   * @return empty when there is none, or not all of it was written
   */
  public static <E extends Exception> Optional<JournalRecord> parse(
      DiskPages<E> gap, long gapPages, LongPredicate mayBe) throws E {
    if (gapPages < FEWEST_PAGES) return Optional.empty();
    byte[] header = gap.page(0);
    int count = LittleEndian.getInt(header, COUNT);
    boolean ours = Arrays.equals(header, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    if (!ours || !Page.isSealed(header) || count < 0 || count > MOST_TARGETS || count >= gapPages) {
      return Optional.empty();
    }
    var targets = new ArrayList<Target>();
    for (int i = 0; i < count; i++) {
      int at = TARGETS + i * TARGET_BYTES;
      var sums = new int[SECTORS];
      for (int sector = 0; sector < SECTORS; sector++) {
        sums[sector] = LittleEndian.getInt(header, at + OLD_SUMS + sector * Integer.BYTES);
      }
      byte[] content = gap.page(1 + i);
      if (Page.crc(content, 0, Page.BYTES) != LittleEndian.getInt(header, at + NEW_SUM)) {
        return Optional.empty();
      }
      long diskPage = LittleEndian.getLong(header, at);
      if (!mayBe.test(diskPage)) return Optional.empty();
      targets.add(new Target(diskPage, sums, content));
    }
    return Optional.of(new JournalRecord(targets));
  }

  /**
   * Whether overwriting had begun: every sector of every page is its old or its new one, and at least one is not its old one. In any
   * other case the record is of no interest: either the pages were never touched, or they have changed since.
   */
  public <E extends Exception> boolean hasBegun(DiskPages<E> disk) throws E {
    boolean begun = false;
    for (Target target : targets) {
      byte[] found = disk.page(target.diskPage);
      int[] foundSums = sums(found);
      int[] newSums = sums(target.content);
      for (int sector = 0; sector < SECTORS; sector++) {
        if (foundSums[sector] == target.oldSums[sector]) continue;
        if (foundSums[sector] != newSums[sector]) return false;
        begun = true;
      }
    }
    return begun;
  }

  /** Nothing of it is missing on the disk. */
  public <E extends Exception> boolean isComplete(DiskPages<E> disk) throws E {
    for (Target target : targets) {
      if (!Arrays.equals(disk.page(target.diskPage), target.content)) return false;
    }
    return true;
  }

  /** Takes one page as it should be. */
  public interface Sink<E extends Exception> {
    void page(long diskPage, byte[] content) throws E;
  }

  public <E extends Exception> void forEach(Sink<E> sink) throws E {
    for (Target target : targets) sink.page(target.diskPage, target.content);
  }

  // The mark in the mask of used pages.

  /** True when the mask leaves room for the mark. */
  public static boolean hasRoomForMark(SuperBlock superBlock) {
    return Mask.leavesTail(superBlock.mdPages(), superBlock.pageMaskPages(), MARK.length);
  }

  /**
   * @param lastMaskPage last page of the mask of used pages
   */
  public static boolean isMarked(byte[] lastMaskPage) {
    return Arrays.equals(lastMaskPage, Page.BYTES - MARK.length, Page.BYTES, MARK, 0, MARK.length);
  }

  public static byte[] mark(byte[] lastMaskPage) {
    var marked = lastMaskPage.clone();
    System.arraycopy(MARK, 0, marked, Page.BYTES - MARK.length, MARK.length);
    return marked;
  }
}
