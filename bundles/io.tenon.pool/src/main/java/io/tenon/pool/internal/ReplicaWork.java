package io.tenon.pool.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoOperation;
import io.tenon.block.SnapshotSpec;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.ReplicaSpec;
import io.tenon.pool.SnapshotInfo;
import io.tenon.pool.WipeSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is done with a pool's replicas, snapshots and clones, and the rules of it. */
final class ReplicaWork {
  private static final Logger log = LoggerFactory.getLogger(ReplicaWork.class);

  /** A new thick replica is cleared so far at least: whatever looks for old filesystems or partitions finds none. */
  private static final long WIPED_BYTES = 8 << 20;

  private final ServedPool pool;

  ReplicaWork(ServedPool pool) {
    this.pool = pool;
  }

  // Looking.

  ReplicaInfo info(ServedReplica replica) throws PoolException {
    var census = pool.seen();
    if (census.find(replica.id()).isEmpty()) census = pool.seenAnew();
    return view(replica, lvol(replica, census, replica + " has no information."), census);
  }

  private static Lvol lvol(ServedReplica replica, Census census, String what) throws PoolException {
    return census
        .find(replica.id())
        .filter(lvol -> lvol.uuid().equals(replica.uuid()))
        .orElseThrow(
            () ->
                new PoolException(Kind.REPLICA_NOT_FOUND, what, "It does not exist any more.", ""));
  }

  ReplicaInfo view(ServedReplica replica, Lvol lvol, Census census) {
    var usage = census.usage(lvol);
    var kind = census.kind(lvol);
    Optional<SnapshotInfo> snapshot = Optional.empty();
    if (kind == ReplicaInfo.Kind.SNAPSHOT) {
      snapshot =
          Optional.of(
              new SnapshotInfo(
                  lvol.parentReplica(),
                  lvol.entityId().orElse(""),
                  lvol.txnId(),
                  lvol.snapshotTime(),
                  lvol.isDiscarded(),
                  lvol.isValidSnapshot(),
                  census.clonesOf(lvol).size()));
    }
    return new ReplicaInfo(
        lvol.name(),
        lvol.uuid(),
        pool.name(),
        pool.uuid(),
        kind,
        usage.clusters() * usage.clusterBytes(),
        lvol.blob().thin(),
        replica.isShared(),
        replica.uri(),
        replica.hosts(lvol),
        lvol.entityId(),
        census.source(lvol).map(Lvol::uuid),
        usage,
        snapshot,
        replica.problem());
  }

  List<ReplicaInfo> clones(ServedReplica replica) throws PoolException {
    var census = pool.seen();
    var lvol = lvol(replica, census, "The clones of " + replica + " are not known.");
    return census.clonesOf(lvol).stream()
        .flatMap(clone -> pool.served(clone.id()).map(one -> view(one, clone, census)).stream())
        .toList();
  }

  // Making.

  Replica create(ReplicaSpec spec) throws PoolException {
    String what = notCreated("Replica", spec.name());
    return pool.change(
        what,
        () -> {
          checkNew(what, spec.name(), spec.uuid());
          long clusters = clusters(what, spec.sizeBytes(), Kind.TOO_LARGE);
          boolean unmaps = pool.disk().slot().supports(IoOperation.UNMAP);
          var blob =
              new BlobSpec(
                  clusters,
                  spec.thin(),
                  MapForm.TABLE,
                  unmaps ? ClearMethod.UNMAP : ClearMethod.NONE,
                  Lvol.ofReplica(spec.name(), spec.uuid(), spec.entityId()));
          var id =
              spec.cleared()
                  ? pool.store().createCleared(blob, ReplicaWork::goesOn)
                  : pool.store().create(blob);
          var made = addNew(what, id);
          if (!spec.thin() && !spec.cleared()) wipe(what, made, unmaps);
          log.info(
              "pool {}: replica {} created, {} clusters, {}",
              pool,
              made,
              clusters,
              spec.thin() ? "thin" : "thick");
          return made;
        });
  }

