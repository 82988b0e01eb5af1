package io.tenon.blobstore.internal.layout;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import java.util.Arrays;
import java.util.BitSet;
import java.util.OptionalLong;

/** A mask of what is used, Format §5: believed only in a cleanly closed store. */
@SuppressWarnings("UnsafeFinalization") // an enum has no finalizer
public enum Mask {
  PAGES(0),
  CLUSTERS(1),
  BLOBIDS(2);

  private static final int TYPE = 0;
  private static final int LENGTH_BITS = 1;
  private static final int BITS = 5;

  private final int number;

  Mask(int number) {
    this.number = number;
  }

  /** Pages that a mask of {@code bits} needs. */
  public static long pagesFor(long bits) {
    return StoreLayout.ceilDiv(BITS + StoreLayout.ceilDiv(bits, 8), Page.BYTES);
  }

  /** True when the last {@code bytes} of a mask's pages are behind its bits. */
  static boolean leavesTail(long bits, long pages, int bytes) {
    return BITS + StoreLayout.ceilDiv(bits, 8) + bytes <= pages * Page.BYTES;
  }

  public byte[] encode(BitSet used, int bits, int pages) {
    var mask = new byte[pages * Page.BYTES];
    mask[TYPE] = (byte) number;
    LittleEndian.putU32(mask, LENGTH_BITS, bits);
    byte[] set = used.get(0, bits).toByteArray();
    System.arraycopy(set, 0, mask, BITS, set.length);
    return mask;
  }

  /**
   * @param bits how many there are; a mask of clusters may be longer
   */
  public BitSet parse(byte[] mask, int bits) throws BlobstoreException {
    int type = Byte.toUnsignedInt(mask[TYPE]);
    if (type != number) throw bad("Its type is %d and not %d.".formatted(type, number));
    long length = LittleEndian.getU32(mask, LENGTH_BITS);
    boolean fits = this == CLUSTERS ? length >= bits : length == bits;
    if (!fits) throw bad("It has %d bits instead of %d.".formatted(length, bits));
    int end = BITS + (int) StoreLayout.ceilDiv(bits, 8);
    if (end > mask.length) throw bad("It is longer than its pages.");
    var used = BitSet.valueOf(Arrays.copyOfRange(mask, BITS, end));
    used.clear(bits, Math.max(bits, used.length()));
    return used;
  }

  /**
   * The length that a mask states, when it is one of this kind; a mask that was never written states none.
   *
   * @param first page of it
   */
  public OptionalLong statedBits(byte[] first) {
    long bits = LittleEndian.getU32(first, LENGTH_BITS);
    boolean is = Byte.toUnsignedInt(first[TYPE]) == number && bits > 0;
    return is ? OptionalLong.of(bits) : OptionalLong.empty();
  }

  /** Nothing stands behind the bits, as the format has it; a mask of another length is not looked at. */
  public boolean endsWithZeroes(byte[] mask, int bits) throws BlobstoreException {
    if (LittleEndian.getU32(mask, LENGTH_BITS) != bits) return true;
    return Arrays.equals(mask, encode(parse(mask, bits), bits, mask.length / Page.BYTES));
  }

  private BlobstoreException bad(String why) {
    return new BlobstoreException(
        Kind.BAD_MASK,
        "The mask of used " + name().toLowerCase(java.util.Locale.ROOT) + " cannot be used.",
        why,
        "Load the store as if it had not been closed cleanly.");
  }
}
