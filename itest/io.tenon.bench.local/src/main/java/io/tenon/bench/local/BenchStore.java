package io.tenon.bench.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.blobstore.internal.BlobstoreService;
import io.tenon.block.DeviceSlot;
import io.tenon.block.testing.TestReactors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A new store on a device, with clusters as pools have them, and its blobs as replicas are served: in a slot each. */
final class BenchStore implements AutoCloseable {
  static final long CLUSTER_BYTES = 4L << 20;

  private final DeviceSlot disk;
  private final Blobstore store;
  private final List<DeviceSlot> open = new ArrayList<>();

  BenchStore(String uri, TestReactors reactors) throws Exception {
    disk = Backends.slot(uri, reactors.reactors());
    store =
        new BlobstoreService(reactors.reactors())
            .format(disk, new Blobstores.Format(CLUSTER_BYTES, 100, "bench"));
  }

  BlobId thin(long clusters) throws BlobstoreException {
    return store.create(BlobSpec.thin(clusters));
  }

  BlobId thick(long clusters) throws BlobstoreException {
    return store.create(BlobSpec.thick(clusters));
  }

  DeviceSlot open(BlobId id, String name) throws BlobstoreException {
    var uuid = UUID.nameUUIDFromBytes(name.getBytes(UTF_8));
    var slot = new DeviceSlot(store.open(id, name, uuid), "bdev:///" + name);
    open.add(slot);
    return slot;
  }

  void snapshot(BlobId id, String name) throws BlobstoreException {
    var _ = store.snapshot(id, Map.of("name", name.getBytes(UTF_8)));
  }

  @Override
  public void close() throws BlobstoreException {
    for (DeviceSlot slot : open) Backends.close(slot);
    store.unload();
    Backends.close(disk);
  }
}
