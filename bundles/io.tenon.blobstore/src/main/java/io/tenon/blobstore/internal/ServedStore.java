package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobInfo;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.Progress;
import io.tenon.blobstore.StoreInfo;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/** A loaded store as others see it: each call waits for its turn. */
final class ServedStore implements Blobstore {
  private final DeviceSlot slot;
  private final ReactorDisk disk;
  private final OpenStore store;
  private final Blocking blocking;
  private final Turn turn = new Turn();
  private final Allocator allocator;
  private final Releaser releaser;

  ServedStore(DeviceSlot slot, ReactorDisk disk, OpenStore store, Blocking blocking) {
    this.slot = slot;
    this.disk = disk;
    this.store = store;
    this.blocking = blocking;
    allocator = new Allocator(store, turn, blocking);
    releaser = new Releaser(store, turn, blocking);
  }

  private interface Task {
    void run() throws BlobstoreException;
  }

  private void take(Task task) throws BlobstoreException {
    turn.take(
        () -> {
          task.run();
          return true;
        });
  }

  /** What the operation has freed is cleared in parts: that may take long, and others want their turn. */
  private void takeAndClear(Task task) throws BlobstoreException {
    take(task);
    boolean done = false;
    while (!done) done = turn.take(store::clearSome);
  }

  /** What only looks fails in no way that is the world's fault. */
  private <T> T look(java.util.function.Supplier<T> at) {
    try {
      return turn.take(at::get);
    } catch (BlobstoreException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public StoreInfo info() {
    return look(() -> Facts.of(store));
  }

  @Override
  public List<BlobInfo> blobs() {
    return look(() -> store.blobs().values().stream().map(Facts::of).toList());
  }

  @Override
  public BlobInfo blob(BlobId id) throws BlobstoreException {
    return turn.take(() -> Facts.of(store.blob(id)));
  }

  @Override
  public Map<BlobId, String> unopened() {
    return look(() -> new TreeMap<>(store.unopened()));
  }

  @Override
  public Optional<BlobId> superBlob() {
    return look(() -> store.superBlock().superBlobId());
  }

  @Override
  public void superBlob(BlobId id) throws BlobstoreException {
    take(
        () -> {
          store.blob(id);
          store.superBlob(id);
        });
  }

  @Override
  public BlobId create(BlobSpec spec) throws BlobstoreException {
    return turn.take(() -> Creation.create(store, spec));
  }

  @Override
  public BlobId createCleared(BlobSpec spec, Progress progress) throws BlobstoreException {
    if (spec.thin()) return create(spec);
    Creation.checkSize(spec.clusters());
    var reserved = turn.take(() -> Reservation.of(store, spec.clusters()));
    var made = new BlobId[1];
    clear(
        reserved,
        "The blob was not created.",
        progress,
        () -> {
          made[0] = Creation.create(store, spec, reserved);
          reserved.end();
        });
    return made[0];
  }

  /** Clears what is reserved, part by part, and then does what it is for. */
  private void clear(Reservation reserved, String what, Progress progress, Task then)
      throws BlobstoreException {
    boolean used = false;
    try {
      boolean done = reserved.size() == 0;
      while (!done) {
        if (!progress.goesOn(reserved.cleared(), reserved.size())) {
          throw Reservation.cancelled(what);
        }
        done = turn.take(reserved::clearSome);
      }
      take(then);
      used = true;
    } finally {
      if (!used) {
        look(
            () -> {
              reserved.giveBack();
              return true;
            });
      }
    }
  }

  @Override
  public BlobId snapshot(BlobId id, Map<String, byte[]> xattrs) throws BlobstoreException {
    return turn.take(() -> Snapshots.create(store, id, xattrs));
  }

  @Override
  public BlobId cloneOf(BlobId snapshot, Map<String, byte[]> xattrs) throws BlobstoreException {
    return turn.take(() -> Creation.cloneOf(store, snapshot, xattrs));
  }

  @Override
  public void resize(BlobId id, long clusters) throws BlobstoreException {
    var reserved = turn.take(() -> Resize.reserve(store, id, clusters));
    clear(
        reserved,
        "Blob %s was not resized.".formatted(id),
        (_, _) -> true,
        () -> Resize.run(store, id, clusters, reserved));
    takeAndClear(() -> {});
  }

  @Override
  public void xattrs(BlobId id, Map<String, Optional<byte[]>> changes) throws BlobstoreException {
    take(() -> Attributes.change(store, id, changes));
  }

  @Override
  public void delete(BlobId id) throws BlobstoreException {
    takeAndClear(() -> Deletion.delete(store, id));
  }

  @Override
  public void inflate(BlobId id) throws BlobstoreException {
    boolean done = false;
    while (!done) done = turn.take(() -> Detachment.inflateSome(store, id));
  }

  @Override
  public void decouple(BlobId id) throws BlobstoreException {
    var parent = turn.take(() -> Optional.ofNullable(store.blob(id).parent()));
    var parentId = parent.map(StoredBlob::id).orElse(id);
    boolean done = false;
    while (!done) done = turn.take(() -> Detachment.decoupleSome(store, id, parentId));
  }

  @Override
  public void grow() throws BlobstoreException {
    take(store::grow);
  }

  @Override
  public BlockDevice open(BlobId id, String name, UUID uuid) throws BlobstoreException {
    return turn.take(
        () -> {
          store.checkOpen();
          var blob = store.blob(id);
          if (blob.device() != null) {
            throw new BlobstoreException(
                Kind.IN_USE, "Blob %s was not opened.".formatted(id), "It is open already.", "");
          }
          var parts =
              new BlobDevice.Parts(
                  slot, store.layout(), allocator, releaser, blocking, () -> closed(blob));
          var device = new BlobDevice(blob, name, uuid, parts);
          blob.device(device);
          return device;
        });
  }

  private void closed(StoredBlob blob) {
    look(
        () -> {
          blob.device(null);
          return true;
        });
  }

  @Override
  public void whenBroken(Runnable told) {
    look(
        () -> {
          store.whenBroken(told);
          return true;
        });
  }

  @Override
  public void unload() throws BlobstoreException {
    take(
        () -> {
          for (StoredBlob blob : store.blobs().values()) {
            if (blob.device() == null) continue;
            throw new BlobstoreException(
                Kind.IN_USE,
                "The blobstore was not unloaded.",
                "Blob %s is open.".formatted(blob.id()),
                "Close it first.");
          }
          store.unload();
        });
    disk.close();
  }

  @Override
  public void abandon() {
    look(
        () -> {
          store.abandon();
          return true;
        });
    disk.close();
  }
}
