package io.tenon.blobstore.internal.layout;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.MapForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads a blob's root page and chain: strict, and never for long, whatever the disk says. What it has found is kept when it throws, for
 * pages and clusters of a blob that cannot be opened are still not free.
 */
public final class BlobDecoder {
  private final BlobImage blob;
  private final StoreLayout layout;
  private final List<Integer> chain = new ArrayList<>();
  private final Set<Integer> seen = new LinkedHashSet<>();
  private final List<long[]> runs = new ArrayList<>();
  private final List<String> unknown = new ArrayList<>();
  private int[] slots = {};
  private int slotsRead;
  private long tableClusters = -1;
  private long runClusters;
  private boolean flagsSeen;
  private boolean complete;

  /** Where metadata pages come from. */
  public interface MdPages {
    byte[] page(int mdPage) throws BlobstoreException;
  }

  public BlobDecoder(BlobId id, StoreLayout layout) {
    this.blob = new BlobImage(id);
    this.layout = layout;
    seen.add(id.rootPage());
  }

  /** Reads it all; {@link #image} and {@link #clusters} are complete when it returns. */
  public void decode(MdPages from) throws BlobstoreException {
    int at = blob.id().rootPage();
    for (long sequence = 0; ; sequence++) {
      byte[] page = from.page(at);
      checkFrame(page, at, sequence);
      MetadataPage.forEachDescriptor(page, this::descriptor);
      int next = MetadataPage.next(page);
      if (next == Page.NONE) break;
      if (!layout.isMdPage(next) || !seen.add(next)) {
        throw bad(Kind.BAD_PAGE, "page %d is followed by %d".formatted(at, next));
      }
      chain.add(next);
      at = next;
    }
    finish();
  }

  /** The attributes that stand in a page, be it right or not: only good for telling people what it was. */
  public static Map<String, byte[]> glimpse(byte[] page) {
    var seen = new LinkedHashMap<String, byte[]>();
    try {
      MetadataPage.forEachDescriptor(page, new Glimpse(seen)::descriptor);
    } catch (BlobstoreException e) {
      // What came before it is all that there is to see.
      return seen;
    }
    return seen;
  }

  /** Takes what looks like attributes. */
  private record Glimpse(Map<String, byte[]> into) {
    void descriptor(int type, byte[] page, int at, int length) {
      if (type != Descriptor.XATTR || length < Descriptor.XATTR_FIXED_BYTES) return;
      int name = LittleEndian.getU16(page, at);
      int value = LittleEndian.getU16(page, at + 2);
      int nameAt = at + Descriptor.XATTR_FIXED_BYTES;
      if (name == 0 || Descriptor.XATTR_FIXED_BYTES + name + value != length) return;
      into.putIfAbsent(
          new String(page, nameAt, name, ISO_8859_1),
          Arrays.copyOfRange(page, nameAt + name, nameAt + name + value));
    }
  }

  private void checkFrame(byte[] page, int at, long sequence) throws BlobstoreException {
    if (!Page.isSealed(page)) {
      throw bad(Kind.BAD_PAGE, "the checksum of page %d is wrong".formatted(at));
    }
    if (MetadataPage.id(page) != blob.id().value()) {
      throw bad(Kind.BAD_PAGE, "page %d belongs to blob %x".formatted(at, MetadataPage.id(page)));
    }
    if (MetadataPage.sequence(page) != sequence) {
      throw bad(
          Kind.BAD_PAGE,
          "page %d has number %d in the chain instead of %d"
              .formatted(at, MetadataPage.sequence(page), sequence));
    }
  }

  private void descriptor(int type, byte[] page, int at, int length) throws BlobstoreException {
    switch (type) {
      case Descriptor.FLAGS -> flags(page, at, length);
      case Descriptor.XATTR -> xattr(blob.xattrs(), page, at, length);
      case Descriptor.INTERNAL_XATTR -> xattr(blob.internalXattrs(), page, at, length);
      case Descriptor.EXTENT_RUNS -> runs(page, at, length);
      case Descriptor.EXTENT_TABLE -> table(page, at, length);
      default -> unknown.add("a descriptor of type " + type);
    }
  }

  private void flags(byte[] page, int at, int length) throws BlobstoreException {
    if (length != Descriptor.FLAGS_BYTES) {
      throw bad(Kind.BAD_DESCRIPTOR, "its flags have %d bytes".formatted(length));
    }
    if (flagsSeen) throw bad(Kind.BAD_DESCRIPTOR, "it has flags twice");
    flagsSeen = true;
    blob.flags(
        new Flags(
            LittleEndian.getLong(page, at),
            LittleEndian.getLong(page, at + 8),
            LittleEndian.getLong(page, at + 16)));
  }

  private void xattr(Map<String, byte[]> into, byte[] page, int at, int length)
      throws BlobstoreException {
    int nameBytes = length < Descriptor.XATTR_FIXED_BYTES ? 0 : LittleEndian.getU16(page, at);
    int valueBytes = length < Descriptor.XATTR_FIXED_BYTES ? 0 : LittleEndian.getU16(page, at + 2);
    if (nameBytes == 0 || Descriptor.XATTR_FIXED_BYTES + nameBytes + valueBytes != length) {
      throw bad(Kind.BAD_DESCRIPTOR, "an attribute of %d bytes is malformed".formatted(length));
    }
    int nameAt = at + Descriptor.XATTR_FIXED_BYTES;
    String name = new String(page, nameAt, nameBytes, ISO_8859_1);
    int valueAt = nameAt + nameBytes;
    if (into.put(name, Arrays.copyOfRange(page, valueAt, valueAt + valueBytes)) != null) {
      throw bad(Kind.BAD_DESCRIPTOR, "attribute \"%s\" is there twice".formatted(name));
    }
  }

