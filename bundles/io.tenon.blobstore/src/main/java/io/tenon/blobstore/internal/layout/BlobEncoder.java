package io.tenon.blobstore.internal.layout;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.MapForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes a blob's root page and chain in the order of Format §6: flags, attributes, internal attributes, map. Pages are complete but for
 * the numbers of the pages behind the root: {@link #seal} puts these in.
 */
public final class BlobEncoder {
  /** What fits a page with its descriptor's header. */
  private static final int MOST_XATTR_BYTES =
      MetadataPage.DESCRIPTORS_END
          - MetadataPage.DESCRIPTORS
          - Descriptor.HEADER_BYTES
          - Descriptor.XATTR_FIXED_BYTES;

  private final BlobImage blob;
  private final List<byte[]> pages = new ArrayList<>();
  private byte[] page;
  private int at = MetadataPage.DESCRIPTORS;

  private BlobEncoder(BlobImage blob) {
    this.blob = blob;
    this.page = MetadataPage.framed(blob.id().value());
    pages.add(page);
  }

  /**
   * @return the root page and those behind it, not sealed
   */
  public static List<byte[]> encode(BlobImage blob, ClusterMap map) {
    var encoder = new BlobEncoder(blob);
    encoder.flags();
    encoder.xattrs(Descriptor.XATTR, blob.xattrs());
    encoder.xattrs(Descriptor.INTERNAL_XATTR, blob.internalXattrs());
    if (blob.form() == MapForm.TABLE) encoder.table(map.clusters(), blob.extentPages());
    else encoder.runs(map);
    return encoder.pages;
  }

  /**
   * Chains the pages and seals them.
   *
   * @param chain metadata pages of all but the first
   */
  public static void seal(List<byte[]> pages, int[] chain) {
    for (int i = 0; i < pages.size(); i++) {
      MetadataPage.chain(pages.get(i), i, i < chain.length ? chain[i] : Page.NONE);
      Page.seal(pages.get(i));
    }
  }

  /**
   * @throws BlobstoreException when an attribute is larger than a page can hold
   */
  public static void checkXattr(String name, byte[] value) throws BlobstoreException {
    int bytes = name.length() + value.length;
    if (name.isEmpty() || bytes > MOST_XATTR_BYTES) {
      throw new BlobstoreException(
          Kind.INVALID_ARGUMENT,
          "Attribute \"%s\" was not set.".formatted(name),
          "Name and value together have %d bytes; 1 to %d are possible, and the name is not empty."
              .formatted(bytes, MOST_XATTR_BYTES),
          "Use a shorter one.");
    }
  }

  private int room() {
    return MetadataPage.DESCRIPTORS_END - at;
  }

  private void nextPage() {
    page = MetadataPage.framed(blob.id().value());
    pages.add(page);
    at = MetadataPage.DESCRIPTORS;
  }

  private void header(int type, long length) {
    page[at] = (byte) type;
    LittleEndian.putU32(page, at + 1, length);
    at += Descriptor.HEADER_BYTES;
  }

  private void flags() {
    header(Descriptor.FLAGS, Descriptor.FLAGS_BYTES);
    LittleEndian.putLong(page, at, blob.flags().invalid());
    LittleEndian.putLong(page, at + 8, blob.flags().dataReadOnly());
    LittleEndian.putLong(page, at + 16, blob.flags().metadataReadOnly());
    at += Descriptor.FLAGS_BYTES;
  }

  private void xattrs(int type, Map<String, byte[]> xattrs) {
    for (var xattr : xattrs.entrySet()) {
      byte[] name = xattr.getKey().getBytes(ISO_8859_1);
      byte[] value = xattr.getValue();
      int length = Descriptor.XATTR_FIXED_BYTES + name.length + value.length;
      if (room() < Descriptor.HEADER_BYTES + length) nextPage();
      header(type, length);
      LittleEndian.putU16(page, at, name.length);
      LittleEndian.putU16(page, at + 2, value.length);
      System.arraycopy(name, 0, page, at + Descriptor.XATTR_FIXED_BYTES, name.length);
      System.arraycopy(
          value, 0, page, at + Descriptor.XATTR_FIXED_BYTES + name.length, value.length);
      at += length;
    }
  }

  /** Each fragment repeats the number of clusters; one without entries is legal, and written where no entry fits. */
  private void table(int clusters, int[] extentPages) {
    int slot = 0;
    do {
      if (room() < Descriptor.HEADER_BYTES + Descriptor.TABLE_FIXED_BYTES) nextPage();
      int headerAt = at;
      at += Descriptor.HEADER_BYTES;
      LittleEndian.putLong(page, at, clusters);
      at += Descriptor.TABLE_FIXED_BYTES;
      while (slot < extentPages.length && room() >= Descriptor.ENTRY_BYTES) {
        int count = 1;
        if (extentPages[slot] == 0) {
          while (slot + count < extentPages.length && extentPages[slot + count] == 0) count++;
        }
        entry(extentPages[slot], count);
        slot += count;
      }
      close(Descriptor.EXTENT_TABLE, headerAt);
      if (slot < extentPages.length) nextPage();
    } while (slot < extentPages.length);
  }

  private void runs(ClusterMap map) {
    int cluster = 0;
    while (cluster < map.clusters()) {
      if (room() < Descriptor.HEADER_BYTES + Descriptor.ENTRY_BYTES) nextPage();
      int headerAt = at;
      at += Descriptor.HEADER_BYTES;
      while (cluster < map.clusters() && room() >= Descriptor.ENTRY_BYTES) {
        int first = map.get(cluster);
        int count = 1;
        while (cluster + count < map.clusters()
            && map.get(cluster + count) == (first == 0 ? 0 : first + count)) {
          count++;
        }
        entry(first, count);
        cluster += count;
      }
      close(Descriptor.EXTENT_RUNS, headerAt);
    }
  }

  private void entry(int what, int count) {
    LittleEndian.putU32(page, at, what);
    LittleEndian.putU32(page, at + 4, count);
    at += Descriptor.ENTRY_BYTES;
  }

  private void close(int type, int headerAt) {
    int end = at;
    at = headerAt;
    header(type, end - headerAt - Descriptor.HEADER_BYTES);
    at = end;
  }
}
