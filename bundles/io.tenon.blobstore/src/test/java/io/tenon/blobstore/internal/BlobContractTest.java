package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.BlockDeviceContract;
import io.tenon.block.testing.TestReactors;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** A thin blob does what every block device does, and allocates nothing once its clusters are there. */
class BlobContractTest extends BlockDeviceContract {
  private static final long CLUSTER = 1 << 20;

  @Override
  protected DeviceProvider provider(TestReactors reactors) throws Exception {
    return new Blobs(new BlobstoreService(reactors.reactors()));
  }

  @Override
  protected String uri(String name, int blockBytes) {
    return "blob:///%s?blk_size=%d".formatted(name, blockBytes);
  }

  @Override
  protected void stopProvider(DeviceProvider used) throws Exception {
    if (!(used instanceof Blobs blobs)) throw new AssertionError(used);
    for (Blobstore store : blobs.stores.values()) store.unload();
    for (DeviceSlot disk : blobs.disks.values()) {
      TestReactors.await(disk.fail("The test ends.").toCompletableFuture());
    }
  }

  /** Opens blobs by name, in a store for each block size. */
  private static final class Blobs implements DeviceProvider {
    private final Blobstores blobstores;
    private final Map<Integer, DeviceSlot> disks = new TreeMap<>();
    private final Map<Integer, Blobstore> stores = new TreeMap<>();
    private final Map<String, BlobId> ids = new TreeMap<>();

    Blobs(Blobstores stores) {
      this.blobstores = stores;
    }

    @Override
    public String deviceName(DeviceUri uri) {
      return uri.name();
    }

    @Override
    public BlockDevice open(DeviceUri uri) throws DeviceException {
      uri.allowOnly(Set.of("blk_size", "uuid"));
      int blockBytes = (int) uri.number("blk_size", 512);
      var uuid = uri.uuid().orElse(UUID.nameUUIDFromBytes(uri.name().getBytes(UTF_8)));
      try {
        var store = store(blockBytes);
        var id = ids.get(uri.name());
        if (id == null) {
          id = store.create(BlobSpec.thin(DEVICE_BYTES / CLUSTER));
          ids.put(uri.name(), id);
        }
        return store.open(id, uri.name(), uuid);
      } catch (BlobstoreException e) {
        throw new AssertionError(e);
      }
    }

    private Blobstore store(int blockBytes) throws DeviceException, BlobstoreException {
      var present = stores.get(blockBytes);
      if (present != null) return present;
      String uri = "malloc:///disk-%d?size_mb=64&blk_size=%d".formatted(blockBytes, blockBytes);
      var disk =
          new DeviceSlot(
              new MallocProvider().open(DeviceUri.parse(uri)),
              uri,
              InstantSource.system(),
              Runnable::run);
      disks.put(blockBytes, disk);
      var store = blobstores.format(disk, new Blobstores.Format(CLUSTER, 100, "TEST"));
      stores.put(blockBytes, store);
      return store;
    }
  }
}