  /** Until the thread that asks for it is interrupted. */
  private static boolean goesOn(long done, long clusters) {
    return !Thread.currentThread().isInterrupted();
  }

  private static String notCreated(String kind, String name) {
    return "%s %s was not created.".formatted(kind, name);
  }

  private void checkNew(String what, String name, UUID uuid) throws PoolException {
    checkNewHere(what, name, uuid);
    if (pool.parts().devices().find(name).isEmpty()) return;
    throw exists(what, "There is a block device of this name on this node.", "name");
  }

  /** Snapshots of a volume have the same name in every pool. */
  private void checkNewHere(String what, String name, UUID uuid) throws PoolException {
    checkName(what, name);
    var census = pool.census();
    if (census.hasUuid(uuid) || pool.parts().devices().find(uuid.toString()).isPresent()) {
      throw exists(what, "There is one with uuid " + uuid + " on this node.", "uuid");
    }
    if (census.hasName(name)) throw exists(what, "There is one of this name in the pool.", "name");
  }

  private static PoolException exists(String what, String why, String choose) {
    return new PoolException(Kind.REPLICA_EXISTS, what, why, "Choose another " + choose + ".");
  }

  /** Of a pool or a replica. */
  static void checkName(String what, String name) throws PoolException {
    int bytes = name.getBytes(UTF_8).length;
    boolean plain = name.chars().noneMatch(c -> Character.isISOControl(c) || c == '/');
    if (bytes >= 1 && bytes <= Lvol.MOST_NAME_BYTES && plain) return;
    throw new PoolException(
        Kind.INVALID_ARGUMENT,
        what,
        "A name has 1 to %d bytes and neither slashes nor control characters."
            .formatted(Lvol.MOST_NAME_BYTES),
        "Choose another name.");
  }

  private long clusters(String what, long bytes, Kind whenTooLarge) throws PoolException {
    var store = pool.store().info();
    long capacity = store.dataClusters() * store.clusterBytes();
    if (bytes <= 0) {
      throw new PoolException(
          Kind.INVALID_ARGUMENT, what, "Its size is not more than 0.", "Ask for more.");
    }
    if (bytes > capacity) {
      throw new PoolException(
          whenTooLarge,
          what,
          "%d bytes are more than pool %s can hold at all, which is %d."
              .formatted(bytes, pool, capacity),
          "Ask for less, or use a larger pool.");
    }
    return (bytes + store.clusterBytes() - 1) / store.clusterBytes();
  }

  /** A blob that cannot be a block device is deleted again. */
  private ServedReplica addNew(String what, BlobId id) throws PoolException, BlobstoreException {
    var made = pool.add(new Lvol(pool.store().blob(id)));
    if (made.device().isPresent()) return made;
    undo(made);
    throw new PoolException(Kind.INTERNAL, what, made.problem(), "Remove the cause and try again.");
  }

  private void undo(ServedReplica made) throws PoolException, BlobstoreException {
    made.close(made + " stays open.");
    pool.remove(made);
    pool.store().delete(made.id());
  }

  private void wipe(String what, ServedReplica made, boolean unmaps)
      throws PoolException, BlobstoreException {
    DeviceSlot slot = made.device().orElseThrow();
    long size = slot.geometry().sizeBytes();
    try (var io = new PlainIo(slot, pool.parts().reactor())) {
      if (unmaps) io.unmap(0, size);
      io.writeZeroes(0, Math.min(size, WIPED_BYTES));
    } catch (DeviceException e) {
      undo(made);
      throw Failures.of(what, e);
    }
  }

