package io.tenon.simulation.itest;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.block.SnapshotSpec;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.PoolState;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaSpec;
import io.tenon.pool.internal.SimulatedPools.DataFolder;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.itest.PoolModel.Facts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** One seed's pool over several lives of its node: callers change it, hosts use its replicas, and something goes wrong. */
final class PoolRun {
  /** What goes wrong. */
  enum Scenario {
    /** Nothing; but the service is replaced under its hosts. */
    HANDOVER,
    /** The power. */
    POWER,
    /** The disk: it is pulled out and plugged in again, or fails an I/O. */
    DISK
  }

  private static final long MIB = 1 << 20;
  private static final int LIVES = 3;
  private static final int MOST_REPLICAS = 6;
  private static final long MILLISECOND_NS = 1_000_000;
  private static final long MOST_EVENTS = 20_000_000;
  static final String POOL = "p";

  /** Longer than a pool waits between two looks at its disk, twice, and longer than a disk stays away. */
  private static final long RETRY_MS = 12_000;

  /** What a life of the node has left on the disk, and what is in it by what callers were told. */
  record Left(Platter platter, PoolModel model) {}

  private final Scenario scenario;
  private final SplittableRandom random;
  private final SimWorld world;
  private final Platter platter = new Platter(64 * MIB);
  private final DataFolder folder = new DataFolder("node");
  private final PoolModel model = new PoolModel();
  private final PoolHost.Stamps stamps = new PoolHost.Stamps();
  private final TreeMap<UUID, PoolHost> hosts = new TreeMap<>();
  private final List<Left> left = new ArrayList<>();
  private Optional<Platter> leftByFormerLife = Optional.empty();
  private PoolLife life;
  private boolean ended;

  /** Somebody was told that there is a pool. */
  private boolean made;

  /** Something has gone wrong with the disk, and its consequences may be felt. */
  private boolean troubled;

  /** Nothing more goes wrong. */
  private boolean quiet;

  private int names;

  PoolRun(long seed, Scenario scenario) {
    this.scenario = scenario;
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    life = new PoolLife(world, platter, folder);
  }

  /**
   * @return hash of everything that happened
   */
  long run(int operations) {
    for (int i = 0; i < LIVES; i++) {
      if (i > 0) life = new PoolLife(world, platter, folder);
      hosts.clear();
      ended = false;
      troubled = false;
      quiet = false;
      boolean last = i == LIVES - 1;
      life.threads.start(() -> live(operations));
      if (!last && scenario == Scenario.POWER) {
        world.schedule(random.nextLong(200 * MILLISECOND_NS), this::losePower);
      }
      if (scenario == Scenario.DISK) {
        world.schedule(random.nextLong(150 * MILLISECOND_NS), this::trouble);
      }
      boolean over = world.runUntil(() -> ended || !life.reactors.isUp(), MOST_EVENTS);
      if (!over) throw new AssertionError("somebody waits for ever");
      if (life.reactors.isUp()) life.reactors.crash(true);
      leftByFormerLife = Optional.of(platter.copy());
    }
    return world.trace().hash();
  }

  /** After the run: what was on the disk between its lives. */
  List<Left> left() {
    return left;
  }

  /** Of the node, which outlives its lives. */
  DataFolder folder() {
    return folder;
  }

  private void losePower() {
    if (!life.reactors.isUp() || ended) return;
    life.losePower();
    model.lost();
  }

  private void trouble() {
    if (quiet) return;
    troubled = true;
    if (random.nextBoolean()) {
      life.failOnce(random.nextInt(12));
      return;
    }
    life.unplug();
    model.lost();
    world.schedule(1 + random.nextLong(800 * MILLISECOND_NS), life::plugIn);
  }

