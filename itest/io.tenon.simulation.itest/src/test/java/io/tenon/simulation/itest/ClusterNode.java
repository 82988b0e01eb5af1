package io.tenon.simulation.itest;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.ReservationStatus.Registrant;
import io.tenon.error.TenonException;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.PoolState;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaSpec;
import io.tenon.pool.internal.SimulatedPools.DataFolder;
import io.tenon.simulation.ByteMedium;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimStore;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Story;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;

/** A storage node over all its lives: a disk with a pool, and in it a replica of the volume, which others reach over the network. */
final class ClusterNode {
  static final int BLOCK_BYTES = 512;
  private static final long MIB = 1 << 20;
  private static final long DISK_BYTES = 32 * MIB;
  private static final long REPLICA_BYTES = 8 * MIB;

  /** A disk without a wire is slow at worst. */
  private static final long DISK_PATIENCE_NS = 1_000_000_000_000L;

  final String name;
  final int number;
  final UUID replicaUuid;
  private final UUID ballastUuid;
  private final SimWorld world;
  private final Story story;
  private final SplittableRandom random;
  private final SimDisk.Observer observer;
  private final SimStore store;
  private final String digests;
  private final ByteMedium medium = new ByteMedium(BLOCK_BYTES);
  private final DataFolder folder;
  private SimDisk.Faults faults;
  private Optional<SimDisk> disk = Optional.empty();
  private boolean pluggedIn = true;
  private String shareUri = "";
  private Optional<ClusterLife> sharedIn = Optional.empty();
  private ClusterLife life;

  /** Of a node that keeps reservations. */
  private final Optional<ReservationShelf> shelf;

  /**
   * @param digests what others ask for when they connect
   */
  ClusterNode(
      SimWorld world,
      Story story,
      String name,
      int number,
      SimStore store,
      String digests,
      SimDisk.Observer observer) {
    this.store = store;
    this.digests = digests;
    this.world = world;
    this.story = story;
    this.name = name;
    this.number = number;
    this.observer = observer;
    random = world.chance();
    replicaUuid = new UUID(7, number);
    ballastUuid = new UUID(8, number);
    folder = new DataFolder(name);
    faults = SimDisk.Faults.none(1 + random.nextLong(100_000));
    shelf = random.nextBoolean() ? Optional.of(new ReservationShelf()) : Optional.empty();
    life = nextLife();
  }

  private ClusterLife nextLife() {
    return new ClusterLife(
        world, name, number, 1 + random.nextInt(2), this::openDisk, folder, shelf, store);
  }

  ClusterLife life() {
    return life;
  }

  boolean isUp() {
    return life.reactors.isUp();
  }

  boolean has(SimDisk one) {
    return disk.filter(mine -> mine == one).isPresent();
  }

  // ---- its disk

  private Optional<BlockDevice> openDisk() {
    if (!pluggedIn) return Optional.empty();
    var geometry = new Geometry(BLOCK_BYTES, DISK_BYTES / BLOCK_BYTES);
    var opened = new SimDisk(PlatterDisk.NAME, geometry, medium, world, faults, observer, false);
    opened.patience(DISK_PATIENCE_NS);
    disk = Optional.of(opened);
    return Optional.of(opened);
  }

  void faults(double errors) {
    var was = faults;
    faults =
        new SimDisk.Faults(was.inline(), was.mostDelayNs(), errors, 0, 0, 0, 0, was.twice(), true);
    disk.ifPresent(one -> one.faults(faults));
  }

  void stall(long ns) {
    disk.ifPresent(one -> one.stall(ns));
  }

  /** Pulled out: its cache loses its power. */
  void unplug() {
    pluggedIn = false;
    disk.ifPresent(
        one -> {
          one.lose("It was unplugged.");
          one.losePower();
        });
  }

  void plugIn() {
    pluggedIn = true;
  }

  boolean isPluggedIn() {
    return pluggedIn;
  }

  // ---- its lives

  /** The whole machine, with what its disk has not flushed. */
  void losePower() {
    disk.ifPresent(SimDisk::losePower);
    life.reactors.crash(true);
  }