  Replica snapshot(ServedReplica origin, SnapshotSpec spec) throws PoolException {
    String what = notCreated("Snapshot", spec.name());
    return pool.change(
        what,
        () -> {
          if (spec.entityId().isEmpty() || spec.txnId().isEmpty()) {
            throw new PoolException(
                Kind.INVALID_ARGUMENT,
                what,
                "Its " + (spec.txnId().isEmpty() ? "txn" : "entity") + " id is empty.",
                "Say which volume it is of and which transaction makes it.");
          }
          var lvol = lvol(origin, pool.census(), what);
          checkNoSnapshot(lvol, what);
          checkNewHere(what, spec.name(), spec.uuid());
          var xattrs = Lvol.ofSnapshot(spec, lvol.uuid());
          var made = addNew(what, pool.store().snapshot(origin.id(), xattrs));
          log.info("pool {}: snapshot {} of {} created", pool, made, origin);
          return made;
        });
  }

  private static void checkNoSnapshot(Lvol lvol, String what) throws PoolException {
    if (!lvol.isSnapshot()) return;
    throw new PoolException(
        Kind.READ_ONLY,
        what,
        lvol.name() + " is a snapshot, which never changes.",
        "Make a clone of it.");
  }

  Replica cloneTo(ServedReplica snapshot, String name, UUID uuid, Instant createdAt)
      throws PoolException {
    String what = notCreated("Clone", name);
    return pool.change(
        what,
        () -> {
          var lvol = lvol(snapshot, pool.census(), what);
          if (!lvol.isSnapshot()) {
            throw new PoolException(
                Kind.INVALID_ARGUMENT,
                what,
                snapshot + " is no snapshot.",
                "Make a snapshot of it first.");
          }
          if (lvol.isDiscarded()) {
            throw new PoolException(
                Kind.DISCARDED,
                what,
                "Snapshot " + snapshot + " is deleted and only kept for its other clones.",
                "Use another snapshot.");
          }
          checkNew(what, name, uuid);
          var xattrs = Lvol.ofClone(name, uuid, lvol.uuid(), createdAt);
          var made = addNew(what, pool.store().cloneOf(snapshot.id(), xattrs));
          log.info("pool {}: clone {} of {} created", pool, made, snapshot);
          return made;
        });
  }

  // Changing.

  String share(ServedReplica replica, Set<String> hosts) throws PoolException {
    String what = replica.notDone("shared");
    return pool.change(
        what,
        () -> {
          var lvol = lvol(replica, pool.census(), what);
          checkNoSnapshot(lvol, what);
          boolean before = replica.isShared();
          if (!before) replica.shareFor(hosts);
          String uri = replica.uri();
          try {
            if (uri.startsWith("bdev:")) {
              throw new PoolException(
                  Kind.SHARE, what, "No transport listens.", "Install one, such as NVMe/TCP.");
            }
            put(replica, lvol.sharing(hosts));
          } catch (PoolException | BlobstoreException e) {
            if (!before) replica.endShare();
            throw e;
          }
          // Hosts of a share that is there change last: nothing of a refused change is felt.
          if (before) replica.shareFor(hosts);
          return uri;
        });
  }

  private void put(ServedReplica replica, Map<String, Optional<byte[]>> changes)
      throws BlobstoreException {
    if (!changes.isEmpty()) pool.store().xattrs(replica.id(), changes);
  }

  void unshare(ServedReplica replica) throws PoolException {
    String what = replica.notDone("unshared");
    pool.change(
        what,
        () -> {
          var lvol = lvol(replica, pool.census(), what);
          put(replica, lvol.unsharing());
          replica.endShare();
          return true;
        });
  }

  void entityId(ServedReplica replica, String entityId) throws PoolException {
    String what = replica.notDone("told what it belongs to");
    pool.change(
        what,
        () -> {
          var lvol = lvol(replica, pool.census(), what);
          checkNoSnapshot(lvol, what);
          if (lvol.entityId().equals(Optional.of(entityId))) return true;
          put(replica, Lvol.belongingTo(entityId));
          return true;
        });
  }

