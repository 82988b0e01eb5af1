package io.tenon.pool.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobInfo;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.block.DeviceListener;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolInfo;
import io.tenon.pool.PoolState;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.ReplicaSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool with its place in the node: its disk, its store, the block devices of its replicas. Changes go one after the other; what only
 * looks does not wait for them.
 */
final class ServedPool implements Pool {
  private static final Logger log = LoggerFactory.getLogger(ServedPool.class);
  private static final int PAGE_BYTES = 4096;

  /** Longer than any disk's I/O time-out: by then everything in flight has been answered. */
  private static final long DRAIN_SECONDS = 150;

  private final PoolParts parts;
  private final PoolDisk disk;
  private final PoolIdentity identity;
  private final Runnable forget;
  private final ConcurrentSkipListMap<BlobId, ServedReplica> replicas =
      new ConcurrentSkipListMap<>();
  private final ReplicaWork work = new ReplicaWork(this);
  private final DeviceListener diskEvents = new DiskEvents();
  private final ReentrantLock changing = new ReentrantLock(true);
  private volatile Blobstore store;

  /** Why the pool cannot work; empty when it can. */
  private volatile String suspended = "";

  private volatile boolean closed;

  /** What is told is only a reason to look whether the pool has to be suspended or can come back. */
  private final class DiskEvents implements DeviceListener {
    @Override
    public void stateChanged(SlotStatus now) {
      boolean matters = now.state() == SlotState.FAILED || now.state() == SlotState.READY;
      if (matters) parts.blocking().execute(ServedPool.this::followDisk);
    }
  }

  /**
   * @param forget called when the pool is closed
   */
  ServedPool(
      PoolParts parts, PoolDisk disk, Blobstore store, PoolIdentity identity, Runnable forget) {
    this.parts = parts;
    this.disk = disk;
    this.store = store;
    this.identity = identity;
    this.forget = forget;
  }

  /** Lists its replicas as block devices, shares what was shared, ends what waits for nothing any more. */
  void start() {
    changing.lock();
    try {
      for (Lvol lvol : census().all()) add(lvol);
      work.sweep();
      work.shareAgain();
    } finally {
      changing.unlock();
    }
    disk.slot().addListener(diskEvents);
    followDisk();
  }

  ServedReplica add(Lvol lvol) {
    var replica = new ServedReplica(this, lvol);
    replica.open(lvol, store);
    replicas.put(lvol.id(), replica);
    return replica;
  }

  void remove(ServedReplica replica) {
    replicas.remove(replica.id());
  }

  PoolParts parts() {
    return parts;
  }

  Blobstore store() {
    return store;
  }

  PoolDisk disk() {
    return disk;
  }

  Iterable<ServedReplica> served() {
    return replicas.values();
  }

  Optional<ServedReplica> served(BlobId id) {
    return Optional.ofNullable(replicas.get(id));
  }

  /** Everything as it is at this moment. */
  Census census() {
    return new Census(store.blobs(), store.superBlob(), store.info().clusterBytes());
  }

  @Override
  public String name() {
    return identity.name();
  }

  @Override
  public UUID uuid() {
    return identity.uuid();
  }

  // Looking.

  @Override
  public PoolInfo info() {
    var now = store.info();
    long cluster = now.clusterBytes();
    var findings = new ArrayList<>(now.findings());
    store.unopened().forEach((id, why) -> findings.add("Blob " + id + " cannot be opened: " + why));
    for (ServedReplica replica : served()) {
      if (replica.problem().isEmpty()) continue;
      findings.add("%s has no block device: %s".formatted(replica, replica.problem()));
    }
    String reason = reason();
    return new PoolInfo(
        name(),
        uuid(),
        disk.uri(),
        reason.isEmpty() ? PoolState.ONLINE : PoolState.SUSPENDED,
        reason,
        now.dataClusters() * cluster,
        (now.dataClusters() - now.freeClusters()) * cluster,
        census().committedBytes(),
        cluster,
        disk.slot().geometry().sizeBytes(),
        PAGE_BYTES,
        now.metadataPages(),
        now.metadataPages() - now.freePages(),
        findings);
  }

