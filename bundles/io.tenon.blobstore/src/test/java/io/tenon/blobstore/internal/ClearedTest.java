package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.ClearMethod;
import io.tenon.block.IoStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Thick blobs where others were before, which left their data. */
class ClearedTest {
  private static final int CLUSTER = 64 << 10;
  private static final int BLOCKS = CLUSTER / 512;

  private ServedBlobs blobs;
  private Blobstore store;

  @BeforeEach
  void start() throws Exception {
    blobs = new ServedBlobs(32, CLUSTER);
    store = blobs.store();
    int all = (int) store.info().freeClusters();
    var former = store.create(BlobSpec.thick(all).withClearMethod(ClearMethod.NONE));
    var volume = blobs.open(former);
    var content = new byte[CLUSTER];
    Arrays.fill(content, (byte) 0x5A);
    for (int i = 0; i < all; i++) {
      assertEquals(IoStatus.SUCCESS, volume.write((long) i * BLOCKS, content));
    }
    ServedBlobs.close(volume);
    store.delete(former);
  }

  @AfterEach
  void stop() throws Exception {
    blobs.close();
  }

  /** Clusters that are not all zeroes. */
  private List<Integer> dirty(BlobId id) throws BlobstoreException {
    var dirty = new ArrayList<Integer>();
    var volume = blobs.open(id);
    for (int i = 0; i < store.blob(id).clusters(); i++) {
      assertEquals(IoStatus.SUCCESS, volume.read((long) i * BLOCKS, BLOCKS));
      if (!Arrays.equals(volume.content(BLOCKS), new byte[CLUSTER])) dirty.add(i);
    }
    ServedBlobs.close(volume);
    return dirty;
  }

  @Test
  void aThickBlobIsZeroesWhenThatWasAskedForAndItsMakerSeesItComing() throws Exception {
    var seen = new ArrayList<Long>();
    var id =
        store.createCleared(
            BlobSpec.thick(150),
            (done, all) -> {
              assertEquals(150, all);
              seen.add(done);
              return true;
            });
    assertEquals(List.of(0L, 64L, 128L), seen);
    assertEquals(List.of(), dirty(id));
    assertEquals(150, dirty(store.create(BlobSpec.thick(150))).size(), "not asked for");
  }

  @Test
  void whatAThickBlobGrowsByIsZeroes() throws Exception {
    var id = store.create(BlobSpec.thick(3));
    store.resize(id, 100);
    assertEquals(List.of(0, 1, 2), dirty(id));
  }

  @Test
  void givenUpHalfwayNothingIsThereAndNothingIsLost() throws Exception {
    long free = store.info().freeClusters();
    var e =
        assertThrows(
            BlobstoreException.class,
            () -> store.createCleared(BlobSpec.thick(150), (done, _) -> done < 64));
    assertEquals(Kind.CANCELLED, e.kind());
    assertEquals(free, store.info().freeClusters());
    assertEquals(List.of(), store.blobs());
  }

  @Test
  void othersHaveTheirTurnMeanwhileAndTheStoreIsNotUnloaded() throws Exception {
    var made = new ArrayList<BlobId>();
    var id =
        store.createCleared(
            BlobSpec.thick(150),
            (done, _) -> {
              try {
                made.add(store.create(BlobSpec.thick(1)));
              } catch (BlobstoreException e) {
                throw new AssertionError(e);
              }
              assertEquals(
                  Kind.IN_USE, assertThrows(BlobstoreException.class, store::unload).kind());
              return true;
            });
    assertEquals(3, made.size());
    assertEquals(4, store.blobs().size());
    assertEquals(List.of(), dirty(id));
  }

  @Test
  void moreThanThereIsIsRefusedAtOnce() throws Exception {
    long free = store.info().freeClusters();
    var e =
        assertThrows(
            BlobstoreException.class,
            () ->
                store.createCleared(
                    BlobSpec.thick(free + 1),
                    (_, _) -> {
                      throw new AssertionError("it has begun");
                    }));
    assertEquals(Kind.NO_SPACE, e.kind());
    assertEquals(free, store.info().freeClusters());
  }
}
