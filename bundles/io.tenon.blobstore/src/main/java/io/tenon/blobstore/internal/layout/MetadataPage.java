package io.tenon.blobstore.internal.layout;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import java.util.OptionalInt;

/** The frame of a metadata page, Format §6: owner, place in the chain, descriptors, next page. */
public final class MetadataPage {
  static final int DESCRIPTORS = 16;
  static final int DESCRIPTORS_END = 4088;

  private static final int ID = 0;
  private static final int SEQUENCE = 8;
  private static final int NEXT = 4088;

  private MetadataPage() {}

  static long id(byte[] page) {
    return LittleEndian.getLong(page, ID);
  }

  static long sequence(byte[] page) {
    return LittleEndian.getU32(page, SEQUENCE);
  }

  /** Metadata page of the next in the chain, or {@link Page#NONE}. */
  static int next(byte[] page) {
    return LittleEndian.getInt(page, NEXT);
  }

  /** A page of zeroes with its frame; not sealed. */
  static byte[] framed(long id) {
    var page = new byte[Page.BYTES];
    LittleEndian.putLong(page, ID, id);
    LittleEndian.putU32(page, NEXT, Page.NONE);
    return page;
  }

  static void chain(byte[] page, int sequence, int next) {
    LittleEndian.putU32(page, SEQUENCE, sequence);
    LittleEndian.putU32(page, NEXT, next);
  }

  /** The page begins a blob: Format §13, "Rebuild". */
  public static boolean isRoot(byte[] page, int mdPage) {
    return id(page) == BlobId.ofRootPage(mdPage).value()
        && sequence(page) == 0
        && Page.isSealed(page);
  }

  /** The page names a blob: it is a root, a page of a chain or an extent page. */
  static boolean isFramed(byte[] page) {
    return BlobId.isValid(id(page)) && LittleEndian.getInt(page, SEQUENCE + 4) == 0;
  }

  /** The page begins a blob, or would if its checksum were right: it begins with that blob's flags. */
  public static boolean looksLikeRoot(byte[] page, int mdPage) {
    return id(page) == BlobId.ofRootPage(mdPage).value()
        && sequence(page) == 0
        && Byte.toUnsignedInt(page[DESCRIPTORS]) == Descriptor.FLAGS
        && LittleEndian.getU32(page, DESCRIPTORS + 1) == Descriptor.FLAGS_BYTES;
  }

  /** The metadata page that a valid root page says that it is, wherever it lies. */
  public static OptionalInt ownNumber(byte[] page) {
    boolean root =
        sequence(page) == 0
            && BlobId.isValid(id(page))
            && Byte.toUnsignedInt(page[DESCRIPTORS]) == Descriptor.FLAGS
            && Page.isSealed(page);
    return root ? OptionalInt.of(new BlobId(id(page)).rootPage()) : OptionalInt.empty();
  }

  /** Takes one descriptor; its body is {@code length} bytes of {@code page} from {@code at}. */
  interface DescriptorVisitor {
    void descriptor(int type, byte[] page, int at, int length) throws BlobstoreException;
  }

  /** Every descriptor of a page, but no padding. */
  static void forEachDescriptor(byte[] page, DescriptorVisitor visitor) throws BlobstoreException {
    int at = DESCRIPTORS;
    while (DESCRIPTORS_END - at >= Descriptor.HEADER_BYTES) {
      int type = Byte.toUnsignedInt(page[at]);
      long length = LittleEndian.getU32(page, at + 1);
      at += Descriptor.HEADER_BYTES;
      if (type == Descriptor.PADDING && length == 0) return;
      if (length > DESCRIPTORS_END - at) {
        throw new BlobstoreException(
            Kind.BAD_DESCRIPTOR,
            "A descriptor does not fit its page.",
            "Type %d at byte %d says %d bytes.".formatted(type, at, length),
            "");
      }
      if (type != Descriptor.PADDING) visitor.descriptor(type, page, at, (int) length);
      at += (int) length;
    }
  }
}