  private void runs(byte[] page, int at, int length) throws BlobstoreException {
    if (tableClusters >= 0) throw bad(Kind.BAD_MAP, "it has a table and runs");
    if (length % Descriptor.ENTRY_BYTES != 0) {
      throw bad(Kind.BAD_DESCRIPTOR, "its runs have %d bytes".formatted(length));
    }
    for (int entry = at; entry < at + length; entry += Descriptor.ENTRY_BYTES) {
      long first = LittleEndian.getU32(page, entry);
      long count = LittleEndian.getU32(page, entry + 4);
      checkSize(runClusters + count);
      if (first != 0 && (first < layout.mdClusters() || first + count > layout.totalClusters())) {
        throw bad(Kind.BAD_MAP, "it has clusters %d to %d".formatted(first, first + count - 1));
      }
      runs.add(new long[] {runClusters, first, count});
      runClusters += count;
    }
  }

  private void table(byte[] page, int at, int length) throws BlobstoreException {
    if (runClusters > 0) throw bad(Kind.BAD_MAP, "it has a table and runs");
    int entries = length - Descriptor.TABLE_FIXED_BYTES;
    if (entries < 0 || entries % Descriptor.ENTRY_BYTES != 0) {
      throw bad(Kind.BAD_DESCRIPTOR, "its table has %d bytes".formatted(length));
    }
    long clusters = LittleEndian.getLong(page, at);
    checkSize(clusters);
    if (tableClusters >= 0 && tableClusters != clusters) {
      throw bad(
          Kind.BAD_MAP, "its table has %d and %d clusters".formatted(tableClusters, clusters));
    }
    if (tableClusters < 0) {
      tableClusters = clusters;
      slots = new int[ClusterMap.slotsFor(clusters)];
    }
    for (int entry = at + Descriptor.TABLE_FIXED_BYTES;
        entry < at + length;
        entry += Descriptor.ENTRY_BYTES) {
      int extentPage = LittleEndian.getInt(page, entry);
      long count = LittleEndian.getU32(page, entry + 4);
      if (count == 0 || count > slots.length - slotsRead || (extentPage != 0 && count != 1)) {
        throw bad(
            Kind.BAD_MAP, "its table has extent page %d %d times".formatted(extentPage, count));
      }
      if (extentPage != 0 && (!layout.isMdPage(extentPage) || !seen.add(extentPage))) {
        throw bad(Kind.BAD_MAP, "its table names extent page %d".formatted(extentPage));
      }
      slots[slotsRead] = extentPage;
      slotsRead += (int) count;
    }
  }

  private void checkSize(long clusters) throws BlobstoreException {
    if (clusters >= 0 && clusters <= ClusterMap.MOST_CLUSTERS) return;
    throw bad(
        Kind.BAD_MAP,
        "it has %s clusters; up to %d are possible"
            .formatted(Long.toUnsignedString(clusters), ClusterMap.MOST_CLUSTERS));
  }

  private void finish() throws BlobstoreException {
    if (slotsRead != slots.length) {
      throw bad(
          Kind.BAD_MAP, "its table has %d slots instead of %d".formatted(slotsRead, slots.length));
    }
    blob.form(tableClusters >= 0 ? MapForm.TABLE : MapForm.RUNS);
    if (tableClusters >= 0 != blob.flags().hasExtentTable() && clusters() > 0) {
      throw bad(Kind.BAD_MAP, "its flags and its map do not agree on an extent table");
    }
    if (tableClusters < 0 && blob.flags().hasExtentTable()) blob.form(MapForm.TABLE);
    blob.extentPages(slots);
    blob.chainPages(chainPages());
    complete = true;
  }

  private BlobstoreException bad(Kind kind, String why) {
    return new BlobstoreException(kind, "Blob %s: %s.".formatted(blob.id(), why), "", "");
  }

  public BlobImage image() {
    return blob;
  }

  /** The size that the chain states. */
  public int clusters() {
    return (int) Math.max(tableClusters, runClusters);
  }

  /** Descriptors of types that are not known here. */
  public List<String> unknown() {
    return unknown;
  }

  /** False when reading ended early, so that there may be pages and clusters that nobody knows of. */
  public boolean isComplete() {
    return complete;
  }

  /** Of the chain as far as it was read. */
  public int[] chainPages() {
    return chain.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Extent pages of the slots as far as they were read; 0 for none. */
  public int[] extentPages() {
    return slots;
  }

  /** Puts the runs into a map of {@link #clusters}. */
  public void putRuns(ClusterMap map) {
    for (long[] run : runs) {
      if (run[1] == 0) continue;
      for (int i = 0; i < run[2]; i++) map.set((int) run[0] + i, (int) run[1] + i);
    }
  }
}
