package io.tenon.pool.internal;

import io.tenon.apart.Apart;
import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceOwner;
import io.tenon.block.DeviceSlot;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's pools: makes them, finds them on disks, and knows them by name. Immediate, for pools come back whether or not somebody
 * asks for them. In a trial it has the pool that it is lent, and no other.
 */
@Component(
    service = {Pools.class, DeviceOwner.class},
    immediate = true,
    property = DeviceOwner.MADE_WITH + "=io.tenon.blobstore.Blobstores",
    configurationPid = {"io.tenon.node", "io.tenon.pool"})
public final class PoolService implements Pools, DeviceOwner, ServedPool.Home {
  private static final Logger log = LoggerFactory.getLogger(PoolService.class);

  /** A bundle that is stopped should not hold up others for longer. */
  private static final long LEAVE_NS = TimeUnit.SECONDS.toNanos(10);

  /** One that starts waits so long for what another one has left. */
  private static final long TAKE_UP_NS = TimeUnit.SECONDS.toNanos(10);

  private final PoolParts parts;
  private final boolean isTrial;
  private final PoolMaker maker;
  private final ReturningPools returning;

  /** By name; guarded by itself, as is what follows. */
  private final TreeMap<String, ServedPool> served = new TreeMap<>();

  /** By name, those that another version of this bundle tries, or of that of the stores, until they are served here again. */
  private final TreeMap<String, LentPool> lent = new TreeMap<>();

  /** By name, those that are being made or loaded. */
  private final TreeMap<String, OneAtATime> opening = new TreeMap<>();

  /** Loaded, and not listed yet. */
  private final TreeSet<UUID> starting = new TreeSet<>();

  private boolean closed;

  @Activate
  public PoolService(
      PoolConfig config,
      BundleContext context,
      @Reference BlockDevices devices,
      @Reference NvmeTarget target,
      @Reference Blobstores blobstores,
      @Reference Reactors reactors)
      throws TenonException {
    this(
        config,
        context.getBundle().getHeaders("").get(TRIAL_HEADER) != null,
        devices,
        target,
        blobstores,
        reactors);
  }

  /**
   * Without OSGi.
   *
   * @throws TenonException when it is not known which node this is
   */
  public PoolService(
      PoolConfig config,
      boolean isTrial,
      BlockDevices devices,
      NvmeTarget target,
      Blobstores blobstores,
      Reactors reactors)
      throws TenonException {
    this(
        new PoolParts(
            devices,
            target,
            blobstores,
            reactors.main(),
            new Apart(Thread.ofVirtual().name("pool-", 0).factory()),
            isTrial ? memoryOfTrial(config) : memory(config),
            InstantSource.system(),
            TimeUnit.MILLISECONDS.toNanos(config.busy_wait_ms())),
        random(),
        isTrial);
    if (isTrial) return;
    // Who asks for the pools that a service before this one has left is not to be told that there
    // are none.
    if (!Patience.sees(start(), TAKE_UP_NS, parts.reactor())) {
      log.warn("pools are not all back yet: {}", absent());
    }
  }

  /**
   * @param random for the uuids of new pools
   */
  PoolService(PoolParts parts, RandomGenerator random) {
    this(parts, random, false);
  }

  PoolService(PoolParts parts, RandomGenerator random, boolean isTrial) {
    this.parts = parts;
    this.isTrial = isTrial;
    maker = new PoolMaker(parts, random);
    returning = new ReturningPools(parts, this::bringBack);
  }

  private static RandomGenerator random() {
    return RandomGenerator.of("SecureRandom");
  }

  private static PoolMemory memory(PoolConfig config) throws TenonException {
    if (config.data_dir().isEmpty()) {
      log.info("pools are not remembered: the node has no data folder");
      return new PassingMemory(new ServingNode(PoolMaker.randomUuid(random()), config.name()));
    }
    return PoolsFile.open(
        Path.of(config.data_dir()), config.name(), () -> PoolMaker.randomUuid(random()));
  }

  /** Who lends pools remembers them; the disks of those are to say that the same node serves them. */
  private static PoolMemory memoryOfTrial(PoolConfig config) throws TenonException {
    return new PassingMemory(PoolsFile.nodeIn(Path.of(config.data_dir()), config.name()));
  }

  /** Begins to bring back what was there before. As {@link ReturningPools#start}. */
  CompletableFuture<Void> start() {
    return returning.start();
  }

  // Making and loading.

  @Override
  public Pool create(PoolSpec spec) throws PoolException {
    String what = "Pool " + spec.name() + " was not created.";
    ReplicaWork.checkName(what, spec.name());
    PoolMaker.check(what, spec);
    return remembered(
        reserved(what, spec.name(), spec.disk(), disk -> maker.loadOrMake(spec, disk, what)));
  }

  @Override
  public Pool load(String disk, String name, Optional<UUID> uuid) throws PoolException {
    String what = "Pool " + name + " was not imported.";
    return remembered(reserved(what, name, disk, opened -> maker.load(opened, name, uuid, what)));
  }

