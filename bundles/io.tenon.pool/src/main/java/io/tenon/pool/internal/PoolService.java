package io.tenon.pool.internal;

import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevices;
import io.tenon.error.TenonException;
import io.tenon.nvme.NvmeTarget;
import io.tenon.pool.AbsentPool;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.Pools;
import io.tenon.pool.Replica;
import io.tenon.reactor.Reactors;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's pools: makes them, finds them on disks, and knows them by name. Immediate, for pools come back whether or not somebody
 * asks for them.
 */
@Component(
    service = Pools.class,
    immediate = true,
    configurationPid = {"io.tenon.node", "io.tenon.pool"})
public final class PoolService implements Pools, ServedPool.Home {
  private static final Logger log = LoggerFactory.getLogger(PoolService.class);
  private static final long MIB = 1 << 20;
  private static final long CLUSTER_BYTES = 4 * MIB;
  private static final long MOST_CLUSTER_BYTES = 1024 * MIB;
  private static final long UUID_VERSION_4 = 0x4000;
  private static final long UUID_VARIANT = 1L << 63;

  private final PoolParts parts;
  private final RandomGenerator random;
  private final ReturningPools returning;

  /** By name; guarded by itself, as is what follows. */
  private final TreeMap<String, ServedPool> served = new TreeMap<>();

  /** Names of those that are being made or loaded. */
  private final TreeSet<String> takenNames = new TreeSet<>();

  private boolean closed;

  @Activate
  public PoolService(
      PoolConfig config,
      @Reference BlockDevices devices,
      @Reference NvmeTarget target,
      @Reference Blobstores blobstores,
      @Reference Reactors reactors)
      throws TenonException {
    this(config, devices, target, blobstores, reactors, RandomGenerator.of("SecureRandom"));
  }

  private PoolService(
      PoolConfig config,
      BlockDevices devices,
      NvmeTarget target,
      Blobstores blobstores,
      Reactors reactors,
      RandomGenerator random)
      throws TenonException {
    this(
        new PoolParts(
            devices,
            target,
            blobstores,
            reactors.main(),
            Thread.ofVirtual().name("pool-", 0)::start,
            memory(config, random),
            InstantSource.system(),
            TimeUnit.MILLISECONDS.toNanos(config.busy_wait_ms())),
        random);
    start();
  }

  /**
   * @param random for the uuids of new pools
   */
  PoolService(PoolParts parts, RandomGenerator random) {
    this.parts = parts;
    this.random = random;
    returning = new ReturningPools(parts, this::bringBack);
  }

  private static PoolMemory memory(PoolConfig config, RandomGenerator random)
      throws TenonException {
    if (config.data_dir().isEmpty()) {
      log.warn("pools are not remembered: the node has no data folder");
      return new PassingMemory(new ServingNode(randomUuid(random), config.name()));
    }
    return PoolsFile.open(Path.of(config.data_dir()), config.name(), () -> randomUuid(random));
  }

  /** Begins to bring back what was there before. */
  void start() {
    returning.start();
  }

  // Making and loading.

  @Override
  public Pool create(PoolSpec spec) throws PoolException {
    String what = "Pool " + spec.name() + " was not created.";
    ReplicaWork.checkName(what, spec.name());
    checkCluster(what, spec);
    return remembered(
        reserved(what, spec.name(), spec.disk(), disk -> loadOrMake(spec, disk, what)));
  }

  @Override
  public Pool load(String disk, String name, Optional<UUID> uuid) throws PoolException {
    String what = "Pool " + name + " was not imported.";
    return remembered(reserved(what, name, disk, opened -> expect(open(opened), name, uuid, what)));
  }

  @Override
  public Pool load(String disk, Optional<UUID> uuid) throws PoolException {
    return load(disk, look(disk).name(), uuid);
  }

  /** Which pool is there. */
  private PoolIdentity look(String uri) throws PoolException {
    try (var disk = PoolDisk.open("that is on it", uri, parts.devices(), parts.reactor())) {
      var loaded = open(disk);
      leave(loaded.store());
      return loaded.identity();
    }
  }

  private void bringBack(KnownPool known) throws PoolException {
    String what = "Pool " + known.name() + " did not come back.";
    var _ =
        reserved(
            what,
            known.name(),
            known.disk(),
            disk -> {
              var loaded = expect(open(disk), known.name(), Optional.of(known.uuid()), what);
              if (loaded.isStillOf(parts.memory().node())) return loaded;
              leave(loaded.store());
              throw new PoolException(
                  Kind.OTHER_POOL,
                  what,
                  loaded.elsewhere(),
                  "Import it by hand when it is to live here again and no other node serves it.");
            });
  }