  private void live(int operations) {
    try {
      life.start();
      var pool = pool();
      model.check(pool);
      PoolModel.checkNumbers(pool);
      checkContents(pool);
      leftByFormerLife.ifPresent(disk -> left.add(new Left(disk, model.copy())));
      startHosts(pool);
      for (int i = 0; i < operations; i++) {
        life.threads.sleep(1 + random.nextInt(3));
        pool = pool();
        operation(pool);
      }
      stopHosts();
      pool = afterAllTrouble();
      // It can be changed again, not only looked at.
      create(pool);
      stopHosts();
      model.check(pool);
      PoolModel.checkNumbers(pool);
      checkContents(pool);
      life.close();
      if (life.subsystems() != 0) throw new AssertionError("shares are left over");
      ended = true;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** What goes wrong from now on is a bug. */
  private Pool afterAllTrouble() throws InterruptedException {
    quiet = true;
    life.failNone();
    if (troubled) life.threads.sleep(RETRY_MS);
    var pool = pool();
    troubled = false;
    return pool;
  }

  private void make() {
    try {
      life.pools().create(PoolSpec.of(POOL, PluggedDevices.DISK_URI).withClusterBytes(MIB));
      made = true;
    } catch (PoolException e) {
      // With power or disk gone in the middle of it: somebody would try again.
      if (!troubled && scenario != Scenario.POWER) throw new AssertionError(e.getMessage(), e);
    }
  }

  /** As soon as it is there and works. */
  private Pool pool() throws InterruptedException {
    String why = "";
    for (int i = 0; i < 3_000; i++) {
      var found = life.pools().findByName(POOL);
      if (found.isPresent() && found.get().info().state() == PoolState.ONLINE) return found.get();
      why = found.map(pool -> pool.info().reason()).orElse(life.pools().absent().toString());
      if (!made && found.isEmpty() && life.pools().absent().isEmpty()) make();
      life.threads.sleep(10);
    }
    throw new AssertionError("the pool does not come back: " + why);
  }

  // What callers do.

  private interface Change {
    void run() throws PoolException;
  }

  private void operation(Pool pool) throws InterruptedException {
    var replicas = named(false);
    int choice = random.nextInt(100);
    if (scenario == Scenario.HANDOVER && choice < 12) {
      life.replaceService();
      return;
    }
    if (replicas.isEmpty() || (choice < 30 && replicas.size() < MOST_REPLICAS)) {
      create(pool);
    } else if (choice < 45) {
      share(pool, one(replicas));
    } else if (choice < 52) {
      resize(pool, one(replicas));
    } else if (choice < 68) {
      snapshot(pool, one(replicas));
    } else if (choice < 78) {
      var snapshots = named(true);
      if (!snapshots.isEmpty()) cloneOf(pool, one(snapshots));
    } else if (choice < 84) {
      var uuid = one(replicas);
      var facts = model.facts(uuid).of("volume-" + names++);
      model.begins(uuid, facts, () -> {});
      attempt(() -> replica(pool, uuid).entityId(facts.entity().orElseThrow()));
    } else {
      var all = List.copyOf(model.facts().keySet());
      destroy(pool, one(all));
    }
    var now = pool();
    // A disk may go at any time between looking and looking.
    if (!troubled) model.check(now);
  }

  private List<UUID> named(boolean snapshots) {
    return model.facts().entrySet().stream()
        .filter(one -> one.getValue().snapshot() == snapshots && !one.getValue().discarded())
        .map(java.util.Map.Entry::getKey)
        .toList();
  }

  private UUID one(List<UUID> of) {
    return of.get(random.nextInt(of.size()));
  }

  private static Replica replica(Pool pool, UUID uuid) throws PoolException {
    return pool.findReplica(uuid)
        .orElseThrow(
            () ->
                new PoolException(
                    PoolException.Kind.REPLICA_NOT_FOUND, uuid + " is lost.", "", ""));
  }

  /** Whether it happened, the model is told when that is sure. */
  private boolean attempt(Change change) throws InterruptedException {
    try {
      change.run();
      model.succeeded();
      return true;
    } catch (PoolException e) {
      switch (e.kind()) {
        case NO_SPACE, IN_USE -> model.refused();
        default -> {
          if (!troubled) throw new AssertionError(e.getMessage(), e);
          model.check(settled());
        }
      }
      return false;
    }
  }

  /** After trouble: when it has worked for a while. */
  private Pool settled() throws InterruptedException {
    life.threads.sleep(2_000);
    return pool();
  }

  private UUID newUuid() {
    return new UUID(2, ++names);
  }

  private void create(Pool pool) throws InterruptedException {
    var uuid = newUuid();
    boolean thin = random.nextInt(4) > 0;
    long size = (1 + random.nextInt(4)) * MIB;
    var spec =
        new ReplicaSpec("r" + uuid.getLeastSignificantBits(), uuid, size, thin, Optional.empty());
    var facts = new Facts(spec.name(), false, thin, size, false, Set.of(), Optional.empty(), false);
    var content = new PoolContent((int) (size / PoolContent.PAGE_BYTES), !thin);
    model.begins(uuid, facts, () -> model.put(uuid, content));
    if (attempt(() -> pool.create(spec))) startHost(pool, uuid);
  }

  private void share(Pool pool, UUID uuid) throws InterruptedException {
    var facts = model.facts(uuid);
    if (facts.shared() && random.nextBoolean()) {
      model.begins(uuid, facts.unshared(), () -> {});
      attempt(() -> replica(pool, uuid).unshare());
      return;
    }
    Set<String> allowed = random.nextBoolean() ? Set.of() : Set.of("nqn.host" + random.nextInt(9));
    model.begins(uuid, facts.sharedFor(allowed), () -> {});
    attempt(() -> replica(pool, uuid).share(allowed));
  }

  private void resize(Pool pool, UUID uuid) throws InterruptedException {
    var facts = model.facts(uuid);
    long size = facts.sizeBytes() + (1 + random.nextInt(2)) * MIB;
    stopHost(uuid);
    model.begins(
        uuid,
        facts.sized(size),
        () -> model.content(uuid).grow((int) (size / PoolContent.PAGE_BYTES), !facts.thin()));
    attempt(() -> replica(pool, uuid).resize(size));
    startHost(pool(), uuid);
  }

  private void snapshot(Pool pool, UUID origin) throws InterruptedException {
    var uuid = newUuid();
    var of = model.facts(origin);
    String name = "s" + uuid.getLeastSignificantBits();
    var facts =
        new Facts(name, true, of.thin(), of.sizeBytes(), false, Set.of(), Optional.of("v"), false);
    stopHost(origin);
    model.begins(
        uuid,
        facts,
        () -> {
          model.put(uuid, model.content(origin).copy());
          model.becomesThin(origin);
        });
    attempt(
        () ->
            replica(pool, origin).snapshot(new SnapshotSpec(name, uuid, "v", "t", Instant.EPOCH)));
    startHost(pool(), origin);
  }

  private void cloneOf(Pool pool, UUID snapshot) throws InterruptedException {
    if (named(false).size() >= MOST_REPLICAS) return;
    var uuid = newUuid();
    var of = model.facts(snapshot);
    String name = "c" + uuid.getLeastSignificantBits();
    var facts =
        new Facts(name, false, true, of.sizeBytes(), false, Set.of(), Optional.empty(), false);
    model.begins(uuid, facts, () -> model.put(uuid, model.content(snapshot).copy()));
    if (attempt(() -> replica(pool, snapshot).cloneTo(name, uuid, Instant.EPOCH))) {
      startHost(pool, uuid);
    }
  }

  private void destroy(Pool pool, UUID uuid) throws InterruptedException {
    stopHost(uuid);
    boolean kept = false;
    try {
      kept = !replica(pool, uuid).clones().isEmpty();
    } catch (PoolException e) {
      if (!troubled) throw new AssertionError(e.getMessage(), e);
    }
    if (kept) model.begins(uuid, model.facts(uuid).asDiscarded(), () -> {});
    else model.beginsToDelete(uuid);
    attempt(() -> replica(pool, uuid).destroy());
    var left = model.facts().get(uuid);
    if (left != null && !left.snapshot()) startHost(pool(), uuid);
  }

  // What hosts do.

  private void startHosts(Pool pool) throws InterruptedException {
    for (UUID uuid : named(false)) startHost(pool, uuid);
  }

  private void startHost(Pool pool, UUID uuid) throws InterruptedException {
    var replica = pool.findReplica(uuid);
    if (replica.isEmpty() || hosts.containsKey(uuid)) return;
    var slot = replica.get().device().orElseThrow();
    var reactor = life.reactors.all().get(random.nextInt(2));
    var host =
        PoolHost.start(slot, model.content(uuid), reactor, random.split(), stamps, () -> troubled)
            .join();
    hosts.put(uuid, host);
  }

  private void stopHost(UUID uuid) {
    var host = hosts.remove(uuid);
    if (host == null) return;
    var _ = host.stop().join();
  }

  private void stopHosts() {
    for (UUID uuid : List.copyOf(hosts.keySet())) stopHost(uuid);
  }

  /** What was written is there, and all else as it was. */
  private void checkContents(Pool pool) {
    for (UUID uuid : model.facts().keySet()) {
      var found = pool.findReplica(uuid);
      if (found.isEmpty()) throw new AssertionError("lost: " + model.facts(uuid).name());
      var slot = found.get().device().orElseThrow();
      var content = model.content(uuid);
      var pages = content.touched();
      for (int i = 0; i < 4; i++) pages.add(random.nextInt(content.pages()));
      var reader = new Reader(slot, life.reactors.main());
      for (int page : pages) {
        if (reader.read(page)) content.read(page, PoolHost.sectors(reader.memory), slot.name());
      }
      reader.close();
    }
  }

  /** One read after the other. */
  private final class Reader extends IoRequest {
    private final MemorySegment held = Arena.ofAuto().allocate(PoolContent.PAGE_BYTES, 4096);
    final long memory = held.address();
    private final Reactor reactor;
    private final io.tenon.block.IoChannel channel;
    private CompletableFuture<IoStatus> outcome = new CompletableFuture<>();

    Reader(DeviceSlot slot, Reactor reactor) {
      this.reactor = reactor;
      var opened = new CompletableFuture<io.tenon.block.IoChannel>();
      reactor.execute(() -> opened.complete(slot.channel(reactor)));
      channel = opened.join();
    }

    /**
     * @return false when trouble came between
     */
    boolean read(int page) {
      outcome = new CompletableFuture<>();
      int sectors = PoolContent.PAGE_BYTES / Platter.SECTOR_BYTES;
      reactor.execute(
          () -> {
            prepareRead((long) page * sectors, sectors, memory, PoolContent.PAGE_BYTES);
            channel.submit(this);
          });
      var status = outcome.join();
      if (status.isSuccess()) return true;
      if (troubled) return false;
      throw new AssertionError("page %d cannot be read: %s".formatted(page, status));
    }

    @Override
    protected void completed(IoStatus status) {
      outcome.complete(status);
    }

    void close() {
      var closed = new CompletableFuture<Boolean>();
      reactor.execute(
          () -> {
            channel.close();
            closed.complete(true);
          });
      var _ = closed.join();
    }
  }
}
