package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestVolume;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a blob's device says of where it holds data. */
class AllocationTest {
  private static final int CLUSTER = 1 << 20;
  private static final long BLOCKS = CLUSTER / 512;

  private ServedBlobs blobs;
  private Blobstore store;
  private final List<TestVolume> volumes = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    blobs = new ServedBlobs(64, CLUSTER);
    store = blobs.store();
  }

  @AfterEach
  void stop() throws Exception {
    volumes.forEach(ServedBlobs::close);
    blobs.close();
  }

  private TestVolume open(BlobId id) throws Exception {
    var volume = blobs.open(id);
    volumes.add(volume);
    return volume;
  }

  private static void write(TestVolume volume, long cluster) {
    assertEquals(IoStatus.SUCCESS, volume.write(cluster * BLOCKS + 5, new byte[512]));
  }

  /** In clusters. */
  private static void assertHolds(TestVolume volume, long... clusters) {
    var runs = volume.allocation(0, 8 * BLOCKS);
    var found = runs.stream().flatMapToLong(Arrays::stream).map(at -> at / BLOCKS);
    assertArrayEquals(clusters, found.toArray());
  }

  @Test
  void aThinBlobHoldsWhatWasWrittenByWholeClusters() throws Exception {
    var volume = open(store.create(BlobSpec.thin(8)));
    assertHolds(volume);
    write(volume, 1);
    write(volume, 2);
    write(volume, 7);
    assertHolds(volume, 1, 3, 7, 8);
    assertArrayEquals(
        new long[] {BLOCKS, BLOCKS + 9}, volume.allocation(BLOCKS - 3, 12).getFirst());
  }

  @Test
  void whatWasUnmappedIsHeldNoMore() throws Exception {
    var volume = open(store.create(BlobSpec.thin(8)));
    for (int cluster = 0; cluster < 6; cluster++) write(volume, cluster);
    assertEquals(IoStatus.SUCCESS, volume.unmap(2 * BLOCKS, 3 * BLOCKS));
    assertHolds(volume, 0, 2, 5, 6);
  }

  @Test
  void aThickBlobHoldsEverything() throws Exception {
    assertHolds(open(store.create(BlobSpec.thick(8))), 0, 8);
  }

  @Test
  void whatASnapshotHoldsItsOriginHoldsAndAClone() throws Exception {
    var id = store.create(BlobSpec.thin(8));
    var volume = open(id);
    write(volume, 1);
    var snapshot = store.snapshot(id, Map.of());
    write(volume, 4);
    assertHolds(volume, 1, 2, 4, 5);
    var copy = open(store.cloneOf(snapshot, Map.of()));
    assertHolds(copy, 1, 2);
    write(copy, 6);
    assertHolds(copy, 1, 2, 6, 7);
    assertHolds(volume, 1, 2, 4, 5);
  }
}