  /** From now on the node brings it back by itself. */
  private Pool remembered(ServedPool pool) {
    returning.drop(pool.name());
    remember(pool);
    return pool;
  }

  @Override
  public void remember(ServedPool pool) {
    try {
      parts.memory().remember(KnownPool.of(pool.identity(), pool.disk()));
    } catch (IOException e) {
      pool.notRemembered(e);
    }
  }

  @Override
  public void forgetDurably(String name) {
    try {
      parts.memory().forget(name);
    } catch (IOException e) {
      // Its disk says all the same that this node does not serve it.
      log.warn("pool {}: this node does not forget it: {}", name, e.toString());
    }
  }

  private static void checkCluster(String what, PoolSpec spec) throws PoolException {
    long bytes = spec.clusterBytes().orElse(CLUSTER_BYTES);
    if (bytes < MIB || bytes > MOST_CLUSTER_BYTES || Long.bitCount(bytes) != 1) {
      throw new PoolException(
          Kind.CLUSTER_SIZE,
          what,
          "Clusters of %d bytes are not possible.".formatted(bytes),
          "Choose a power of two from 1 MiB to 1 GiB.");
    }
    float ratio = spec.metadataRatio().orElse(1.0f);
    // Also refuses what is no number.
    if (ratio > 0 && percent(ratio) >= 1) return;
    throw new PoolException(
        Kind.INVALID_ARGUMENT,
        what,
        "A metadata ratio of %s is not possible.".formatted(ratio),
        "Choose 0.01 or more; 1 is usual.");
  }

  private static int percent(float ratio) {
    return (int) (ratio * 100);
  }

  private interface Opening {
    PoolIdentity.Loaded open(PoolDisk disk) throws PoolException;
  }

  /** Keeps the name for one who makes or loads the pool, and opens the disk for it. */
  private ServedPool reserved(String what, String name, String uri, Opening opening)
      throws PoolException {
    synchronized (served) {
      if (closed) throw stopping(what);
      var present = served.get(name);
      if (present != null) throw exists(what, present, uri);
      if (!takenNames.add(name)) {
        throw new PoolException(
            Kind.BUSY, what, "It is being made or imported already.", "Wait for that to end.");
      }
    }
    try {
      var disk = PoolDisk.open(name, uri, parts.devices(), parts.reactor());
      ServedPool pool = null;
      try {
        pool = serve(disk, opening.open(disk), what);
        return pool;
      } finally {
        if (pool == null) disk.close();
      }
    } finally {
      synchronized (served) {
        takenNames.remove(name);
      }
    }
  }

  private static PoolException stopping(String what) {
    return new PoolException(
        Kind.BUSY, what, "The node's pool service is stopping.", "Try again when it is back.");
  }

  private static PoolException exists(String what, ServedPool present, String uri) {
    return present.disk().isThisDisk(uri)
        ? new PoolException(Kind.POOL_EXISTS, what, "It is loaded already.", "Use it.")
        : new PoolException(
            Kind.INVALID_ARGUMENT,
            what,
            "A pool of this name is on disk %s.".formatted(present.disk().uri()),
            "Choose another name.");
  }

  private PoolIdentity.Loaded open(PoolDisk disk) throws PoolException {
    return PoolIdentity.load(parts.blobstores(), disk);
  }

  private static PoolIdentity.Loaded expect(
      PoolIdentity.Loaded loaded, String name, Optional<UUID> uuid, String what)
      throws PoolException {
    var identity = loaded.identity();
    boolean is = identity.name().equals(name) && uuid.map(identity.uuid()::equals).orElse(true);
    if (is) return loaded;
    leave(loaded.store());
    throw new PoolException(
        Kind.OTHER_POOL,
        what,
        "The disk has %s.".formatted(identity),
        "Import that one, or use another disk.");
  }

  /** It may have been repaired while it was loaded. */
  private static void leave(Blobstore store) {
    try {
      store.unload();
    } catch (BlobstoreException e) {
      log.warn("a pool that was only looked at: {}", e.getMessage());
      store.abandon();
    }
  }

  private ServedPool serve(PoolDisk disk, PoolIdentity.Loaded loaded, String what)
      throws PoolException {
    var identity = loaded.identity();
    var pool = new ServedPool(parts, disk, loaded.store(), identity, this);
    try {
      list(pool, what);
    } catch (PoolException e) {
      leave(loaded.store());
      throw e;
    }
    pool.start();
    log.info("pool {}: loaded from {}, uuid {}", pool, disk.uri(), pool.uuid());
    return pool;
  }

