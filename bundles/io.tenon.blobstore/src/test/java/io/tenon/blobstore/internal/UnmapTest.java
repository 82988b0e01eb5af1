package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestVolume;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Unmaps by way of a blob's device, on real reactors. */
class UnmapTest {
  private static final int CLUSTER = 1 << 20;
  private static final int BLOCKS = CLUSTER / 512;

  private ServedBlobs blobs;
  private Blobstore store;

  @BeforeEach
  void start() throws Exception {
    blobs = new ServedBlobs(64, CLUSTER);
    store = blobs.store();
  }

  @AfterEach
  void stop() throws Exception {
    blobs.close();
  }

  private static byte[] filled(int bytes, int with) {
    var content = new byte[bytes];
    Arrays.fill(content, (byte) with);
    return content;
  }

  private static byte[] read(TestVolume volume, long lba, int blocks) {
    assertEquals(IoStatus.SUCCESS, volume.read(lba, blocks));
    return volume.content(blocks);
  }

  @Test
  void wholeClustersAreFreeAndReadAsZeroesAndPartsAtTheEndsStay() throws Exception {
    var volume = blobs.open(store.create(BlobSpec.thin(8)));
    for (int cluster = 0; cluster < 8; cluster++) {
      assertEquals(IoStatus.SUCCESS, volume.write((long) cluster * BLOCKS, filled(CLUSTER, 7)));
    }
    long free = store.info().freeClusters();

    assertEquals(IoStatus.SUCCESS, volume.unmap(BLOCKS / 2, 5L * BLOCKS));

    assertEquals(free + 4, store.info().freeClusters());
    assertArrayEquals(filled(CLUSTER / 2, 7), read(volume, 0, BLOCKS / 2));
    for (int cluster = 1; cluster < 5; cluster++) {
      assertArrayEquals(new byte[CLUSTER], read(volume, (long) cluster * BLOCKS, BLOCKS));
    }
    assertArrayEquals(filled(CLUSTER / 2, 7), read(volume, 5L * BLOCKS + BLOCKS / 2, BLOCKS / 2));
    ServedBlobs.close(volume);
  }

  @Test
  void whatTheParentHasDoesNotShowAgain() throws Exception {
    var id = store.create(BlobSpec.thin(3));
    var volume = blobs.open(id);
    assertEquals(IoStatus.SUCCESS, volume.write(0, filled(CLUSTER, 1)));
    store.snapshot(id, Map.of());
    assertEquals(IoStatus.SUCCESS, volume.write(0, filled(CLUSTER, 2)));
    assertEquals(IoStatus.SUCCESS, volume.write(BLOCKS, filled(CLUSTER, 3)));
    long free = store.info().freeClusters();

    assertEquals(IoStatus.SUCCESS, volume.unmap(0, 3L * BLOCKS));

    assertArrayEquals(new byte[CLUSTER], read(volume, 0, BLOCKS));
    assertArrayEquals(new byte[CLUSTER], read(volume, BLOCKS, BLOCKS));
    assertEquals(free + 1, store.info().freeClusters(), "the one that hides nothing");
    ServedBlobs.close(volume);
  }

  @Test
  void anUnmapTakesNoSpace() throws Exception {
    var id = store.create(BlobSpec.thin(2));
    var volume = blobs.open(id);
    assertEquals(IoStatus.SUCCESS, volume.write(0, filled(CLUSTER, 1)));
    store.snapshot(id, Map.of());
    long free = store.info().freeClusters();
    assertEquals(IoStatus.SUCCESS, volume.unmap(0, 2L * BLOCKS));
    assertEquals(free, store.info().freeClusters());
    assertArrayEquals(filled(CLUSTER, 1), read(volume, 0, BLOCKS));
    ServedBlobs.close(volume);
  }

  @Test
  void aFullStoreTakesWritesAgainOnceSomethingIsUnmapped() throws Exception {
    var id = store.create(BlobSpec.thin(100));
    var volume = blobs.open(id);
    int room = (int) store.info().freeClusters();
    for (int cluster = 0; cluster < room; cluster++) {
      assertEquals(IoStatus.SUCCESS, volume.write((long) cluster * BLOCKS, filled(512, 1)));
    }
    assertEquals(IoStatus.NO_SPACE, volume.write(99L * BLOCKS, filled(512, 1)));
    assertEquals(IoStatus.SUCCESS, volume.unmap(0, (long) room * BLOCKS));
    assertEquals(room, store.info().freeClusters());
    assertTrue(volume.write(99L * BLOCKS, filled(512, 1)).isSuccess());
    ServedBlobs.close(volume);
  }
}