  /** Its process is killed; its disk has what it was told. */
  void kill() {
    disk.ifPresent(SimDisk::crash);
    life.reactors.crash(false);
  }

  void restart() {
    if (isUp()) return;
    story.tell(name, "starts again");
    life = nextLife();
    var mine = life;
    mine.threads.start(
        () -> {
          try {
            mine.start();
          } catch (TenonException e) {
            throw new AssertionError(e.getMessage(), e);
          }
        });
  }

  // ---- its pool

  /** In one of its threads, the first time. */
  void make() throws TenonException {
    life.start();
    var pool =
        life.pools()
            .orElseThrow()
            .create(PoolSpec.of("pool-" + name, PluggedDevices.DISK_URI).withClusterBytes(MIB));
    boolean thin = random.nextInt(4) != 0;
    var _ =
        pool.create(
            new ReplicaSpec(
                "replica-" + name, replicaUuid, REPLICA_BYTES, thin, Optional.of("volume"), true));
  }

  /** In one of its threads: other nodes reach the replica, or this one's nexus does. */
  void share(boolean withOthers) throws TenonException {
    var replica =
        replica()
            .orElseThrow(
                () -> new TenonException(name + " has no replica.", "Its pool has gone.", ""));
    var mine = life;
    if (withOthers) {
      String uri = replica.share(Set.of()).replace("nvmf+tcp:", "nvmf:");
      shareUri = digests.isEmpty() ? uri : uri + (uri.contains("?") ? "&" : "?") + digests;
      sharedIn = Optional.of(mine);
    } else {
      sharedIn = Optional.empty();
      replica.unshare();
    }
  }

  /** Others can reach the replica. */
  boolean isShared() {
    return isUp() && sharedIn.equals(Optional.of(life));
  }

  /** In one of its threads, as soon as its pool is there: others reach the replica again. */
  void shareAgain() throws TenonException {
    var replica = replica();
    if (replica.isEmpty()) return;
    var mine = life;
    // It may have died when it had shared it and told nobody.
    boolean isKnown = !shareUri.isEmpty();
    if (isKnown && replica.get().info().shared()) sharedIn = Optional.of(mine);
    else share(true);
  }

  /** In one of its threads: its own nexus wants the replica. */
  void keepToItself() throws TenonException {
    sharedIn = Optional.empty();
    var replica = replica();
    if (replica.isPresent()) replica.get().unshare();
  }

  /** While it works. */
  Optional<Pool> pool() {
    if (!isUp()) return Optional.empty();
    return life.pools()
        .flatMap(pools -> pools.findByName("pool-" + name))
        .filter(pool -> pool.info().state() == PoolState.ONLINE);
  }

  Optional<Replica> replica() {
    return pool().flatMap(pool -> pool.findReplica(replicaUuid));
  }

  /** The replica's device on this node. */
  Optional<DeviceSlot> device() {
    return replica().flatMap(Replica::device);
  }

  /** The key of whoever has reserved the replica, while others reach it. Waits for nobody. */
  Optional<Long> holder() {
    if (!isUp()) return Optional.empty();
    return life.target.subsystems().stream()
        .filter(one -> one.namespaceUuid().equals(replicaUuid))
        .flatMap(one -> one.reservations().holder().stream())
        .map(Registrant::key)
        .findFirst();
  }

  /** As that node's nexus names the replica. */
  String uriFor(ClusterNode of) {
    return of == this ? "bdev:///replica-" + name : shareUri;
  }

  /** In one of its threads: takes all the space there is, or gives it back. */
  void fill(boolean full) throws TenonException {
    var pool = pool();
    if (pool.isEmpty()) return;
    var ballast = pool.get().findReplica(ballastUuid);
    if (full && ballast.isEmpty()) {
      long free = pool.get().info().freeBytes();
      if (free < MIB) return;
      var _ =
          pool.get().create(new ReplicaSpec("ballast", ballastUuid, free, false, Optional.empty()));
    } else if (!full && ballast.isPresent()) {
      ballast.get().destroy();
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
