package io.tenon.blobstore.itest;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.blobstore.internal.BlobstoreService;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;

/** One life of a store of the bundle under test, with the volumes that are open. */
final class LiveStore {
  static final String TYPE = "LVOLSTORE";

  private final TestReactors reactors;
  private final DeviceSlot disk;
  private final Blobstore store;
  private final NavigableMap<Long, TestVolume> open = new TreeMap<>();

  private LiveStore(TestReactors reactors, DeviceSlot disk, Blobstore store) {
    this.reactors = reactors;
    this.disk = disk;
    this.store = store;
  }

  static LiveStore format(TestReactors reactors, BlockDevice device, long clusterBytes)
      throws BlobstoreException {
    var disk = slot(device);
    var store =
        new BlobstoreService(reactors.reactors())
            .format(disk, new Blobstores.Format(clusterBytes, 100, TYPE));
    return new LiveStore(reactors, disk, store);
  }

  static LiveStore load(TestReactors reactors, BlockDevice device) throws BlobstoreException {
    var disk = slot(device);
    try {
      var store = new BlobstoreService(reactors.reactors()).load(disk, TYPE);
      return new LiveStore(reactors, disk, store);
    } catch (BlobstoreException e) {
      TestReactors.await(disk.fail("It was not loaded.").toCompletableFuture());
      throw e;
    }
  }

  private static DeviceSlot slot(BlockDevice device) {
    return new DeviceSlot(device, "test:///" + device.name());
  }

  Blobstore store() {
    return store;
  }

  /** Opened when it is wanted first. */
  TestVolume volume(long id) throws BlobstoreException {
    var present = open.get(id);
    if (present != null) return present;
    var device = store.open(new BlobId(id), Bytes.hex(id), new UUID(1, id));
    var volume = new TestVolume(slot(device), reactors.get(open.size() % 2));
    open.put(id, volume);
    return volume;
  }

  void close(long id) {
    var volume = open.remove(id);
    if (volume == null) return;
    volume.close();
    TestReactors.await(volume.slot().fail("It is closed.").toCompletableFuture());
  }

  void closeAll() {
    for (long id : open.keySet().toArray(Long[]::new)) close(id);
  }

  void unload() throws BlobstoreException {
    closeAll();
    store.unload();
    abandon();
  }

  /** As if the process had been killed: what is on the disk now stays there. */
  void abandon() {
    closeAll();
    TestReactors.await(disk.fail("The process is gone.").toCompletableFuture());
  }
}
