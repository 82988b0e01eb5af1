package io.tenon.blobstore.internal;

import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.blobstore.Inspection;
import io.tenon.blobstore.PageCopies;
import io.tenon.blobstore.RepairOrder;
import io.tenon.blobstore.RepairReport;
import io.tenon.block.DeviceSlot;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Blobstores on the node's main reactor and on virtual threads. */
@Component
public final class BlobstoreService implements Blobstores {
  private final Stores stores;

  @Activate
  public BlobstoreService(@Reference Reactors reactors) {
    stores =
        new Stores(
            reactors.main(),
            new BlockingThreads(Thread.ofVirtual().name("blobstore-", 0).factory()));
  }

  @Override
  public Blobstore format(DeviceSlot device, Format format) throws BlobstoreException {
    return stores.format(device, format);
  }

  @Override
  public Blobstore load(DeviceSlot device, String type) throws BlobstoreException {
    return stores.load(device, type);
  }

  @Override
  public Inspection inspect(DeviceSlot device, String type) throws BlobstoreException {
    return stores.inspect(device, type);
  }

  @Override
  public RepairReport repair(DeviceSlot device, String type, RepairOrder order, PageCopies copies)
      throws BlobstoreException {
    return stores.repair(device, type, order, copies);
  }

  @Override
  public void undo(DeviceSlot device, byte[] copies) throws BlobstoreException {
    stores.undo(device, copies);
  }

  /** Makes stores of what comes in. */
  static final class Stores implements Blobstores {
    private final Reactor reactor;
    private final Blocking blocking;

    Stores(Reactor reactor, Blocking blocking) {
      this.reactor = reactor;
      this.blocking = blocking;
    }

    @Override
    public Blobstore format(DeviceSlot device, Format format) throws BlobstoreException {
      return open(
          device,
          disk ->
              io.tenon.blobstore.internal.Format.run(
                  disk, format.clusterBytes(), format.metadataPercent(), format.type()));
    }

    @Override
    public Blobstore load(DeviceSlot device, String type) throws BlobstoreException {
      return open(device, disk -> OpenStore.load(disk, type));
    }

    @Override
    public Inspection inspect(DeviceSlot device, String type) throws BlobstoreException {
      try (var disk = new ReactorDisk(device, reactor, blocking)) {
        return DiskCheck.of(disk, type).result();
      }
    }

    @Override
    public RepairReport repair(DeviceSlot device, String type, RepairOrder order, PageCopies copies)
        throws BlobstoreException {
      try (var disk = new ReactorDisk(device, reactor, blocking)) {
        return DiskRepair.run(disk, type, order, copies);
      }
    }

    @Override
    public void undo(DeviceSlot device, byte[] copies) throws BlobstoreException {
      try (var disk = new ReactorDisk(device, reactor, blocking)) {
        DiskRepair.undo(disk, copies);
      }
    }

    private interface Opening {
      OpenStore open(StoreDisk disk) throws BlobstoreException;
    }

    private Blobstore open(DeviceSlot device, Opening how) throws BlobstoreException {
      var disk = new ReactorDisk(device, reactor, blocking);
      OpenStore store = null;
      try {
        store = how.open(disk);
        return new ServedStore(device, disk, store, blocking);
      } finally {
        if (store == null) disk.close();
      }
    }
  }
}