  @Override
  public Pool load(String disk, Optional<UUID> uuid) throws PoolException {
    return load(disk, look(disk).name(), uuid);
  }

  /** Which pool is there. */
  private PoolIdentity look(String uri) throws PoolException {
    try (var disk = PoolDisk.open("that is on it", uri, parts.devices(), parts.reactor())) {
      var loaded = PoolIdentity.load(parts.blobstores(), disk);
      PoolMaker.leave(loaded.store());
      return loaded.identity();
    }
  }

  private void bringBack(KnownPool known) throws PoolException {
    String what = "Pool " + known.name() + " did not come back.";
    var _ = reserved(what, known.name(), known.disk(), disk -> maker.loadOwn(disk, known, what));
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
      pool.whereabouts().notRemembered(e);
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

  /** One that is lent has its name and its place here still. Holding the lock of {@link #served}. */
  private Optional<ServedPool> present(String name) {
    var own = served.get(name);
    if (own != null) return Optional.of(own);
    return Optional.ofNullable(lent.get(name))
        .filter(one -> !one.isReturning())
        .map(LentPool::before);
  }

  private interface Opening {
    PoolIdentity.Loaded open(PoolDisk disk) throws PoolException;
  }

  /** Keeps the name for one who makes or loads the pool, and opens the disk for it. */
  private ServedPool reserved(String what, String name, String uri, Opening opener)
      throws PoolException {
    settleIfEnded(name);
    var names = opening(name);
    try (var _ = names.take("It is being made or imported.", what, parts.patienceNs())) {
      synchronized (served) {
        if (closed) throw stopping(what);
        var present = present(name);
        if (present.isPresent()) throw exists(what, present.get(), uri);
      }
      var disk = PoolDisk.open(name, uri, parts.devices(), parts.reactor());
      ServedPool pool = null;
      try {
        pool = serve(disk, opener.open(disk), what);
        return pool;
      } finally {
        if (pool == null) disk.giveBack();
      }
    } finally {
      synchronized (served) {
        if (!names.isWanted()) opening.remove(name, names);
      }
    }
  }

  private OneAtATime opening(String name) {
    synchronized (served) {
      return opening.computeIfAbsent(
          name, _ -> new OneAtATime("Pool " + name, parts.reactor(), parts.clock()));
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

  private ServedPool serve(PoolDisk disk, PoolIdentity.Loaded loaded, String what)
      throws PoolException {
    var identity = loaded.identity();
    try {
      begin(identity, what);
    } catch (PoolException e) {
      PoolMaker.leave(loaded.store());
      throw e;
    }
    var pool = new ServedPool(parts, disk, loaded.store(), identity, this);
    try {
      pool.start();
    } finally {
      list(pool);
    }
    log.info("pool {}: loaded from {}, uuid {}", pool, disk.uri(), pool.uuid());
    return pool;
  }

  private void begin(PoolIdentity identity, String what) throws PoolException {
    synchronized (served) {
      if (closed) throw stopping(what);
      boolean taken = starting.contains(identity.uuid());
      for (ServedPool other : served.values()) taken |= other.uuid().equals(identity.uuid());
      for (LentPool other : lent.values()) {
        taken |= !other.isReturning() && other.before().uuid().equals(identity.uuid());
      }
      if (taken) {
        throw new PoolException(
            Kind.INVALID_ARGUMENT,
            what,
            "Another pool of this node has the same uuid %s.".formatted(identity.uuid()),
            "Export that one first, or give another uuid.");
      }
      starting.add(identity.uuid());
    }
  }

  /** Only now, with all its replicas, others see it; but when the service has stopped meanwhile it is a successor's. */
  private void list(ServedPool pool) {
    synchronized (served) {
      starting.remove(pool.uuid());
      if (!closed) {
        served.put(pool.name(), pool);
        return;
      }
    }
    pool.leave();
  }

  @Override
  public void left(ServedPool pool) {
    synchronized (served) {
      served.remove(pool.name(), pool);
    }
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
    var all = new TreeMap<String, Pool>();
    List<LentPool> elsewhere;
    synchronized (served) {
      all.putAll(served);
      elsewhere = lent.values().stream().filter(one -> !served.containsKey(one.name())).toList();
    }
    for (LentPool one : elsewhere) shown(one).ifPresent(pool -> all.put(one.name(), pool));
    return List.copyOf(all.values());
  }

  @Override
  public Optional<Pool> findByName(String name) {
    LentPool elsewhere;
    synchronized (served) {
      var own = served.get(name);
      if (own != null) return Optional.of(own);
      elsewhere = lent.get(name);
    }
    return Optional.ofNullable(elsewhere).flatMap(this::shown);
  }

  @Override
  public Optional<Pool> findByUuid(UUID uuid) {
    return all().stream().filter(pool -> pool.uuid().equals(uuid)).findFirst();
  }

  @Override
  public Optional<Replica> findReplica(UUID uuid) {
    return all().stream().flatMap(pool -> pool.findReplica(uuid).stream()).findFirst();
  }

  // Trials.

  @Override
  public boolean has(DeviceSlot device) {
    return own(device).isPresent();
  }

  private Optional<ServedPool> own(DeviceSlot device) {
    synchronized (served) {
      return served.values().stream().filter(pool -> pool.devices().contains(device)).findFirst();
    }
  }

  @Override
  public List<DeviceSlot> lentWith(DeviceSlot device) {
    Optional<ServedPool> onDisk;
    synchronized (served) {
      onDisk =
          served.values().stream().filter(pool -> pool.disk().slot().equals(device)).findFirst();
    }
    return onDisk.or(() -> own(device)).map(ServedPool::devices).orElse(List.of());
  }

  @Override
  public void lend(DeviceSlot device, DeviceOwner to) throws DeviceException {
    if (!(to instanceof Pools others)) {
      throw stays(
          device,
          DeviceException.Kind.UNSUPPORTED,
          "The other bundle serves no pools.",
          "Give one that does.");
    }
    var own = own(device);
    if (own.isEmpty()) return;
    var lending = new LentPool(own.get(), others, parts.memory());
    synchronized (served) {
      lent.put(lending.name(), lending);
    }
    lending.before().leave();
    if (!lending.before().isLeft()) {
      end(lending);
      throw stays(
          device,
          DeviceException.Kind.IN_USE,
          "Pool %s could not be left.".formatted(lending.name()),
          "Look at the node's log, and try again.");
    }
    lending.begin();
    log.info("pool {}: tries another version of a bundle", lending.name());
  }

  private static DeviceException stays(
      DeviceSlot device, DeviceException.Kind kind, String why, String remedy) {
    return new DeviceException(
        kind, "Block device " + device.name() + " stays where it is.", why, remedy);
  }

  /** What the other service makes of it. Until that has it, and from when it has left it, this one shows what was there last. */
  private Optional<Pool> shown(LentPool one) {
    var there = one.there();
    if (there.isPresent()) return there;
    return one.isEnded() ? Optional.empty() : Optional.of(one.before());
  }

  /**
   * Its disk is not kept for it any more. Where it was exported or destroyed the disk says so, and it is forgotten; otherwise whoever tried it has only
   * let go of it, and it is served here again.
   *
   * @return false when nothing was to be settled
   */
  private boolean settleIfEnded(String name) {
    LentPool one;
    synchronized (served) {
      one = lent.get(name);
    }
    if (one == null || !one.isEnded() || !end(one)) return false;
    try {
      bringBack(one.known());
      log.warn("pool {}: whoever tried it has let go of its disk; it is served here again", name);
    } catch (PoolException e) {
      switch (e.kind()) {
        case NO_POOL, OTHER_POOL -> forgetDurably(name);
        default -> {
          var _ = returning.start(one.known());
        }
      }
    }
    return true;
  }

  private boolean end(LentPool one) {
    one.end();
    synchronized (served) {
      return lent.remove(one.name(), one);
    }
  }

  @Override
  public void takeUp(DeviceSlot device) {
    Optional<LentPool> found;
    synchronized (served) {
      found = lent.values().stream().filter(one -> one.has(device)).findFirst();
    }
    if (found.isEmpty()) return;
    var one = found.get();
    if (settleIfEnded(one.name())) return;
    var tried = returning.start(one.comesBack());
    if (!Patience.sees(tried, TAKE_UP_NS, parts.reactor())) {
      log.warn("pool {}: is not back yet from its trial", one.name());
    }
    end(one);
  }

  /**
   * With the node everything ends; otherwise a successor of this service is expected. What a trial has is always left: who has lent it would take a
   * pool that is closed for one that was exported.
   */
  @Deactivate
  void deactivate(BundleContext context) {
    var node = context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION);
    if (node.getState() == Bundle.STOPPING && !isTrial) close();
    else leave();
  }

  /** Closes all pools; whoever uses a replica loses it. */
  void close() {
    for (ServedPool pool : stop()) {
      try {
        pool.shutDown();
      } catch (PoolException e) {
        log.error("pool {}: {}", pool, e.getMessage());
      }
    }
  }

  /**
   * Leaves all pools to a successor: I/O to replicas waits for it. What does not come to an end within a while goes on behind this
   * method's back; the successor gets that pool when it has.
   */
  void leave() {
    var left = new ArrayList<CompletableFuture<Void>>();
    for (ServedPool pool : stop()) {
      left.add(CompletableFuture.runAsync(pool::leave, parts.blocking()));
    }
    var all = CompletableFuture.allOf(left.toArray(CompletableFuture[]::new));
    if (!Patience.sees(all, LEAVE_NS, parts.reactor())) {
      log.warn("pools are not closed yet: {}", all());
    } else if (all.isCompletedExceptionally()) {
      log.error("a pool was not left in order", all.exceptionNow());
    }
  }

  private List<ServedPool> stop() {
    returning.close();
    synchronized (served) {
      closed = true;
      return List.copyOf(served.values());
    }
  }
}
