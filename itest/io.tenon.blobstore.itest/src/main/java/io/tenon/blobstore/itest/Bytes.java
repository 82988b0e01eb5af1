package io.tenon.blobstore.itest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Small questions about little-endian bytes. */
final class Bytes {
  /** What a checksum covers of a page; format §1. */
  private static final int CHECKED = 4092;

  private Bytes() {}

  static long u32(ByteBuffer from, int at) {
    return Integer.toUnsignedLong(from.getInt(at));
  }

  static boolean crcIsRight(ByteBuffer page) {
    var crc = new CRC32C();
    crc.update(page.duplicate().position(0).limit(CHECKED));
    return crc.getValue() == u32(page, CHECKED);
  }

  static boolean isZero(ByteBuffer from, int start, int end) {
    for (int i = start; i < end; i++) if (from.get(i) != 0) return false;
    return true;
  }

  static byte[] copy(ByteBuffer from, int at, int length) {
    var bytes = new byte[length];
    from.get(at, bytes);
    return bytes;
  }

  /** Without the zeroes at its end. */
  static String text(byte[] value) {
    int end = value.length;
    while (end > 0 && value[end - 1] == 0) end--;
    return new String(value, 0, end, ISO_8859_1);
  }

  static String hex(long id) {
    return "0x" + Long.toHexString(id);
  }

  static long ceil(long a, long b) {
    return (a + b - 1) / b;
  }
}
