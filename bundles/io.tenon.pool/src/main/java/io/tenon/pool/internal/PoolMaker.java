package io.tenon.pool.internal;

import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes pools on disks and loads those that are there, if they are the ones that are meant. */
final class PoolMaker {
  private static final Logger log = LoggerFactory.getLogger(PoolMaker.class);
  private static final long MIB = 1 << 20;
  private static final long CLUSTER_BYTES = 4 * MIB;
  private static final long MOST_CLUSTER_BYTES = 1024 * MIB;
  private static final long UUID_VERSION_4 = 0x4000;
  private static final long UUID_VARIANT = 1L << 63;

  private final PoolParts parts;
  private final RandomGenerator random;

  /**
   * @param random for the uuids of new pools
   */
  PoolMaker(PoolParts parts, RandomGenerator random) {
    this.parts = parts;
    this.random = random;
  }

  /** Whether there can be such a pool. */
  static void check(String what, PoolSpec spec) throws PoolException {
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

  PoolIdentity.Loaded load(PoolDisk disk, String name, Optional<UUID> uuid, String what)
      throws PoolException {
    return expect(open(disk), name, uuid, what);
  }

  /** One that this node had, if it has not been elsewhere since. */
  PoolIdentity.Loaded loadOwn(PoolDisk disk, KnownPool known, String what) throws PoolException {
    var loaded = load(disk, known.name(), Optional.of(known.uuid()), what);
    if (loaded.isStillOf(parts.memory().node())) return loaded;
    leave(loaded.store());
    throw new PoolException(
        Kind.OTHER_POOL,
        what,
        loaded.elsewhere(),
        "Import it by hand when it is to live here again and no other node serves it.");
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
  static void leave(Blobstore store) {
    try {
      store.unload();
    } catch (BlobstoreException e) {
      log.warn("a pool that was only looked at: {}", e.getMessage());
      store.abandon();
    }
  }

  /** Imports the pool when the disk has it; makes it only where nothing would be missed, or when that was said. */
  PoolIdentity.Loaded loadOrMake(PoolSpec spec, PoolDisk disk, String what) throws PoolException {
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
      if (content.isPresent() && !isUnfinished(disk)) {
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

  /** Making a pool ended halfway: a store of pools without a name and without anything in it. Nobody misses that. */
  private boolean isUnfinished(PoolDisk disk) {
    try {
      var found = parts.blobstores().inspect(disk.slot(), PoolIdentity.STORE_TYPE);
      boolean empty = found.blobs().stream().allMatch(blob -> blob.clusters() == 0);
      return empty
          && found.superBlob().isEmpty()
          && found.blobs().size() <= 1
          && found.unopened().isEmpty();
    } catch (BlobstoreException e) {
      log.debug("disk {}: no empty store: {}", disk.uri(), e.getMessage());
      return false;
    }
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

  static UUID randomUuid(RandomGenerator random) {
    long high = (random.nextLong() & ~0xF000L) | UUID_VERSION_4;
    return new UUID(high, (random.nextLong() >>> 2) | UUID_VARIANT);
  }
}