  /** Why it is not online. */
  private String reason() {
    if (!suspended.isEmpty()) return suspended;
    var status = disk.slot().status();
    if (status.state() == SlotState.READY) return "";
    String waits = status.waitsFor();
    return "Its disk %s is %s: %s%s"
        .formatted(
            disk.slot().name(),
            status.state(),
            status.reason(),
            waits.isEmpty() ? "" : " It waits for " + waits + ".");
  }

  @Override
  public List<ReplicaInfo> replicas() {
    var census = census();
    var infos = new ArrayList<ReplicaInfo>();
    for (Lvol lvol : census.all()) {
      var replica = replicas.get(lvol.id());
      if (replica != null) infos.add(work.view(replica, lvol, census));
    }
    return infos;
  }

  @Override
  public Optional<Replica> findReplica(UUID uuid) {
    for (ServedReplica replica : replicas.values()) {
      if (replica.uuid().equals(uuid)) return Optional.of(replica);
    }
    return Optional.empty();
  }

  // Changing.

  /** Something that is done while nothing else is. */
  interface Change<T> {
    T run() throws PoolException, BlobstoreException;
  }

  /**
   * @param what will not have happened when it fails; a sentence
   */
  <T> T change(String what, Change<T> change) throws PoolException {
    changing.lock();
    try {
      if (closed) {
        throw new PoolException(
            Kind.POOL_NOT_FOUND, what, "Pool " + name() + " was closed.", "Import it.");
      }
      if (!suspended.isEmpty()) {
        throw new PoolException(Kind.SUSPENDED, what, suspended, "Bring its disk back.");
      }
      return change.run();
    } catch (BlobstoreException e) {
      throw Failures.of(what, e);
    } finally {
      changing.unlock();
    }
  }

  ReplicaWork work() {
    return work;
  }

  @Override
  public Replica create(ReplicaSpec spec) throws PoolException {
    return work.create(spec);
  }

  @Override
  public void grow() throws PoolException {
    change(
        "Pool " + name() + " was not grown.",
        () -> {
          store.grow();
          return true;
        });
    var now = info();
    log.info("pool {}: {} of {} bytes", name(), now.capacityBytes(), now.diskBytes());
  }

  // The end.

  @Override
  public void export() throws PoolException {
    String what = "Pool " + name() + " was not exported.";
    changing.lock();
    try {
      if (closed) return;
      checkUnused(what);
      closeReplicas(what);
      leave(what);
    } finally {
      changing.unlock();
    }
    log.info("pool {}: exported from {}", name(), disk.uri());
  }

  @Override
  public void destroy() throws PoolException {
    String what = "Pool " + name() + " was not destroyed.";
    change(
        what,
        () -> {
          checkUnused(what);
          closeReplicas(what);
          var destroyed = new ArrayList<ServedReplica>();
          served().forEach(destroyed::add);
          try {
            deleteAll();
          } catch (BlobstoreException e) {
            openReplicas();
            throw e;
          }
          disk.eraseSuperBlock();
          store.abandon();
          for (ServedReplica replica : destroyed) replica.forgetReservations();
          end();
          return true;
        });
    log.info("pool {}: destroyed, {} is free", name(), disk.uri());
  }

  private void checkUnused(String what) throws PoolException {
    for (ServedReplica replica : served()) {
      var user = replica.user();
      if (user.isEmpty()) continue;
      throw new PoolException(
          Kind.IN_USE,
          what,
          "%s belongs to %s.".formatted(replica, user.get()),
          "Release it there first.");
    }
  }

  /** All or none: when one cannot be closed, the others are opened again. */
  private void closeReplicas(String what) throws PoolException {
    try {
      for (ServedReplica replica : served()) {
        replica.endShare();
        replica.close(what);
      }
    } catch (PoolException e) {
      openReplicas();
      throw e;
    }
  }

  private void openReplicas() {
    for (Lvol lvol : census().all()) {
      var replica = replicas.get(lvol.id());
      if (replica != null && replica.device().isEmpty()) replica.open(lvol, store);
    }
    work.shareAgain();
  }

