package io.tenon.pool.internal;

import io.tenon.apart.Apart;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.Pools;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.SnapshotRebuildInfo;
import io.tenon.pool.SnapshotRebuildSpec;
import io.tenon.pool.SnapshotRebuilds;
import io.tenon.reactor.Reactors;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Replicas that are filled from snapshots: finds both ends, refuses what does not fit, and keeps what was begun. */
@Component
public final class SnapshotRebuildService implements SnapshotRebuilds {
  private static final Logger log = LoggerFactory.getLogger(SnapshotRebuildService.class);

  /** Longer than any device's I/O time-out. */
  private static final long STOP_WITHIN_S = 150;

  private final Pools pools;
  private final BlockDevices devices;
  private final Reactors reactors;
  private final InstantSource clock = InstantSource.system();
  private final Executor blocking =
      new Apart(Thread.ofVirtual().name("snapshot-rebuild-", 0).factory());

  /** A job, and its end. */
  private record Begun(SnapshotRebuildJob job, CompletableFuture<Void> end) {}

  /** Held while devices are opened, which may take a while. */
  private final Object creating = new Object();

  /** In the order of their coming; guarded by itself. */
  private final Map<UUID, Begun> begun = new LinkedHashMap<>();

  @Activate
  public SnapshotRebuildService(
      @Reference Pools pools, @Reference BlockDevices devices, @Reference Reactors reactors) {
    this.pools = pools;
    this.devices = devices;
    this.reactors = reactors;
  }

  @Override
  public SnapshotRebuildInfo create(SnapshotRebuildSpec spec) throws PoolException {
    synchronized (creating) {
      var present = find(spec.uuid());
      if (present.isPresent()) return present.get();
      var job = job(spec);
      synchronized (begun) {
        begun.put(spec.uuid(), new Begun(job, job.start(blocking)));
      }
      return job.info();
    }
  }

  private SnapshotRebuildJob job(SnapshotRebuildSpec spec) throws PoolException {
    var replica = replica(spec);
    var destination =
        replica
            .device()
            .orElseThrow(
                () ->
                    refused(
                        spec,
                        Kind.REPLICA_NOT_FOUND,
                        "The replica has no block device.",
                        "Look at its pool."));
    if (replica.info().kind() == ReplicaInfo.Kind.SNAPSHOT) {
      throw refused(
          spec, Kind.INVALID_ARGUMENT, "What is to be filled is a snapshot.", "Name a replica.");
    }
    boolean wasOpen = devices.find(spec.snapshotUri()).isPresent();
    var source = source(spec);
    DeviceSlot.Claim claim = null;
    try {
      checkFit(spec, source, destination);
      claim = claim(spec, destination);
      var found =
          new SnapshotRebuildSpec(
              spec.uuid(),
              replica.info().uri(),
              Optional.of(replica.uuid()),
              spec.snapshotUri(),
              spec.snapshot());
      var reactor = reactors.all().getLast();
      return new SnapshotRebuildJob(
          found,
          source,
          destination,
          claim,
          wasOpen ? null : devices,
          reactor,
          new ReplicaLatencies(() -> others(source, destination), blocking, reactor),
          clock);
    } finally {
      if (claim == null && !wasOpen) closeAgain(source);
    }
  }

  /** Replicas of this node, but for those of the job. */
  private List<DeviceSlot> others(DeviceSlot source, DeviceSlot destination) {
    return pools.all().stream()
        .flatMap(
            pool ->
                pool.replicas().stream().flatMap(info -> pool.findReplica(info.uuid()).stream()))
        .flatMap(replica -> replica.device().stream())
        .filter(slot -> slot != source && slot != destination)
        .toList();
  }

  private Replica replica(SnapshotRebuildSpec spec) throws PoolException {
    Optional<UUID> uuid = spec.replica();
    if (!spec.replicaUri().isEmpty()) {
      var slot = devices.find(spec.replicaUri());
      if (slot.isEmpty()) {
        throw refused(
            spec,
            Kind.REPLICA_NOT_FOUND,
            "There is no %s on this node.".formatted(spec.replicaUri()),
            "Name a replica of this node: bdev:///NAME.");
      }
      if (uuid.isPresent() && !uuid.get().equals(slot.get().uuid())) {
        throw refused(
            spec,
            Kind.INVALID_ARGUMENT,
            "%s has uuid %s, not %s.".formatted(spec.replicaUri(), slot.get().uuid(), uuid.get()),
            "Correct one of them.");
      }
      uuid = Optional.of(slot.get().uuid());
      if (pools.findReplica(uuid.get()).isEmpty()) {
        throw refused(
            spec,
            Kind.INVALID_ARGUMENT,
            "%s is no replica of a pool of this node.".formatted(spec.replicaUri()),
            "Name a replica.");
      }
    }
    return uuid.flatMap(pools::findReplica)
        .orElseThrow(
            () ->
                refused(
                    spec,
                    Kind.REPLICA_NOT_FOUND,
                    "The replica was not found in any pool of this node.",
                    "Name a replica of this node."));
  }

