package io.tenon.blobstore.internal;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import java.time.InstantSource;
import java.util.UUID;

/** A new store in memory, and its blobs as volumes on real reactors. */
final class ServedBlobs implements AutoCloseable {
  private final TestReactors reactors = TestReactors.start(2);
  private final DeviceSlot disk;
  private final Blobstore store;

  ServedBlobs(int diskMib, int clusterBytes) throws Exception {
    String uri = "malloc:///disk?size_mb=" + diskMib;
    disk =
        new DeviceSlot(
            new MallocProvider().open(DeviceUri.parse(uri)),
            uri,
            InstantSource.system(),
            Runnable::run);
    store =
        new BlobstoreService(reactors.reactors())
            .format(disk, new Blobstores.Format(clusterBytes, 100, "TEST"));
  }

  Blobstore store() {
    return store;
  }

  TestVolume open(BlobId id) throws BlobstoreException {
    var device = store.open(id, "blob-" + id, new UUID(1, id.value()));
    return new TestVolume(new DeviceSlot(device, "test:///blob"), reactors.get(1));
  }

  static void close(TestVolume volume) {
    volume.close();
    TestReactors.await(volume.slot().fail("It is closed.").toCompletableFuture());
  }

  @Override
  public void close() throws Exception {
    store.unload();
    TestReactors.await(disk.fail("The test ends.").toCompletableFuture());
    reactors.close();
  }
}