  /** Those that nothing builds upon first. Discards clusters as the replicas ask for. */
  private void deleteAll() throws BlobstoreException {
    var open = new TreeSet<BlobId>();
    store.blobs().stream().map(BlobInfo::id).forEach(open::add);
    while (!open.isEmpty()) {
      var leaves = store.blobs().stream().filter(blob -> blob.children().isEmpty()).toList();
      for (BlobInfo leaf : leaves) {
        store.delete(leaf.id());
        open.remove(leaf.id());
        replicas.remove(leaf.id());
      }
    }
  }

  /** The clean end of the store, or the only one that is left when its disk is away. */
  private void leave(String what) throws PoolException {
    try {
      if (suspended.isEmpty()) store.unload();
    } catch (BlobstoreException e) {
      log.warn("pool {}: closed without a clean end: {}", name(), e.getMessage());
      store.abandon();
      end();
      throw Failures.of(what + " It is closed, and will be recovered by the next import.", e);
    }
    end();
  }

  private void end() {
    closed = true;
    disk.slot().removeListener(diskEvents);
    disk.close();
    replicas.clear();
    forget.run();
  }

  /** The service stops: whoever uses a replica loses it. */
  void shutDown() throws PoolException {
    String what = "Pool " + name() + " was not closed in order.";
    changing.lock();
    try {
      if (closed) return;
      for (ServedReplica replica : served()) replica.endShare();
      boolean ended = failReplicas("Pool " + name() + " is closed: its service stops.");
      for (ServedReplica replica : served()) {
        if (replica.user().isPresent()) {
          log.warn("replica {}: lost by {}", replica, replica.user().get());
        } else {
          replica.close(what);
        }
      }
      if (ended) leave(what);
      else end();
    } finally {
      changing.unlock();
    }
  }

  /**
   * @return false when the I/O of one does not end
   */
  private boolean failReplicas(String why) {
    var ends = new ArrayList<CompletionStage<Void>>();
    for (ServedReplica replica : served()) replica.fail(why).ifPresent(ends::add);
    try {
      for (CompletionStage<Void> end : ends) {
        end.toCompletableFuture().get(DRAIN_SECONDS, TimeUnit.SECONDS);
      }
      return true;
    } catch (TimeoutException e) {
      log.error("pool {}: I/O is in flight after {} seconds", name(), DRAIN_SECONDS);
    } catch (ExecutionException e) {
      log.error("pool {}: a replica was not closed by a bug", name(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  // A disk that goes and comes back.

  private void followDisk() {
    changing.lock();
    try {
      if (closed) return;
      if (disk.slot().state() == SlotState.FAILED && suspended.isEmpty()) suspend();
      if (disk.slot().state() == SlotState.READY && !suspended.isEmpty()) comeBack();
    } finally {
      changing.unlock();
    }
  }

  /** What is in memory is of no worth any more: something may have been under way to the disk. */
  private void suspend() {
    String why =
        "Its disk %s has failed: %s It waits for the disk."
            .formatted(disk.slot().name(), disk.slot().status().reason());
    suspended = why;
    log.error("pool {}: suspended. {}", name(), why);
    if (failReplicas("Pool " + name() + " is suspended. " + why)) store.abandon();
    else suspended = why + " I/O to it has not ended; export the pool and import it.";
  }

  private void comeBack() {
    try {
      var loaded = PoolIdentity.load(parts.blobstores(), disk);
      if (!loaded.identity().equals(identity)) {
        loaded.store().abandon();
        suspended = "The disk that came back has " + loaded.identity() + ".";
        log.error("pool {}: stays suspended. {}", name(), suspended);
        return;
      }
      store = loaded.store();
    } catch (PoolException e) {
      suspended = "Its disk came back, but: " + e.getMessage();
      log.error("pool {}: stays suspended. {}", name(), suspended);
      return;
    }
    suspended = "";
    var census = census();
    for (Lvol lvol : census.all()) {
      var replica = replicas.get(lvol.id());
      if (replica == null) add(lvol);
      else replica.reopen(lvol, store);
    }
    for (ServedReplica replica : served()) {
      if (census.find(replica.id()).isEmpty()) remove(replica);
    }
    work.sweep();
    work.shareAgain();
    log.info("pool {}: online again", name());
  }

  @Override
  public String toString() {
    return name();
  }
}
