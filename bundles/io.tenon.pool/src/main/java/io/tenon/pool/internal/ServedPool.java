package io.tenon.pool.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobInfo;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.error.Check;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
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
  private static final long DRAIN_NS = TimeUnit.SECONDS.toNanos(150);

  private final PoolParts parts;
  private final PoolDisk disk;
  private final PoolIdentity identity;
  private final Home home;
  private final ConcurrentSkipListMap<BlobId, ServedReplica> replicas =
      new ConcurrentSkipListMap<>();
  private final ReplicaWork work = new ReplicaWork(this);
  private final OneAtATime changing;
  private final Sight sight;
  private final DiskFollower follower;
  private final Whereabouts whereabouts;
  private volatile Blobstore store;

  private volatile boolean closed;

  /** It is closed, and a successor has it, or will. */
  private volatile boolean left;

  /** Where pools are at home. */
  interface Home {
    /** The node is not to bring it back any more. */
    void forgetDurably(String pool);

    /** It is, after all. */
    void remember(ServedPool pool);

    /** It is closed. */
    void left(ServedPool pool);
  }

  ServedPool(PoolParts parts, PoolDisk disk, Blobstore store, PoolIdentity identity, Home home) {
    this.parts = parts;
    this.disk = disk;
    this.store = store;
    this.identity = identity;
    this.home = home;
    changing = new OneAtATime("Pool " + identity.name(), parts.reactor(), parts.clock());
    whereabouts = new Whereabouts(identity.name(), parts.memory().node());
    sight = new Sight(parts, store);
    follower = new DiskFollower(this);
  }

  /** Lists its replicas as block devices, shares what was shared, ends what waits for nothing any more. */
  void start() {
    try (var _ = changing("It is being opened.")) {
      whereabouts.mark(store);
      for (Lvol lvol : census().all()) add(lvol);
      work.sweep();
      work.shareAgain();
    }
    follower.start();
  }

  Whereabouts whereabouts() {
    return whereabouts;
  }

  /** Until it is closed, nobody else changes the pool; waits for its turn however long that takes. */
  OneAtATime.Held changing(String doing) {
    return changing.take(doing);
  }

  boolean isClosed() {
    return closed;
  }

  /** Who looks at it here is shown what was there last. */
  boolean isLeft() {
    return left;
  }

  private void checkNotLeft(String what) throws PoolException {
    if (!left) return;
    throw new PoolException(
        Kind.BUSY, what, "Its service is being replaced.", "Try again when that is done.");
  }

  /** Of its replicas, snapshots and clones. */
  List<DeviceSlot> devices() {
    var devices = new ArrayList<DeviceSlot>();
    for (ServedReplica replica : served()) replica.device().ifPresent(devices::add);
    return devices;
  }

  PoolIdentity identity() {
    return identity;
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

  /** For those who only look; see {@link Sight}. */
  Census seen() {
    return sight.of(store).census();
  }

  /** For who looks for something that was just made; see {@link Sight#anew}. */
  Census seenAnew() {
    return sight.anew(store).census();
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
    var seen = sight.of(store);
    var now = seen.info();
    long cluster = now.clusterBytes();
    var findings = new ArrayList<>(now.findings());
    seen.unopened().forEach((id, why) -> findings.add("Blob " + id + " cannot be opened: " + why));
    for (ServedReplica replica : served()) {
      if (replica.problem().isEmpty()) continue;
      findings.add("%s has no block device: %s".formatted(replica, replica.problem()));
    }
    if (!seen.old().isEmpty()) findings.add(seen.old());
    findings.addAll(whereabouts.findings());
    String reason = reason();
    return new PoolInfo(
        name(),
        uuid(),
        disk.uri(),
        reason.isEmpty() ? PoolState.ONLINE : PoolState.SUSPENDED,
        reason,
        now.dataClusters() * cluster,
        (now.dataClusters() - now.freeClusters()) * cluster,
        seen.census().committedBytes(),
        cluster,
        disk.slot().geometry().sizeBytes(),
        PAGE_BYTES,
        now.metadataPages(),
        now.metadataPages() - now.freePages(),
        findings);
  }

  /** Why it is not online. */
  private String reason() {
    if (!follower.isOnline()) return follower.suspended();
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
    var census = seen();
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
   * @throws PoolException {@link Kind#BUSY} when something else is done with the pool for too long
   */
  <T> T change(String what, Change<T> change) throws PoolException {
    try (var _ = changing.take(underWay(what), what, parts.patienceNs())) {
      checkNotLeft(what);
      if (closed) {
        throw new PoolException(
            Kind.POOL_NOT_FOUND, what, "Pool " + name() + " was closed.", "Import it.");
      }
      if (!follower.isOnline()) {
        throw new PoolException(Kind.SUSPENDED, what, follower.suspended(), "Bring its disk back.");
      }
      return change.run();
    } catch (BlobstoreException e) {
      throw Failures.of(what, e);
    }
  }

  /** For others to read meanwhile. */
  private static String underWay(String what) {
    Check.that(what.contains(" was not "), "no sentence of what was not done: %s", what);
    return what.replaceFirst(" was not ", " is being ");
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
    try (var _ = changing.take(underWay(what), what, parts.patienceNs())) {
      checkNotLeft(what);
      if (closed) return;
      checkUnused(what);
      closeReplicas(what);
      home.forgetDurably(name());
      if (follower.isOnline()) whereabouts.unmark(store);
      leave(what);
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
          home.forgetDurably(name());
          var destroyed = new ArrayList<ServedReplica>();
          served().forEach(destroyed::add);
          try {
            deleteAll();
          } catch (BlobstoreException e) {
            home.remember(this);
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
      if (follower.isOnline()) store.unload();
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
    follower.stop();
    disk.close();
    replicas.clear();
    home.left(this);
  }

  /**
   * The service is being replaced: I/O to replicas waits for its successor, shares stay, and the disk is kept for the pool. Returns
   * when the successor can have it.
   */
  void leave() {
    try (var _ = changing("Its service is being replaced.")) {
      if (closed) return;
      if (!replicasLeft()) return; // nobody may load a pool while I/O of this one is under way
      if (follower.isOnline()) unloadOrAbandon();
      left = true;
      closed = true;
      follower.stop();
      disk.leave();
      home.left(this);
      log.info("pool {}: left to a successor of its service", name());
    }
  }

  private boolean replicasLeft() {
    String who = "The service of pool " + name();
    try {
      var _ = parts.devices().leave(devices(), who).toCompletableFuture().join();
      return true;
    } catch (CompletionException e) {
      log.warn("pool {}: I/O has not ended in time for a successor", name(), e.getCause());
      return failReplicas(who + " went.");
    }
  }

  private void unloadOrAbandon() {
    try {
      store.unload();
    } catch (BlobstoreException e) {
      log.warn("pool {}: closed without a clean end: {}", name(), e.getMessage());
      store.abandon();
    }
  }

  /** The service stops: whoever uses a replica loses it. */
  void shutDown() throws PoolException {
    String what = "Pool " + name() + " was not closed in order.";
    try (var _ = changing("Its service stops.")) {
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
    }
  }

  /**
   * @return false when the I/O of one does not end
   */
  boolean failReplicas(String why) {
    var ends = new ArrayList<CompletionStage<?>>();
    for (ServedReplica replica : served()) replica.fail(why).ifPresent(ends::add);
    return ended(ends);
  }

  /** Their I/O waits for what comes next. As {@link #failReplicas}. */
  boolean vacateReplicas(String why, String waitsFor) {
    var ends = new ArrayList<CompletionStage<?>>();
    for (ServedReplica replica : served()) replica.vacate(why, waitsFor).ifPresent(ends::add);
    return ended(ends);
  }

  private boolean ended(List<CompletionStage<?>> ends) {
    var all =
        CompletableFuture.allOf(
            ends.stream()
                .map(CompletionStage::toCompletableFuture)
                .toArray(CompletableFuture[]::new));
    if (!Patience.sees(all, DRAIN_NS, parts.reactor())) {
      log.error(
          "pool {}: I/O is in flight after {} s", name(), TimeUnit.NANOSECONDS.toSeconds(DRAIN_NS));
      return false;
    }
    if (!all.isCompletedExceptionally()) return true;
    log.error("pool {}: a replica was not closed", name(), all.exceptionNow());
    return false;
  }

  /** Takes up a store that was loaded anew: the same replicas go on, others come and go with it. */
  void reload(Blobstore loaded) {
    store = loaded;
    if (!whereabouts.isMarked()) whereabouts.mark(store);
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
  }

  @Override
  public String toString() {
    return name();
  }
}
