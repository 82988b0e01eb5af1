package io.tenon.blobstore.internal.layout;

import io.tenon.blobstore.BlobId;
import java.util.BitSet;
import java.util.function.Consumer;

/** Pages as damage or other software would leave them, with right checksums. */
public final class DamagedPages {
  private static final int FLAGS = MetadataPage.DESCRIPTORS + Descriptor.HEADER_BYTES;
  private static final int LENGTH = MetadataPage.DESCRIPTORS + 1;
  private static final int ENTRIES = FLAGS + Descriptor.EXTENT_FIXED_BYTES;

  private DamagedPages() {}

  /** The first page of a mask with other bits. */
  public static byte[] mask(byte[] page, Consumer<BitSet> edit) {
    int bits = LittleEndian.getInt(page, 1);
    var used = BitSet.valueOf(java.util.Arrays.copyOfRange(page, 5, 5 + (bits + 7) / 8));
    edit.accept(used);
    var changed = page.clone();
    java.util.Arrays.fill(changed, 5, 5 + (bits + 7) / 8, (byte) 0);
    byte[] set = used.toByteArray();
    System.arraycopy(set, 0, changed, 5, set.length);
    return changed;
  }

  /** A root page as if its blob had begun elsewhere. */
  public static byte[] moved(byte[] root, int mdPage) {
    var moved = root.clone();
    LittleEndian.putLong(moved, 0, BlobId.ofRootPage(mdPage).value());
    return Page.seal(moved);
  }

  public static byte[] withInvalidFlag(byte[] root, long flag) {
    return withFlag(root, FLAGS, flag);
  }

  public static byte[] withDataFlag(byte[] root, long flag) {
    return withFlag(root, FLAGS + 8, flag);
  }

  private static byte[] withFlag(byte[] root, int at, long flag) {
    var changed = root.clone();
    LittleEndian.putLong(changed, at, LittleEndian.getLong(changed, at) | flag);
    return Page.seal(changed);
  }

  /** An extent page with another cluster in one entry. */
  public static byte[] withCluster(byte[] list, int entry, int cluster) {
    var changed = list.clone();
    LittleEndian.putU32(changed, ENTRIES + entry * Descriptor.CLUSTER_BYTES, cluster);
    return Page.seal(changed);
  }

  /** An extent page of another length; what is added is unallocated. */
  public static byte[] withEntries(byte[] list, int entries) {
    var changed = list.clone();
    int end = ENTRIES + entries * Descriptor.CLUSTER_BYTES;
    java.util.Arrays.fill(changed, end, MetadataPage.DESCRIPTORS_END, (byte) 0);
    LittleEndian.putU32(
        changed, LENGTH, Descriptor.EXTENT_FIXED_BYTES + (long) entries * Descriptor.CLUSTER_BYTES);
    return Page.seal(changed);
  }
}
