package io.tenon.blobstore.itest;

import static io.tenon.blobstore.itest.Bytes.ceil;
import static io.tenon.blobstore.itest.Bytes.u32;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.errorprone.annotations.FormatMethod;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Reads one blob's chain of pages and its cluster map; format §6. */
final class BlobParser {
  /** Clusters that one extent page lists. */
  private static final int PER_SLOT = 512;

  /** A map as long as this is no map but garbage. */
  private static final long MOST_CLUSTERS = 1 << 26;

  private static final long KNOWN_INVALID = 15;
  private static final long KNOWN_DATA_READ_ONLY = 1;
  private static final long KNOWN_MD_READ_ONLY = 3;

  private final MetadataRegion region;
  private final List<String> problems;
  private final PoolBlob blob;

  private int lastOrder = -1;
  private boolean hasRuns;
  private long tableClusters = -1;

  /** The blob cannot be opened; the message says why. */
  static final class Unopenable extends Exception {
    private static final long serialVersionUID = 1;

    Unopenable(String message) {
      super(message);
    }
  }

  private BlobParser(MetadataRegion region, long id, List<String> problems) {
    this.region = region;
    this.problems = problems;
    this.blob = new PoolBlob(id);
  }

  /**
   * @param problems gets a sentence for everything that a writer should not have left so
   */
  static PoolBlob parse(MetadataRegion region, long rootPage, List<String> problems)
      throws Unopenable, IOException {
    var parser = new BlobParser(region, MetadataPage.blobId(rootPage), problems);
    parser.readChain(rootPage);
    parser.checkFlags();
    parser.readTable();
    parser.checkMap();
    parser.findParent();
    return parser.blob;
  }

  @FormatMethod
  private void problem(String text, Object... values) {
    problems.add(blob + ": " + text.formatted(values) + ".");
  }

  private void readChain(long rootPage) throws Unopenable, IOException {
    long number = rootPage;
    do {
      if (number >= region.length() || blob.pages.contains(number)) {
        throw new Unopenable("its chain leads to page " + number);
      }
      var page = region.page(number);
      if (!page.crcIsRight()) throw new Unopenable("the checksum of page " + number + " is wrong");
      if (page.broken()) {
        throw new Unopenable("a descriptor in page " + number + " reaches beyond it");
      }
      if (page.sequence() != blob.pages.size()) {
        throw new Unopenable(
            "page %d has sequence number %d instead of %d"
                .formatted(number, page.sequence(), blob.pages.size()));
      }
      if (page.id() != blob.id) {
        if (number == rootPage) throw new Unopenable("page " + number + " has another's id");
        problem("page %d in its chain has the id %x", number, page.id());
      }
      for (String wrong : page.problems()) problem("in page %d, %s", number, wrong);
      blob.pages.add(number);
      for (Descriptor descriptor : page.descriptors()) read(descriptor, number);
      number = page.next();
    } while (number != MetadataPage.LAST);
  }

  private void read(Descriptor descriptor, long page) throws Unopenable {
    int order =
        switch (descriptor.type()) {
          case Descriptor.FLAGS -> 0;
          case Descriptor.XATTR -> 1;
          case Descriptor.INTERNAL_XATTR -> 2;
          case Descriptor.TABLE, Descriptor.RUNS -> 3;
          default -> lastOrder;
        };
    if (order < lastOrder || (order == 0 && lastOrder == 0)) {
      problem("in page %d a descriptor of type %d comes too late", page, descriptor.type());
    }
    if (lastOrder < 0 && order != 0) problem("its flags are not what comes first");
    lastOrder = order;
    switch (descriptor.type()) {
      case Descriptor.PADDING -> problem("in page %d there is padding", page);
      case Descriptor.FLAGS -> readFlags(descriptor);
      case Descriptor.XATTR -> readXattr(descriptor, blob.xattrs);
      case Descriptor.INTERNAL_XATTR -> readXattr(descriptor, blob.internalXattrs);
      case Descriptor.RUNS -> readRuns(descriptor);
      case Descriptor.TABLE -> readSlots(descriptor);
      case Descriptor.EXTENTS ->
          throw new Unopenable("page %d in its chain lists extents".formatted(page));
      default ->
          problem(
              "page %d has a descriptor of the unknown type %d, with which recovery fails",
              page, descriptor.type());
    }
  }