  private void list(ServedPool pool, String what) throws PoolException {
    synchronized (served) {
      if (closed) throw stopping(what);
      for (ServedPool other : served.values()) {
        if (!other.uuid().equals(pool.uuid())) continue;
        throw new PoolException(
            Kind.INVALID_ARGUMENT,
            what,
            "Pool %s has the same uuid %s.".formatted(other, other.uuid()),
            "Export that one first, or give another uuid.");
      }
      served.put(pool.name(), pool);
    }
  }

  @Override
  public void left(ServedPool pool) {
    synchronized (served) {
      served.remove(pool.name(), pool);
    }
  }

  private PoolIdentity.Loaded loadOrMake(PoolSpec spec, PoolDisk disk, String what)
      throws PoolException {
    boolean forced = spec.overwrite().equals(Optional.of(disk.slot().name()));
    if (spec.overwrite().isPresent() && !forced) {
      throw new PoolException(
          Kind.INVALID_ARGUMENT,
          what,
          "Disk %s may be overwritten, but %s would be."
              .formatted(spec.overwrite().get(), disk.slot().name()),
          "Name the disk that you mean.");
    }
    try {
      if (!forced) return expect(open(disk), spec.name(), spec.uuid(), what);
    } catch (PoolException e) {
      if (e.kind() != Kind.NO_POOL) throw e;
      var content = disk.content();
      if (content.isPresent()) {
        throw new PoolException(
            Kind.DISK_HAS_DATA,
            what,
            "Disk %s carries %s, which would be lost. %s"
                .formatted(disk.slot().name(), content.get(), e.why()),
            "Use another disk. If nothing on it is needed, say so by its name, %s."
                .formatted(disk.slot().name()));
      }
    }
    return make(spec, disk, what);
  }

  private PoolIdentity.Loaded make(PoolSpec spec, PoolDisk disk, String what) throws PoolException {
    var identity = new PoolIdentity(spec.name(), spec.uuid().orElseGet(() -> randomUuid(random)));
    var format =
        new Blobstores.Format(
            spec.clusterBytes().orElse(CLUSTER_BYTES),
            percent(spec.metadataRatio().orElse(1.0f)),
            PoolIdentity.STORE_TYPE);
    try {
      var store = parts.blobstores().format(disk.slot(), format);
      try {
        var xattrs = Lvol.ofPool(identity.name(), identity.uuid());
        store.superBlob(store.create(BlobSpec.thick(0).withXattrs(xattrs)));
        return new PoolIdentity.Loaded(store, identity, Optional.empty());
      } catch (BlobstoreException e) {
        store.abandon();
        throw e;
      }
    } catch (BlobstoreException e) {
      throw Failures.of(what, e);
    }
  }

  private static UUID randomUuid(RandomGenerator random) {
    long high = (random.nextLong() & ~0xF000L) | UUID_VERSION_4;
    return new UUID(high, (random.nextLong() >>> 2) | UUID_VARIANT);
  }

  // Finding.

  @Override
  public List<AbsentPool> absent() {
    return returning.all().stream().filter(pool -> findByName(pool.name()).isEmpty()).toList();
  }

  @Override
  public boolean forget(String name) {
    if (!returning.drop(name)) return false;
    forgetDurably(name);
    log.info("pool {}: not waited for any more", name);
    return true;
  }

  @Override
  public List<Pool> all() {
    synchronized (served) {
      return List.copyOf(served.values());
    }
  }

  @Override
  public Optional<Pool> findByName(String name) {
    synchronized (served) {
      return Optional.ofNullable(served.get(name));
    }
  }

  @Override
  public Optional<Pool> findByUuid(UUID uuid) {
    return all().stream().filter(pool -> pool.uuid().equals(uuid)).findFirst();
  }

  @Override
  public Optional<Replica> findReplica(UUID uuid) {
    return all().stream().flatMap(pool -> pool.findReplica(uuid).stream()).findFirst();
  }

  @Deactivate
  void close() {
    List<ServedPool> pools;
    returning.close();
    synchronized (served) {
      closed = true;
      pools = List.copyOf(served.values());
    }
    for (ServedPool pool : pools) {
      try {
        pool.shutDown();
      } catch (PoolException e) {
        log.error("pool {}: {}", pool, e.getMessage());
      }
    }
  }
}
