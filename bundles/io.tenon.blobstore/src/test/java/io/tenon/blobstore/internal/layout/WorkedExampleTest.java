package io.tenon.blobstore.internal.layout;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The annotated bytes of Format §20 and the tables of §4. */
class WorkedExampleTest {
  private static final long GIB = 1L << 30;
  private static final long MIB = 1L << 20;

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
  }

  private static void assertBegins(String hex, byte[] page) {
    byte[] expected = bytes(hex);
    assertArrayEquals(expected, Arrays.copyOf(page, expected.length));
  }

  private static SuperBlock example() throws BlobstoreException {
    return Sizing.superBlock(GIB, 512, 4 * MIB, 100, "LVOLSTORE")
        .withSuperBlob(0x100000000L)
        .withClean(true);
  }

  @Test
  void theSuperBlockIsWrittenByteForByte() throws Exception {
    byte[] page = example().encode();
    assertBegins(
        """
        5350444b424c4f42 03000000 00100000 01000000
        00000000 01000000 00004000
        01000000 01000000 02000000 01000000 04000000 00010000
        4c564f4c 53544f52 45000000 00000000
        03000000 01000000 00000040 00000000 00020000 00000000
        """,
        page);
    assertArrayEquals(bytes("4a2ba430"), Arrays.copyOfRange(page, 4092, 4096));
    assertEquals(example(), SuperBlock.parse(page));
  }

  @Test
  void masksAreWrittenByteForByte() throws Exception {
    var pages = new BitSet();
    pages.set(0, 5);
    assertBegins("00 00010000 1f 00", Mask.PAGES.encode(pages, 256, 1));
    var clusters = new BitSet();
    clusters.set(0, 18);
    assertBegins("01 00010000 ffff03 00", Mask.CLUSTERS.encode(clusters, 256, 1));
    var blobs = BitSet.valueOf(new long[] {0b1011});
    byte[] mask = Mask.BLOBIDS.encode(blobs, 256, 1);
    assertBegins("02 00010000 0b 00", mask);
    assertEquals(blobs, Mask.BLOBIDS.parse(mask, 256));
  }

  @Test
  void aThinBlobIsWrittenByteForByte() throws Exception {
    var blob = new BlobImage(BlobId.ofRootPage(3));
    blob.form(MapForm.TABLE);
    blob.flags(Flags.NONE.withThin(true).withExtentTable(true).withClearMethod(ClearMethod.NONE));
    blob.xattrs().put("name", Arrays.copyOf("r2".getBytes(US_ASCII), 64));
    var uuid = Arrays.copyOf("aaaaaaaa-0000-4000-8000-000000000002".getBytes(US_ASCII), 37);
    blob.xattrs().put("uuid", uuid);
    blob.extentPages(new int[] {4});
    var map = new ClusterMap(16);
    map.set(1, 17);

    var pages = BlobEncoder.encode(blob, map);
    BlobEncoder.seal(pages, new int[0]);
    assertEquals(1, pages.size());
    byte[] page = pages.getFirst();
    assertBegins(
        """
        0300000001000000 00000000 00000000
        03 18000000 0500000000000000 0000000000000000 0100000000000000
        02 48000000 0400 4000 6e616d65 7232 00
        """,
        page);
    int table = 16 + 29 + 77 + 50;
    assertBegins(
        "05 10000000 1000000000000000 04000000 01000000 00", Arrays.copyOfRange(page, table, 4096));
    assertBegins("ffffffff", Arrays.copyOfRange(page, 4088, 4096));

    byte[] extents = ExtentPage.encode(blob.id().value(), map, 0);
    assertBegins(
        """
        0300000001000000 00000000 00000000
        06 44000000 00000000 00000000 11000000 00000000
        """,
        extents);
    assertBegins("ffffffff99c8bfc2", Arrays.copyOfRange(extents, 4088, 4096));
  }

  @ParameterizedTest
  @CsvSource({
    "10737418240, 4194304, 2560, 2560, 1, 1, 1, 4, 3",
    "1099511627776, 4194304, 262144, 262144, 9, 9, 9, 28, 257",
    "67108864, 1048576, 64, 64, 1, 1, 1, 4, 1"
  })
  void newStoresAreLaidOutAsTheOriginalDoes(
      long device,
      long cluster,
      int clusters,
      long mdPages,
      long pageMask,
      long clusterMask,
      long blobidMask,
      long mdStart,
      int mdClusters)
      throws Exception {
    var made = Sizing.superBlock(device, 512, cluster, 100, "LVOLSTORE");
    var layout = new StoreLayout(made, device, 512);
    assertEquals(clusters, layout.totalClusters());
    assertEquals(mdPages, made.mdPages());
    assertEquals(pageMask, made.pageMaskPages());
    assertEquals(clusterMask, made.clusterMaskPages());
    assertEquals(blobidMask, made.blobidMaskPages());
    assertEquals(mdStart, made.mdStart());
    assertEquals(mdClusters, layout.mdClusters());
  }

  @Test
  void aSuperBlockThatIsTornAtItsCleanMarkCountsAsNotClean() throws Exception {
    byte[] dirty = example().withClean(false).encode();
    byte[] torn = example().encode();
    System.arraycopy(dirty, 512, torn, 512, 4096 - 512);
    assertEquals(example().withClean(false), SuperBlock.parse(torn));
  }

  @Test
  void aSuperBlockOfWhichOnlyTheFirstSectorWasEverWrittenIsThatOfAnEmptyStore() throws Exception {
    var made = example().withSuperBlob(SuperBlock.NO_BLOB);
    var torn = Arrays.copyOf(Arrays.copyOf(made.encode(), 512), 4096);
    assertEquals(made.withClean(false), SuperBlock.parse(torn));
    // Of a store that has held something it is damage.
    var used = Arrays.copyOf(Arrays.copyOf(example().encode(), 512), 4096);
    assertEquals(Kind.SUPER_BLOCK_CHECKSUM, refusal(used));
    torn[4095] = 1;
    assertEquals(Kind.SUPER_BLOCK_CHECKSUM, refusal(torn));
  }

  @Test
  void whatIsNoSuperBlockIsRefusedByName() throws Exception {
    byte[] page = example().encode();
    assertEquals(Kind.NOT_A_BLOBSTORE, refusal(new byte[4096]));
    byte[] version = page.clone();
    version[8] = 4;
    assertEquals(Kind.UNSUPPORTED_VERSION, refusal(version));
    byte[] flipped = page.clone();
    flipped[30] ^= 1;
    assertEquals(Kind.SUPER_BLOCK_CHECKSUM, refusal(flipped));
    var small =
        assertThrows(BlobstoreException.class, () -> new StoreLayout(example(), GIB - 4096, 512));
    assertEquals(Kind.DEVICE_TOO_SMALL, small.kind());
    var blocks =
        assertThrows(BlobstoreException.class, () -> new StoreLayout(example(), GIB, 4096));
    assertEquals(Kind.BLOCK_SIZE_MISMATCH, blocks.kind());
  }

  private static Kind refusal(byte[] page) {
    return assertThrows(BlobstoreException.class, () -> SuperBlock.parse(page)).kind();
  }

  @Test
  void unknownFlagsAreNamed() {
    assertEquals(
        "unknown 0x10, 0x8000 of the invalid flags",
        new Flags(0x8015, 0, 0).refusal().orElseThrow());
    assertTrue(new Flags(8, 0, 0).refusal().orElseThrow().contains("external snapshot"));
    assertEquals(
        "unknown 0x2 of the read-only flags of data",
        new Flags(5, 3, 0).dataRestriction().orElseThrow());
    assertEquals(
        "unknown 0x4 of the read-only flags of metadata",
        new Flags(5, 0, 6).metadataRestriction().orElseThrow());
    assertTrue(new Flags(7, 1, 3).refusal().isEmpty());
  }
}
