package io.tenon.pool.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.block.SnapshotSpec;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.Origin;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.TargetException;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.WipeSpec;
import io.tenon.pool.WipeWatcher;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A blob with its block device and its share. What changes it holds the pool's lock; see {@link ServedPool}. */
final class ServedReplica implements Replica {
  private static final Logger log = LoggerFactory.getLogger(ServedReplica.class);

  private final ServedPool pool;
  private final BlobId id;
  private final UUID uuid;
  private final String name;
  private volatile @Nullable DeviceSlot slot;
  private volatile @Nullable Subsystem subsystem;
  private volatile String problem = "";

  ServedReplica(ServedPool pool, Lvol lvol) {
    this.pool = pool;
    id = lvol.id();
    uuid = lvol.uuid();
    name = lvol.name();
  }

  BlobId id() {
    return id;
  }

  String name() {
    return name;
  }

  String problem() {
    return problem;
  }

  @Override
  public Pool pool() {
    return pool;
  }

  @Override
  public UUID uuid() {
    return uuid;
  }

  @Override
  public Optional<DeviceSlot> device() {
    return Optional.ofNullable(slot);
  }

  // The block device. Under the pool's lock.

  /** Lists it among the node's block devices. A replica that cannot be is there all the same, and says why. */
  void open(Lvol lvol, Blobstore store) {
    if (name.isEmpty() || uuid.equals(Lvol.NO_UUID)) {
      problem = "It has no " + (name.isEmpty() ? "name" : "uuid") + " that can be read.";
      log.warn("pool {}: blob {}: {}", pool.name(), id, problem);
      return;
    }
    try {
      slot = listed(lvol, store);
      problem = "";
    } catch (BlobstoreException | DeviceException e) {
      noDevice(e.getMessage());
    }
  }

  /** As before, if it was; by its name; where another pool of this node has one of the same name, by its uuid. */
  private DeviceSlot listed(Lvol lvol, Blobstore store) throws BlobstoreException, DeviceException {
    var left = pool.parts().devices().find(uuid.toString()).filter(one -> one.uuid().equals(uuid));
    if (left.isPresent()) return listedAs(left.get().name(), store);
    try {
      return listedAs(lvol.deviceName(), store);
    } catch (DeviceException e) {
      if (e.kind() != DeviceException.Kind.ALREADY_EXISTS) throw e;
      log.info("pool {}: {} is listed by its uuid {}, its name is taken", pool.name(), name, uuid);
      return listedAs(uuid.toString(), store);
    }
  }

  private DeviceSlot listedAs(String deviceName, Blobstore store)
      throws BlobstoreException, DeviceException {
    var device = new ReplicaDevice(this, store.open(id, deviceName, uuid));
    try {
      return list(device);
    } catch (DeviceException e) {
      device.close();
      throw e;
    }
  }

  private void noDevice(String why) {
    problem = why;
    log.warn("pool {}: {} has no block device: {}", pool.name(), name, why);
  }

  /** Whoever held on to it when the pool went goes on with it. */
  private DeviceSlot list(BlockDevice device) throws DeviceException {
    var listed = pool.parts().devices().adopt(device, localUri(device.name()));
    if (!listed.name().equals(uuid.toString())) listed.addAlias("bdev:///" + uuid);
    return listed;
  }

