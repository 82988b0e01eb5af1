package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.Blobstores;
import io.tenon.blobstore.ClearMethod;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Thick blobs where others were before, which left their data. */
class ClearedTest {
  private static final int CLUSTER = 64 << 10;
  private static final int BLOCKS = CLUSTER / 512;

  private TestReactors reactors;
  private DeviceSlot disk;
  private Blobstore store;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    String uri = "malloc:///disk?size_mb=32";
    disk =
        new DeviceSlot(
            new MallocProvider().open(DeviceUri.parse(uri)),
            uri,
            InstantSource.system(),
            Runnable::run);
    store =
        new BlobstoreService(reactors.reactors())
            .format(disk, new Blobstores.Format(CLUSTER, 100, "TEST"));
    int all = (int) store.info().freeClusters();
    var former = store.create(BlobSpec.thick(all).withClearMethod(ClearMethod.NONE));
    var volume = open(former);
    var content = new byte[CLUSTER];
    Arrays.fill(content, (byte) 0x5A);
    for (int i = 0; i < all; i++) {
      assertEquals(IoStatus.SUCCESS, volume.write((long) i * BLOCKS, content));
    }
    close(volume);
    store.delete(former);
  }

  @AfterEach
  void stop() throws Exception {
    store.unload();
    TestReactors.await(disk.fail("The test ends.").toCompletableFuture());
    reactors.close();
  }

  private TestVolume open(BlobId id) throws BlobstoreException {
    var device = store.open(id, "blob-" + id, new UUID(1, id.value()));
    return new TestVolume(new DeviceSlot(device, "test:///blob"), reactors.get(1));
  }

  private static void close(TestVolume volume) {
    volume.close();
    TestReactors.await(volume.slot().fail("It is closed.").toCompletableFuture());
  }

  /** Clusters that are not all zeroes. */
  private List<Integer> dirty(BlobId id) throws BlobstoreException {
    var dirty = new ArrayList<Integer>();
    var volume = open(id);
    for (int i = 0; i < store.blob(id).clusters(); i++) {
      assertEquals(IoStatus.SUCCESS, volume.read((long) i * BLOCKS, BLOCKS));
      if (!Arrays.equals(volume.content(BLOCKS), new byte[CLUSTER])) dirty.add(i);
    }
    close(volume);
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