  private void readFlags(Descriptor descriptor) throws Unopenable {
    if (descriptor.length() != 24) throw new Unopenable("its flags have no 24 bytes");
    blob.invalidFlags = descriptor.body().getLong(0);
    blob.dataReadOnlyFlags = descriptor.body().getLong(8);
    blob.mdReadOnlyFlags = descriptor.body().getLong(16);
  }

  private void readXattr(Descriptor descriptor, Map<String, byte[]> into) throws Unopenable {
    var body = descriptor.body();
    if (descriptor.length() < 4) throw new Unopenable("an attribute without lengths");
    int nameLength = Short.toUnsignedInt(body.getShort(0));
    int valueLength = Short.toUnsignedInt(body.getShort(2));
    if (descriptor.length() != 4 + nameLength + valueLength) {
      throw new Unopenable("an attribute whose lengths contradict each other");
    }
    String name = new String(Bytes.copy(body, 4, nameLength), ISO_8859_1);
    if (into.put(name, Bytes.copy(body, 4 + nameLength, valueLength)) != null) {
      problem("attribute %s is there twice", name);
    }
  }

  private void readRuns(Descriptor descriptor) throws Unopenable {
    if (descriptor.length() % 8 != 0) throw new Unopenable("runs that are cut off");
    hasRuns = true;
    for (int at = 0; at < descriptor.length(); at += 8) {
      long first = u32(descriptor.body(), at);
      long count = u32(descriptor.body(), at + 4);
      if (count == 0) problem("a run has no clusters");
      int before = blob.map.length;
      if (before + count > MOST_CLUSTERS) throw new Unopenable("runs without end");
      blob.map = Arrays.copyOf(blob.map, (int) (before + count));
      if (first == 0) continue;
      for (int i = 0; i < count; i++) blob.map[before + i] = first + i;
    }
  }

  private void readSlots(Descriptor descriptor) throws Unopenable {
    int length = descriptor.length();
    if (length < 8 || length % 8 != 0) throw new Unopenable("an extent table that is cut off");
    blob.hasTable = true;
    long clusters = descriptor.body().getLong(0);
    if (clusters < 0 || clusters > MOST_CLUSTERS) throw new Unopenable("it has no sensible size");
    if (tableClusters >= 0 && tableClusters != clusters) {
      throw new Unopenable("its extent table states two sizes");
    }
    tableClusters = clusters;
    for (int at = 8; at < length; at += 8) {
      long page = u32(descriptor.body(), at);
      long count = u32(descriptor.body(), at + 4);
      if (page != 0 && count != 1) throw new Unopenable("a run of extent pages in its table");
      if (count == 0) problem("an entry of its extent table has no slots");
      if (blob.slots.size() + count > MOST_CLUSTERS / PER_SLOT) {
        throw new Unopenable("an extent table without end");
      }
      for (long i = 0; i < count; i++) blob.slots.add(page);
    }
  }

  private void checkFlags() throws Unopenable {
    if (lastOrder < 0) problem("it has no flags");
    long unknown = blob.invalidFlags & ~KNOWN_INVALID;
    if (unknown != 0) throw new Unopenable("unknown flags %x".formatted(unknown));
    if ((blob.invalidFlags & PoolBlob.EXTERNAL_PARENT) != 0) {
      throw new Unopenable("its parent is an external snapshot");
    }
    if ((blob.dataReadOnlyFlags & ~KNOWN_DATA_READ_ONLY) != 0) {
      problem("unknown flags %x that make it read-only", blob.dataReadOnlyFlags);
    }
    if ((blob.mdReadOnlyFlags & ~KNOWN_MD_READ_ONLY) != 0) {
      problem("unknown flags %x that make its metadata read-only", blob.mdReadOnlyFlags);
    }
    blob.readOnly = blob.dataReadOnlyFlags != 0;
    if (hasRuns && blob.hasTable) throw new Unopenable("it has runs and an extent table");
    boolean tableFlag = (blob.invalidFlags & PoolBlob.HAS_TABLE) != 0;
    if (tableFlag && hasRuns) throw new Unopenable("it has runs, its flags say an extent table");
    if (tableFlag != blob.hasTable) problem("its flags are wrong about its extent table");
    boolean internalFlag = (blob.invalidFlags & PoolBlob.HAS_INTERNAL) != 0;
    boolean hasInternal = !blob.internalXattrs.isEmpty();
    boolean beingMade = blob.internalXattrs.containsKey(PoolBlob.BEING_MADE);
    if (internalFlag != hasInternal && !beingMade) {
      problem("its flags are wrong about its internal attributes");
    }
  }

