package io.tenon.blobstore.internal.layout;

import java.util.Arrays;
import java.util.zip.CRC32C;

/** A page and its checksum, Format §1: CRC-32C of the first 4092 bytes in the last four. */
public final class Page {
  public static final int BYTES = 4096;

  /** "No page": the end of a chain. Format §6. */
  static final int NONE = -1;

  private static final int CRC = 4092;

  private Page() {}

  /** Writes the checksum. */
  static byte[] seal(byte[] page) {
    LittleEndian.putU32(page, CRC, crc(page));
    return page;
  }

  /** The checksum is right. Never of a page of zeroes. */
  public static boolean isSealed(byte[] page) {
    return LittleEndian.getInt(page, CRC) == crc(page);
  }

  private static int crc(byte[] page) {
    var crc = new CRC32C();
    crc.update(page, 0, CRC);
    return (int) crc.getValue();
  }

  /** Checksum of any bytes, by the same algorithm. */
  static int crc(byte[] bytes, int from, int length) {
    var crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  static boolean isZero(byte[] page) {
    for (byte one : page) {
      if (one != 0) return false;
    }
    return true;
  }

  /** Page {@code index} of several. */
  public static byte[] of(byte[] pages, int index) {
    return Arrays.copyOfRange(pages, index * BYTES, (index + 1) * BYTES);
  }
}
