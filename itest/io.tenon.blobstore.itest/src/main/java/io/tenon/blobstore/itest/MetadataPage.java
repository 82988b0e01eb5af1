package io.tenon.blobstore.itest;

import static io.tenon.blobstore.itest.Bytes.u32;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A metadata page taken apart; format §6.
 *
 * @param problems what is not as a writer should have left it; empty for a page whose checksum is wrong
 * @param broken a descriptor reaches beyond the page
 */
record MetadataPage(
    long number,
    boolean crcIsRight,
    long id,
    long sequence,
    long next,
    List<Descriptor> descriptors,
    List<String> problems,
    boolean broken) {
  static final long LAST = 0xFFFF_FFFFL;
  private static final int FIRST = 16;
  private static final int END = 16 + 4072;
  private static final int HEADER = 5;

  static MetadataPage parse(long number, ByteBuffer page) {
    var descriptors = new ArrayList<Descriptor>();
    var problems = new ArrayList<String>();
    boolean crcIsRight = Bytes.crcIsRight(page);
    boolean broken = false;
    if (crcIsRight) {
      if (u32(page, 12) != 0) problems.add("its reserved bytes are not zero");
      int at = FIRST;
      while (END - at >= HEADER) {
        int type = Byte.toUnsignedInt(page.get(at));
        long length = u32(page, at + 1);
        if (type == Descriptor.PADDING && length == 0) break;
        if (length > END - at - HEADER) {
          broken = true;
          break;
        }
        descriptors.add(Descriptor.of(type, page, at + HEADER, (int) length));
        at += HEADER + (int) length;
      }
      if (!broken && !Bytes.isZero(page, at, END)) {
        problems.add("bytes behind its last descriptor are not zero");
      }
    }
    return new MetadataPage(
        number,
        crcIsRight,
        page.getLong(0),
        u32(page, 8),
        u32(page, END),
        descriptors,
        problems,
        broken);
  }

  /** It begins a blob, as far as recovery can tell; format §13. */
  boolean isRoot() {
    return crcIsRight && sequence == 0 && id == blobId(number);
  }

  static long blobId(long rootPage) {
    return 0x1_0000_0000L | rootPage;
  }
}
