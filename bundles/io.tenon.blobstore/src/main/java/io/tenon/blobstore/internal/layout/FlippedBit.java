package io.tenon.blobstore.internal.layout;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One bit of a page that is not as it was written: the checksum tells which, for each bit changes it in a way of its own. Two bits or
 * more cannot be told, and are not mistaken for one in 130,000 cases of 130,001.
 */
public final class FlippedBit {
  private static final int PROTECTED_BYTES = Page.BYTES - Integer.BYTES;

  private FlippedBit() {}

  /** Made when the first page is broken. */
  private static final class ByEffect {
    private static final Map<Integer, Integer> BITS = effects();

    private static Map<Integer, Integer> effects() {
      var bits = new TreeMap<Integer, Integer>();
      var page = new byte[Page.BYTES];
      int none = Page.crc(page, 0, PROTECTED_BYTES);
      for (int bit = 0; bit < PROTECTED_BYTES * Byte.SIZE; bit++) {
        flip(page, bit);
        bits.put(Page.crc(page, 0, PROTECTED_BYTES) ^ none, bit);
        flip(page, bit);
      }
      for (int bit = 0; bit < Integer.SIZE; bit++) {
        bits.put(1 << bit, PROTECTED_BYTES * Byte.SIZE + bit);
      }
      return bits;
    }
  }

  private static void flip(byte[] page, int bit) {
    page[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
  }

  /** The page as it was written, when one bit is all that is wrong with it, and it is one of a blob then. */
  public static Optional<byte[]> turnedBack(byte[] page) {
    var turned = anyTurnedBack(page);
    return turned.filter(MetadataPage::isFramed);
  }

  /** The same for any page with a checksum. */
  public static Optional<byte[]> anyTurnedBack(byte[] page) {
    if (Page.isZero(page) || Page.isSealed(page)) return Optional.empty();
    int effect = Page.crc(page, 0, PROTECTED_BYTES) ^ LittleEndian.getInt(page, PROTECTED_BYTES);
    var bit = ByEffect.BITS.get(effect);
    if (bit == null) return Optional.empty();
    var turned = page.clone();
    flip(turned, bit);
    return Optional.of(turned);
  }
}