  void resize(ServedReplica replica, long bytes) throws PoolException {
    String what = replica.notDone("resized");
    pool.change(
        what,
        () -> {
          var lvol = lvol(replica, pool.census(), what);
          checkNoSnapshot(lvol, what);
          long clusters = clusters(what, bytes, Kind.NO_SPACE);
          boolean used = replica.isShared() || replica.user().isPresent();
          if (clusters < lvol.blob().clusters() && used) {
            throw new PoolException(
                Kind.IN_USE,
                what,
                "It is in use, and would lose data.",
                "Unshare it, or release it, before it is made smaller.");
          }
          pool.store().resize(replica.id(), clusters);
          log.info("pool {}: {} has {} clusters", pool, replica, clusters);
          return true;
        });
  }

  /** What overwrites a replica is for one that nobody uses. Under the pool's lock. */
  void checkWipe(ServedReplica replica, WipeSpec spec, String what) throws PoolException {
    var lvol = lvol(replica, pool.census(), what);
    if (!spec.method().overwrites()) return;
    checkNoSnapshot(lvol, what);
    if (!replica.isShared()) return;
    throw new PoolException(
        Kind.IN_USE, what, "It is shared, and hosts may use it.", "Unshare it first.");
  }

  // Deleting.

  void destroy(ServedReplica replica) throws PoolException {
    String what = replica.notDone("destroyed");
    pool.change(
        what,
        () -> {
          var census = pool.census();
          var lvol = lvol(replica, census, what);
          if (lvol.isSnapshot() && !census.clonesOf(lvol).isEmpty()) {
            if (!lvol.isDiscarded()) put(replica, Lvol.discarding());
            log.info("pool {}: snapshot {} is discarded, and kept for its clones", pool, replica);
            return true;
          }
          delete(replica, lvol, what);
          sweep();
          return true;
        });
  }

  private void delete(ServedReplica replica, Lvol lvol, String what)
      throws PoolException, BlobstoreException {
    if (lvol.blob().children().size() > 1) {
      throw new PoolException(
          Kind.IN_USE,
          what,
          "Several others build upon it.",
          "Delete the snapshots of its clones first.");
    }
    var user = replica.user();
    if (user.isPresent()) {
      throw new PoolException(
          Kind.IN_USE, what, "It belongs to " + user.get() + ".", "Release it there first.");
    }
    replica.endShare();
    try {
      replica.close(what);
      pool.store().delete(replica.id());
    } catch (PoolException | BlobstoreException e) {
      if (replica.device().isEmpty()) replica.open(lvol, pool.store());
      shareAgain();
      throw e;
    }
    pool.remove(replica);
    replica.forgetReservations();
    log.info("pool {}: {} destroyed", pool, replica);
  }

  /** Deletes discarded snapshots that nothing keeps any more; with one of them, another may come free. */
  void sweep() {
    while (true) {
      var deletable = pool.census().deletable();
      if (deletable.isEmpty()) return;
      for (Lvol lvol : deletable) {
        try {
          var replica = pool.served(lvol.id());
          if (replica.isEmpty()) return;
          delete(replica.get(), lvol, "Discarded snapshot " + lvol.name() + " was not deleted.");
        } catch (PoolException | BlobstoreException e) {
          log.warn("pool {}: {}", pool, e.getMessage());
          return;
        }
      }
    }
  }

  /** As the disk says, also of shares that are there: of a change that failed, nobody knows what became of it before. */
  void shareAgain() {
    for (Lvol lvol : pool.census().all()) {
      var replica = pool.served(lvol.id());
      if (replica.isEmpty()) continue;
      try {
        if (!lvol.isToBeShared()) replica.get().endShare();
        else if (!replica.get().isSharedFor(lvol.allowedHosts()))
          replica.get().shareFor(lvol.allowedHosts());
      } catch (PoolException e) {
        log.error("pool {}: {}", pool, e.getMessage());
      }
    }
  }
}
