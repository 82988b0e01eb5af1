package io.tenon.blobstore.itest;

import static io.tenon.blobstore.itest.Bytes.u32;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;

/** A mask of a store that was left clean; format §5. */
final class Mask {
  private static final int HEADER = 5;

  private Mask() {}

  /**
   * @param type 0 for pages, 1 for clusters, 2 for blobs
   * @param problems gets a sentence for each thing that is wrong with the mask itself
   */
  static BitSet read(
      DiskImage image, int type, long start, long pages, long items, List<String> problems)
      throws IOException {
    String name = List.of("page mask", "cluster mask", "blob mask").get(type);
    ByteBuffer bytes = image.read(start * DiskImage.PAGE, Math.toIntExact(pages * DiskImage.PAGE));
    if (bytes.get(0) != type) {
      problems.add("The %s is of type %d.".formatted(name, bytes.get(0)));
    }
    long length = u32(bytes, 1);
    if (length != items) {
      problems.add("The %s has %d bits instead of %d.".formatted(name, length, items));
    }
    var bits = BitSet.valueOf(bytes.slice(HEADER, bytes.capacity() - HEADER));
    int beyond = bits.nextSetBit((int) items);
    if (beyond >= 0) problems.add("The %s has bit %d of %d.".formatted(name, beyond, items));
    bits.clear((int) items, Math.max((int) items, bits.length()));
    return bits;
  }

  static void compare(String what, BitSet marked, BitSet used, List<String> problems) {
    var unmarked = (BitSet) used.clone();
    unmarked.andNot(marked);
    if (!unmarked.isEmpty()) {
      problems.add("In use but not marked in the mask: %s %s.".formatted(what, unmarked));
    }
    var unused = (BitSet) marked.clone();
    unused.andNot(used);
    if (!unused.isEmpty()) {
      problems.add("Marked in the mask but not in use: %s %s.".formatted(what, unused));
    }
  }
}
