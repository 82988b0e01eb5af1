package io.tenon.blobstore.internal.layout;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;

/**
 * A metadata page with the clusters of one slot, Format §6: sequence 0, no next page, one descriptor. The id in its frame is that of
 * the blob that wrote it first; after a snapshot that is another one than the owner, so nobody may look at it.
 */
public final class ExtentPage {
  private static final int BODY = MetadataPage.DESCRIPTORS + Descriptor.HEADER_BYTES;
  private static final int ENTRIES = BODY + Descriptor.EXTENT_FIXED_BYTES;

  private ExtentPage() {}

  public static byte[] encode(long blob, ClusterMap map, int slot) {
    var page = MetadataPage.framed(blob);
    int entries = map.clustersOfSlot(slot);
    int first = slot * ClusterMap.SLOT_CLUSTERS;
    page[MetadataPage.DESCRIPTORS] = Descriptor.EXTENT_PAGE;
    LittleEndian.putU32(
        page,
        MetadataPage.DESCRIPTORS + 1,
        Descriptor.EXTENT_FIXED_BYTES + (long) entries * Descriptor.CLUSTER_BYTES);
    LittleEndian.putU32(page, BODY, first);
    for (int i = 0; i < entries; i++) {
      LittleEndian.putU32(page, ENTRIES + i * Descriptor.CLUSTER_BYTES, map.get(first + i));
    }
    return Page.seal(page);
  }

  /**
   * @param slot that refers to the page
   * @return the clusters that are listed, as many as there are: 0 to 512
   */
  public static int[] parse(byte[] page, int mdPage, int slot) throws BlobstoreException {
    if (!Page.isSealed(page)) throw bad(mdPage, "its checksum is wrong");
    if (MetadataPage.sequence(page) != 0) throw bad(mdPage, "its sequence number is not 0");
    int type = Byte.toUnsignedInt(page[MetadataPage.DESCRIPTORS]);
    if (type != Descriptor.EXTENT_PAGE) {
      throw bad(mdPage, "it begins with a descriptor of type " + type);
    }
    long length = LittleEndian.getU32(page, MetadataPage.DESCRIPTORS + 1);
    long listBytes = length - Descriptor.EXTENT_FIXED_BYTES;
    long most = (long) ClusterMap.SLOT_CLUSTERS * Descriptor.CLUSTER_BYTES;
    if (listBytes < 0 || listBytes > most || listBytes % Descriptor.CLUSTER_BYTES != 0) {
      throw bad(mdPage, "its list is of %d bytes".formatted(listBytes));
    }
    int behind = BODY + (int) length;
    if (LittleEndian.getU32(page, behind + 1) != 0) {
      throw bad(mdPage, "something follows its list");
    }
    long first = LittleEndian.getU32(page, BODY);
    if (first != (long) slot * ClusterMap.SLOT_CLUSTERS) {
      throw bad(mdPage, "it lists clusters from %d in slot %d".formatted(first, slot));
    }
    var listed = new int[(int) listBytes / Descriptor.CLUSTER_BYTES];
    for (int i = 0; i < listed.length; i++) {
      listed[i] = LittleEndian.getInt(page, ENTRIES + i * Descriptor.CLUSTER_BYTES);
    }
    return listed;
  }

  private static BlobstoreException bad(int mdPage, String why) {
    return new BlobstoreException(
        Kind.BAD_MAP, "Extent page %d cannot be used: %s.".formatted(mdPage, why), "", "");
  }
}