  private String localUri(String device) {
    try {
      return new URI("bdev", "", "/" + device, "uuid=" + uuid, null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("device name " + device, e);
    }
  }

  /** Opened again after its disk was away. */
  void reopen(Lvol lvol, Blobstore store) {
    var failed = slot;
    if (failed == null) {
      open(lvol, store);
      return;
    }
    try {
      var device = new ReplicaDevice(this, store.open(id, failed.name(), uuid));
      try {
        var _ = failed.restore(device, "Pool " + pool.name() + " is back.");
        problem = "";
      } catch (DeviceException e) {
        device.close();
        noDevice(e.getMessage());
      }
    } catch (BlobstoreException e) {
      noDevice(e.getMessage());
    }
  }

  /**
   * Ends its I/O, whoever uses it.
   *
   * @return done when the blob is closed
   */
  Optional<CompletionStage<Void>> fail(String why) {
    var failing = slot;
    return failing == null ? Optional.empty() : Optional.of(failing.fail(why));
  }

  /** Its I/O waits from now on. As {@link #fail}. */
  Optional<CompletionStage<?>> vacate(String why, String waitsFor) {
    var leaving = slot;
    return leaving == null || leaving.state() == SlotState.FAILED
        ? Optional.empty()
        : Optional.of(leaving.vacate(why, waitsFor));
  }

  /** Takes it from the node's block devices. */
  void close(String what) throws PoolException {
    var closing = slot;
    if (closing == null) return;
    try {
      pool.parts().devices().destroy(closing);
    } catch (DeviceException e) {
      throw Failures.of(what, e);
    }
    slot = null;
  }

  /** Who uses it, besides hosts. */
  Optional<String> user() {
    var used = slot;
    return used == null || subsystem != null ? Optional.empty() : used.claimedBy();
  }

  // Sharing. Under the pool's lock.

  boolean isShared() {
    return subsystem != null;
  }

  boolean isSharedFor(Set<String> hosts) {
    var shared = subsystem;
    return shared != null && shared.options().hosts().equals(hosts);
  }

  /** Only the hosts change when it is shared already. */
  void shareFor(Set<String> hosts) throws PoolException {
    var shared = subsystem;
    if (shared != null) {
      shared.hosts(hosts);
      return;
    }
    var device = slot;
    if (device == null) {
      throw new PoolException(Kind.SHARE, notDone("shared"), problem, "Remove the cause first.");
    }
    var left = leftShare(device);
    if (left.isPresent()) {
      if (!left.get().options().hosts().equals(hosts)) left.get().hosts(hosts);
      subsystem = left.get();
      log.info("replica {}: still shared as {}", name, uri());
      return;
    }
    int min = ShareOptions.MIN_CONTROLLER_ID;
    int max = ShareOptions.MAX_CONTROLLER_ID;
    try {
      subsystem =
          pool.parts()
              .target()
              .share(
                  device,
                  new ShareOptions(
                      hosts, min, max, false, Origin.REPLICA, Optional.of(reservationFile())));
    } catch (TargetException e) {
      throw new PoolException(Kind.SHARE, notDone("shared"), e);
    }
    log.info("replica {}: shared as {} for {}", name, uri(), hosts.isEmpty() ? "any host" : hosts);
  }

  private Path reservationFile() {
    return ShareOptions.fileOfReplica(pool.uuid(), uuid);
  }

  /** The replica is no more: nobody has reserved it. */
  void forgetReservations() {
    try {
      pool.parts().target().forgetReservations(reservationFile());
    } catch (TargetException e) {
      // Nothing is wrong but a file that is left over, and of a uuid that does not come back.
      log.warn("replica {}: {}", name, e.getMessage());
    }
  }

  /** Of a predecessor of this service: its hosts are connected still. */
  private Optional<Subsystem> leftShare(DeviceSlot device) {
    return pool.parts()
        .target()
        .find(NvmeTarget.NQN_PREFIX + device.name())
        .filter(found -> found.device() == device && found.options().origin() == Origin.REPLICA);
  }

  /** Ends the share, also one that a predecessor has left, and does not say so on the disk. */
  void endShare() {
    var shared = Optional.ofNullable(subsystem).or(() -> device().flatMap(this::leftShare));
    if (shared.isEmpty()) return;
    pool.parts().target().unshare(shared.get());
    subsystem = null;
  }

  /** Of the share, or of the device in this node. */
  String uri() {
    var shared = subsystem;
    if (shared != null) {
      var uris = pool.parts().target().shareUris(shared);
      if (!uris.isEmpty()) return uris.getFirst() + "?uuid=" + uuid;
    }
    var device = slot;
    return localUri(device == null ? name : device.name());
  }

  Set<String> hosts(Lvol lvol) {
    var shared = subsystem;
    return shared == null ? lvol.allowedHosts() : shared.options().hosts();
  }

  String notDone(String what) {
    return "Replica %s (%s) was not %s.".formatted(name, uuid, what);
  }

  // For callers.

  @Override
  public ReplicaInfo info() throws PoolException {
    return pool.work().info(this);
  }

  @Override
  public String share(Set<String> hosts) throws PoolException {
    return pool.work().share(this, hosts);
  }

  @Override
  public void unshare() throws PoolException {
    pool.work().unshare(this);
  }

  @Override
  public void resize(long bytes) throws PoolException {
    pool.work().resize(this, bytes);
  }

  @Override
  public void entityId(String entityId) throws PoolException {
    pool.work().entityId(this, entityId);
  }

  @Override
  public Replica snapshot(SnapshotSpec spec) throws PoolException {
    return pool.work().snapshot(this, spec);
  }

  @Override
  public Replica cloneTo(String cloneName, UUID cloneUuid, Instant createdAt) throws PoolException {
    return pool.work().cloneTo(this, cloneName, cloneUuid, createdAt);
  }

  @Override
  public void wipe(WipeSpec spec, WipeWatcher watcher) throws PoolException {
    WipeWork.run(pool, this, spec, watcher);
  }

  @Override
  public List<ReplicaInfo> clones() throws PoolException {
    return pool.work().clones(this);
  }

  @Override
  public void destroy() throws PoolException {
    pool.work().destroy(this);
  }

  @Override
  public String toString() {
    return name;
  }
}
