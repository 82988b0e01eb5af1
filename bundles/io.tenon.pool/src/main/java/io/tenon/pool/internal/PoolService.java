package io.tenon.pool.internal;

import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevices;
import io.tenon.nvme.NvmeTarget;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.Pools;
import io.tenon.pool.Replica;
import io.tenon.reactor.Reactors;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node's pools: makes them, finds them on disks, and knows them by name. */
@Component(service = Pools.class)
public final class PoolService implements Pools {
  private static final Logger log = LoggerFactory.getLogger(PoolService.class);
  private static final long MIB = 1 << 20;
  private static final long CLUSTER_BYTES = 4 * MIB;
  private static final long MOST_CLUSTER_BYTES = 1024 * MIB;
  private static final long UUID_VERSION_4 = 0x4000;
  private static final long UUID_VARIANT = 1L << 63;

  private final PoolParts parts;
  private final RandomGenerator random;

  /** By name; guarded by itself, as are the names of those that are being made or loaded. */
  private final TreeMap<String, ServedPool> served = new TreeMap<>();

  private final TreeSet<String> takenNames = new TreeSet<>();

  @Activate
  public PoolService(
      @Reference BlockDevices devices,
      @Reference NvmeTarget target,
      @Reference Blobstores blobstores,
      @Reference Reactors reactors) {
    this(
        new PoolParts(
            devices,
            target,
            blobstores,
            reactors.main(),
            Thread.ofVirtual().name("pool-", 0)::start),
        RandomGenerator.of("SecureRandom"));
  }

  /**
   * @param random for the uuids of new pools
   */
  PoolService(PoolParts parts, RandomGenerator random) {
    this.parts = parts;
    this.random = random;
  }

  // Making and loading.

  @Override
  public Pool create(PoolSpec spec) throws PoolException {
    String what = "Pool " + spec.name() + " was not created.";
    ReplicaWork.checkName(what, spec.name());
    checkCluster(what, spec);
    return reserved(what, spec.name(), spec.disk(), disk -> loadOrMake(spec, disk, what));
  }

  @Override
  public Pool load(String disk, String name, Optional<UUID> uuid) throws PoolException {
    String what = "Pool " + name + " was not imported.";
    return reserved(what, name, disk, opened -> expect(open(opened), name, uuid, what));
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
  private Pool reserved(String what, String name, String uri, Opening opening)
      throws PoolException {
    synchronized (served) {
      var present = served.get(name);
      if (present != null) throw exists(what, present, uri);
      if (!takenNames.add(name)) {
        throw new PoolException(
            Kind.POOL_EXISTS, what, "Somebody else is just doing it.", "Wait for that.");
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
    ServedPool pool;
    synchronized (served) {
      for (ServedPool other : served.values()) {
        if (!other.uuid().equals(identity.uuid())) continue;
        leave(loaded.store());
        throw new PoolException(
            Kind.INVALID_ARGUMENT,
            what,
            "Pool %s has the same uuid %s.".formatted(other, other.uuid()),
            "Export that one first, or give another uuid.");
      }
      pool = new ServedPool(parts, disk, loaded.store(), identity, () -> forget(identity));
      served.put(identity.name(), pool);
    }
    pool.start();
    log.info("pool {}: loaded from {}, uuid {}", pool, disk.uri(), pool.uuid());
    return pool;
  }

  private void forget(PoolIdentity identity) {
    synchronized (served) {
      served.remove(identity.name());
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
    var identity = new PoolIdentity(spec.name(), spec.uuid().orElseGet(this::randomUuid));
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
        return new PoolIdentity.Loaded(store, identity);
      } catch (BlobstoreException e) {
        store.abandon();
        throw e;
      }
    } catch (BlobstoreException e) {
      throw Failures.of(what, e);
    }
  }

  private UUID randomUuid() {
    long high = (random.nextLong() & ~0xF000L) | UUID_VERSION_4;
    return new UUID(high, (random.nextLong() >>> 2) | UUID_VARIANT);
  }

  // Finding.

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
    synchronized (served) {
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