  private DeviceSlot source(SnapshotRebuildSpec spec) throws PoolException {
    try {
      return devices.findOrCreate(spec.snapshotUri());
    } catch (DeviceException e) {
      boolean isBadUri =
          switch (e.kind()) {
            case INVALID_URI, UNKNOWN_SCHEME, INVALID_PARAMETER -> true;
            default -> false;
          };
      throw refused(
          spec,
          isBadUri ? Kind.INVALID_ARGUMENT : Kind.NO_SOURCE,
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy());
    }
  }

  private static void checkFit(SnapshotRebuildSpec spec, DeviceSlot source, DeviceSlot destination)
      throws PoolException {
    var from = source.geometry();
    var to = destination.geometry();
    if (source == destination) {
      throw refused(
          spec,
          Kind.INVALID_ARGUMENT,
          "Snapshot and replica are the same block device.",
          "Name two.");
    }
    if (from.blockBytes() != to.blockBytes()) {
      throw refused(
          spec,
          Kind.INVALID_ARGUMENT,
          "The snapshot has blocks of %d bytes, the replica of %d."
              .formatted(from.blockBytes(), to.blockBytes()),
          "Use a replica on a pool of equal block size.");
    }
    if (from.blockCount() > to.blockCount()) {
      throw refused(
          spec,
          Kind.OUT_OF_RANGE,
          "The snapshot has %d bytes, the replica %d.".formatted(from.sizeBytes(), to.sizeBytes()),
          "Make the replica as large as the snapshot.");
    }
  }

  private static DeviceSlot.Claim claim(SnapshotRebuildSpec spec, DeviceSlot destination)
      throws PoolException {
    try {
      return destination.claim("snapshot rebuild " + spec.uuid());
    } catch (DeviceException e) {
      throw refused(
          spec,
          Kind.IN_USE,
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          "End its share, or whatever else uses it, first.");
    }
  }

  private void closeAgain(DeviceSlot source) {
    try {
      devices.destroy(source);
    } catch (DeviceException e) {
      log.warn("device {} stays open: {}", source, e.getMessage());
    }
  }

  private static PoolException refused(
      SnapshotRebuildSpec spec, Kind kind, String why, String remedy) {
    return new PoolException(
        kind, "Snapshot rebuild " + spec.uuid() + " was not begun.", why, remedy);
  }

  @Override
  public List<SnapshotRebuildInfo> all() {
    synchronized (begun) {
      return begun.values().stream().map(one -> one.job().info()).toList();
    }
  }

  @Override
  public Optional<SnapshotRebuildInfo> find(UUID uuid) {
    synchronized (begun) {
      return Optional.ofNullable(begun.get(uuid)).map(one -> one.job().info());
    }
  }

  @Override
  public void destroy(UUID uuid) throws PoolException {
    Begun one;
    synchronized (begun) {
      one = begun.get(uuid);
    }
    if (one == null) {
      throw new PoolException(
          Kind.REBUILD_NOT_FOUND,
          "Snapshot rebuild " + uuid + " was not destroyed.",
          "There is none by this uuid.",
          "List those that there are.");
    }
    one.job().stop();
    await(uuid, one.end());
    synchronized (begun) {
      begun.remove(uuid, one);
    }
  }

  private static void await(UUID uuid, CompletableFuture<Void> end) throws PoolException {
    try {
      end.get(STOP_WITHIN_S, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw notStopped(uuid, "I/O is in flight after %d seconds.".formatted(STOP_WITHIN_S), e);
    } catch (ExecutionException e) {
      throw notStopped(uuid, String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw notStopped(uuid, "The wait was interrupted.", e);
    }
  }

  private static PoolException notStopped(UUID uuid, String why, @Nullable Exception cause) {
    log.error("snapshot rebuild {}: does not end: {}", uuid, why, cause);
    return new PoolException(
        Kind.INTERNAL,
        "Snapshot rebuild " + uuid + " was not destroyed.",
        why,
        "Look at its devices; try again.");
  }

  @Deactivate
  void close() {
    for (var one : all()) {
      try {
        destroy(one.uuid());
      } catch (PoolException e) {
        log.error("snapshot rebuild {}: {}", one.uuid(), e.getMessage());
      }
    }
  }
}
