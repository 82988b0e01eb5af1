package io.tenon.blobstore.internal.layout;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import java.util.Arrays;
import java.util.Optional;

/**
 * Disk page 0, Format §3. Regions are given in disk pages.
 *
 * @param superBlob raw; {@link #NO_BLOB} for none
 * @param type 16 bytes as text, without trailing zeroes
 * @param blobidMaskPages 0 in versions below 3
 * @param sizeBytes what the store covers; 0 in old stores means the whole device
 * @param ioUnitBytes block size of the device when the store was made; 0 in old stores means 4096
 */
public record SuperBlock(
    int version,
    boolean clean,
    long superBlob,
    long clusterBytes,
    long pageMaskStart,
    long pageMaskPages,
    long clusterMaskStart,
    long clusterMaskPages,
    long mdStart,
    long mdPages,
    String type,
    long blobidMaskStart,
    long blobidMaskPages,
    long sizeBytes,
    int ioUnitBytes) {
  public static final long NO_BLOB = -1;
  public static final int NEWEST_VERSION = 3;
  public static final int TYPE_BYTES = 16;

  private static final byte[] MAGIC = "SPDKBLOB".getBytes(ISO_8859_1);
  private static final int SIGNATURE = 0;
  private static final int VERSION = 8;
  private static final int LENGTH = 12;
  private static final int CLEAN = 16;
  private static final int SUPER_BLOB = 20;
  private static final int CLUSTER_SIZE = 28;
  private static final int USED_PAGE_MASK_START = 32;
  private static final int USED_PAGE_MASK_LEN = 36;
  private static final int USED_CLUSTER_MASK_START = 40;
  private static final int USED_CLUSTER_MASK_LEN = 44;
  private static final int MD_START = 48;
  private static final int MD_LEN = 52;
  private static final int BSTYPE = 56;
  private static final int USED_BLOBID_MASK_START = 72;
  private static final int USED_BLOBID_MASK_LEN = 76;
  private static final int SIZE = 80;
  private static final int IO_UNIT_SIZE = 88;
  private static final int OLD_IO_UNIT_BYTES = 4096;

  /** The least that a disk writes as a whole. */
  private static final int SECTOR_BYTES = 512;

  private static final byte[] ZEROES = new byte[Page.BYTES];

  /**
   * Reads and checks it, all but its geometry, which {@link StoreLayout} checks.
   *
   * @param page its 4096 bytes
   * @throws BlobstoreException naming the first thing that is wrong
   */
  public static SuperBlock parse(byte[] page) throws BlobstoreException {
    if (!hasSignature(page)) {
      throw refused(Kind.NOT_A_BLOBSTORE, "It does not begin with SPDKBLOB.", "");
    }
    int version = LittleEndian.getInt(page, VERSION);
    if (version < 1 || version > NEWEST_VERSION) {
      throw refused(
          Kind.UNSUPPORTED_VERSION,
          "Its version is %s; 1 to %d are known."
              .formatted(Integer.toUnsignedString(version), NEWEST_VERSION),
          "Use a newer release.");
    }
    if (Page.isSealed(page)) return fields(page);
    var torn = tornCleanMark(page).or(() -> tornFirstWrite(page));
    if (torn.isPresent()) return fields(torn.get());
    throw refused(
        Kind.SUPER_BLOCK_CHECKSUM,
        "The checksum of its super block is wrong.",
        "Check the disk before anything writes to it: a repair may bring the store back.");
  }

  static boolean hasSignature(byte[] page) {
    return Arrays.equals(page, SIGNATURE, MAGIC.length, MAGIC, 0, MAGIC.length);
  }

  /** The fields of a page whose checksum is wrong: to be believed only as far as they lead to something that can be checked. */
  public static SuperBlock parseTorn(byte[] page) {
    return fields(page);
  }

  private static SuperBlock fields(byte[] page) {
    return new SuperBlock(
        LittleEndian.getInt(page, VERSION),
        LittleEndian.getInt(page, CLEAN) == 1,
        LittleEndian.getLong(page, SUPER_BLOB),
        LittleEndian.getU32(page, CLUSTER_SIZE),
        LittleEndian.getU32(page, USED_PAGE_MASK_START),
        LittleEndian.getU32(page, USED_PAGE_MASK_LEN),
        LittleEndian.getU32(page, USED_CLUSTER_MASK_START),
        LittleEndian.getU32(page, USED_CLUSTER_MASK_LEN),
        LittleEndian.getU32(page, MD_START),
        LittleEndian.getU32(page, MD_LEN),
        typeText(page),
        LittleEndian.getU32(page, USED_BLOBID_MASK_START),
        LittleEndian.getU32(page, USED_BLOBID_MASK_LEN),
        LittleEndian.getLong(page, SIZE),
        LittleEndian.getInt(page, IO_UNIT_SIZE));
  }

  private static String typeText(byte[] page) {
    int end = BSTYPE + TYPE_BYTES;
    while (end > BSTYPE && page[end - 1] == 0) end--;
    return new String(page, BSTYPE, end - BSTYPE, ISO_8859_1);
  }

  /**
   * A power failure while only the clean mark was changed may leave the first sector of one state with the checksum of the
   * other; nothing else is lost then, and the store counts as not clean.
   */
  private static Optional<byte[]> tornCleanMark(byte[] page) {
    byte[] other = page.clone();
    LittleEndian.putU32(other, CLEAN, LittleEndian.getInt(page, CLEAN) == 1 ? 0 : 1);
    if (!Page.isSealed(other)) return Optional.empty();
    LittleEndian.putU32(other, CLEAN, 0);
    return Optional.of(other);
  }

  /**
   * A power failure while a store was made may leave the first sector alone of a page that was zeroes. No blob was ever in it, for its first one is
   * named in that sector later; it counts as not clean.
   */
  private static Optional<byte[]> tornFirstWrite(byte[] page) {
    boolean isRestZero =
        Arrays.equals(page, SECTOR_BYTES, page.length, ZEROES, SECTOR_BYTES, page.length);
    if (!isRestZero || LittleEndian.getLong(page, SUPER_BLOB) != NO_BLOB) return Optional.empty();
    byte[] whole = page.clone();
    LittleEndian.putU32(whole, CLEAN, 0);
    return Optional.of(whole);
  }

  private static BlobstoreException refused(Kind kind, String why, String remedy) {
    return new BlobstoreException(kind, "The device holds no usable blobstore.", why, remedy);
  }

  /** A page that is a super block to everyone, of a version that nobody knows. */
  static byte[] blocked(int version) {
    var page = new byte[Page.BYTES];
    System.arraycopy(MAGIC, 0, page, SIGNATURE, MAGIC.length);
    LittleEndian.putU32(page, VERSION, version);
    LittleEndian.putU32(page, LENGTH, Page.BYTES);
    return Page.seal(page);
  }

  public byte[] encode() {
    var page = new byte[Page.BYTES];
    System.arraycopy(MAGIC, 0, page, SIGNATURE, MAGIC.length);
    LittleEndian.putU32(page, VERSION, version);
    LittleEndian.putU32(page, LENGTH, Page.BYTES);
    LittleEndian.putU32(page, CLEAN, clean ? 1 : 0);
    LittleEndian.putLong(page, SUPER_BLOB, superBlob);
    LittleEndian.putU32(page, CLUSTER_SIZE, clusterBytes);
    LittleEndian.putU32(page, USED_PAGE_MASK_START, pageMaskStart);
    LittleEndian.putU32(page, USED_PAGE_MASK_LEN, pageMaskPages);
    LittleEndian.putU32(page, USED_CLUSTER_MASK_START, clusterMaskStart);
    LittleEndian.putU32(page, USED_CLUSTER_MASK_LEN, clusterMaskPages);
    LittleEndian.putU32(page, MD_START, mdStart);
    LittleEndian.putU32(page, MD_LEN, mdPages);
    byte[] typeBytes = type.getBytes(ISO_8859_1);
    System.arraycopy(typeBytes, 0, page, BSTYPE, Math.min(typeBytes.length, TYPE_BYTES));
    LittleEndian.putU32(page, USED_BLOBID_MASK_START, blobidMaskStart);
    LittleEndian.putU32(page, USED_BLOBID_MASK_LEN, blobidMaskPages);
    LittleEndian.putLong(page, SIZE, sizeBytes);
    LittleEndian.putU32(page, IO_UNIT_SIZE, ioUnitBytes);
    return Page.seal(page);
  }

  /** Empty when the store has none, or what stands there is no id. */
  public Optional<BlobId> superBlobId() {
    return BlobId.isValid(superBlob) ? Optional.of(new BlobId(superBlob)) : Optional.empty();
  }

  /** Block size of the device that it was made on. */
  public int blockBytes() {
    return ioUnitBytes == 0 ? OLD_IO_UNIT_BYTES : ioUnitBytes;
  }

  /** The masks can be believed: a clean end, and a version that has all three. */
  public boolean hasMasks() {
    return clean && blobidMaskPages > 0;
  }

  public SuperBlock withClean(boolean now) {
    return with(now, superBlob, clusterMaskPages, sizeBytes);
  }

  public SuperBlock withSuperBlob(long id) {
    return with(clean, id, clusterMaskPages, sizeBytes);
  }

  public SuperBlock withSize(long newSizeBytes, long newClusterMaskPages) {
    return with(clean, superBlob, newClusterMaskPages, newSizeBytes);
  }

  private SuperBlock with(boolean nowClean, long blob, long maskPages, long size) {
    return new SuperBlock(
        version,
        nowClean,
        blob,
        clusterBytes,
        pageMaskStart,
        pageMaskPages,
        clusterMaskStart,
        maskPages,
        mdStart,
        mdPages,
        type,
        blobidMaskStart,
        blobidMaskPages,
        size,
        ioUnitBytes);
  }
}