  private void readTable() throws Unopenable, IOException {
    if (!blob.hasTable) return;
    long slots = ceil(tableClusters, PER_SLOT);
    if (blob.slots.size() != slots) {
      throw new Unopenable("%d slots for %d clusters".formatted(blob.slots.size(), tableClusters));
    }
    blob.map = new long[(int) tableClusters];
    long listed = 0;
    for (int slot = 0; slot < slots; slot++) {
      int first = slot * PER_SLOT;
      int expected = (int) Math.min(PER_SLOT, tableClusters - first);
      long page = blob.slots.get(slot);
      int found = page == 0 ? expected : readExtents(page, first, expected);
      if (listed == first) listed += Math.min(found, expected);
    }
    // A blob without holes cannot be padded: it is as long as its lists; format §14 (b).
    if (!blob.isThin() && listed < tableClusters) blob.map = Arrays.copyOf(blob.map, (int) listed);
  }

  /**
   * @return how many clusters the page lists
   */
  private int readExtents(long number, int first, int expected) throws Unopenable, IOException {
    if (number >= region.length()) throw new Unopenable("there is no extent page " + number);
    var page = region.page(number);
    if (!page.crcIsRight()) {
      throw new Unopenable("the checksum of extent page " + number + " is wrong");
    }
    boolean one =
        page.descriptors().size() == 1
            && page.descriptors().getFirst().type() == Descriptor.EXTENTS
            && page.descriptors().getFirst().length() >= 4
            && page.descriptors().getFirst().length() % 4 == 0;
    if (page.sequence() != 0 || page.broken() || !one) {
      throw new Unopenable("page " + number + " is no extent page");
    }
    for (String wrong : page.problems()) problem("in extent page %d, %s", number, wrong);
    if (page.next() != MetadataPage.LAST) problem("extent page %d has a next one", number);
    var extents = page.descriptors().getFirst();
    long start = u32(extents.body(), 0);
    if (start != first) {
      throw new Unopenable(
          "extent page %d begins with cluster %d instead of %d".formatted(number, start, first));
    }
    int count = extents.length() / 4 - 1;
    if (count != expected) {
      problem("extent page %d lists %d clusters instead of %d", number, count, expected);
    }
    for (int i = 0; i < Math.min(count, expected); i++) {
      blob.map[first + i] = u32(extents.body(), 4 + 4 * i);
    }
    return count;
  }

  private void checkMap() throws Unopenable {
    for (int i = 0; i < blob.map.length; i++) {
      long cluster = blob.map[i];
      if (cluster >= region.totalClusters()) {
        throw new Unopenable("cluster %d, which is behind the store's end".formatted(cluster));
      }
      if (cluster != 0 && cluster < region.mdClusters()) {
        throw new Unopenable("cluster %d, which holds metadata".formatted(cluster));
      }
      if (cluster == 0 && !blob.isThin()) {
        throw new Unopenable("cluster %d of it is missing and it is not thin".formatted(i));
      }
    }
  }

  private void findParent() {
    byte[] value = blob.internalXattrs.get(PoolBlob.PARENT);
    if (value == null) return;
    if (!blob.isThin()) problem("it has a parent and is not thin");
    else if (value.length != 8) problem("its parent's id has %d bytes", value.length);
    else blob.parent = idIn(value);
  }

  /** An id as internal attributes hold it. */
  static long idIn(byte[] value) {
    long id = 0;
    for (int i = 7; i >= 0; i--) id = id << 8 | Byte.toUnsignedInt(value[i]);
    return id;
  }
}
