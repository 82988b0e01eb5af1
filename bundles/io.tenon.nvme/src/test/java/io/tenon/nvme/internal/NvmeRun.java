package io.tenon.nvme.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.error.TenonException;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.TargetException;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One seed's world: a disk, a target that shares it, hosts that come and go, and what must hold at the end. */
final class NvmeRun implements SimDisk.Observer {
  private static final long MOST_EVENTS = 3_000_000;

  /** While the share ends, pauses end. */
  private static final int NEVER_PAUSED = Integer.MIN_VALUE / 2;

  /** Controllers are listed until the last I/O of their queues has ended. */
  private static final long GONE_WITHIN_NS = 60_000_000;

  private static final int MOST_HOSTS = 3;
  private static final long MILLISECOND_NS = 1_000_000;

  /** What may go wrong, and so what must hold. */
  enum Scenario {
    /** Connections break, hosts fall silent and come back; the disk works. */
    HOSTS_COME_AND_GO,
    /** The disk fails I/O. */
    DISK_FAILS,
    /** The subsystem is paused and resumed. */
    PAUSED,
    /** The share ends under I/O and begins again. */
    UNSHARED,
    /** Hosts compare and write the same two blocks. */
    FUSED,
    /** Hosts lose and get back their right to connect, and the namespace its path. */
    ADMITTED,
    /** Hosts reserve the namespace, and take it from each other; the share ends and begins again. */
    FENCED
  }

  private final Scenario scenario;
  private final SplittableRandom random;
  private final SimWorld world;
  private final SimReactors node;
  private final SimDisk disk;
  private final DeviceSlot slot;
  private final SimReservationStore store;
  private final int hostCount;
  private final @Nullable FenceWitness witness;
  private final Target target;
  private final List<SimNvmeHost> hosts = new ArrayList<>();
  private Subsystem subsystem;
  private int pauses;
  private int unshares;

  NvmeRun(long seed, Scenario scenario) {
    this.scenario = scenario;
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    node = world.node("target", 1 + random.nextInt(3));
    if (random.nextInt(3) == 0) node.bufferBytes(4096L * (1 + random.nextInt(3)));
    disk =
        new SimDisk(
            "disk",
            new Geometry(512, 1024),
            new SimMedium(),
            world,
            scenario == Scenario.DISK_FAILS ? sick() : healthy(),
            this,
            false);
    if (random.nextInt(3) == 0) disk.actLikeMemory();
    slot = new DeviceSlot(disk, "sim:///disk", world.clock(), node.main()::execute);
    try {
      store = new SimReservationStore(world);
      hostCount = 1 + random.nextInt(MOST_HOSTS);
      witness =
          scenario == Scenario.FENCED
              ? new FenceWitness(world, hostCount, SimReserver::hostId, store)
              : null;
      target = new Target("", 4, "1.2.3", store, node.main()::execute);
      subsystem = target.share(slot, options());
    } catch (TenonException e) {
      throw new AssertionError(e);
    }
  }

  private ShareOptions options() {
    int first = 1 + random.nextInt(100);
    var any = ShareOptions.anyHost();
    return new ShareOptions(
        Set.of(),
        first,
        first + MOST_HOSTS - 1 + random.nextInt(3),
        true,
        any.origin(),
        Optional.of(Path.of("it.json")));
  }

  private SimDisk.Faults healthy() {
    if (random.nextInt(5) == 0) return SimDisk.Faults.memory();
    return new SimDisk.Faults(
        random.nextInt(2) * 0.4,
        1 + random.nextLong(400_000),
        0,
        0,
        0,
        0,
        0,
        0,
        random.nextBoolean());
  }

  private SimDisk.Faults sick() {
    return new SimDisk.Faults(
        random.nextInt(2) * 0.3,
        1 + random.nextLong(400_000),
        random.nextInt(2) * 0.03,
        random.nextInt(3) == 0 ? 0.03 : 0,
        random.nextInt(3) == 0 ? 0.01 : 0,
        random.nextInt(3) == 0 ? 0.01 : 0,
        random.nextInt(3) == 0 ? 0.01 : 0,
        random.nextInt(3) == 0 ? 0.2 : 0,
        random.nextBoolean());
  }

  /**
   * @return hash of everything that happened
   */
  long run(int operations) {
    try (var arena = Arena.ofConfined()) {
      int blocks = scenario == Scenario.FUSED ? 2 : 2 + random.nextInt(20);
      long first = random.nextBoolean() ? 0 : 1024L - blocks;
      var ledger = new HostLedger(world, first, blocks, operations, witness);
      var ids = new SimNvmeHost.Ids();
      for (int i = 0; i < hostCount; i++) {
        var reserver = witness == null ? null : new SimReserver(world, witness, ledger, i);
        boolean fused = scenario == Scenario.FUSED;
        var host =
            new SimNvmeHost(
                world, target, node.all(), subsystem.nqn(), i, arena, ledger, ids, fused, reserver);
        hosts.add(host);
        host.connect();
      }
      planAccidents();
      world.run(MOST_EVENTS);
      finish(ledger);
      return world.trace().hash();
    }
  }

  private long soon() {
    return random.nextLong(15 * MILLISECOND_NS);
  }

  private SimNvmeHost someHost() {
    return hosts.get(random.nextInt(hosts.size()));
  }

  private void planAccidents() {
    int breaks = scenario == Scenario.HOSTS_COME_AND_GO ? 1 + random.nextInt(6) : random.nextInt(3);
    if (scenario == Scenario.DISK_FAILS) breaks = random.nextInt(2);
    for (int i = 0; i < breaks; i++) {
      var host = someHost();
      if (random.nextInt(3) == 0) world.schedule(soon(), host::breakAdmin);
      else world.schedule(soon(), host::breakOne);
    }
    switch (scenario) {
      case HOSTS_COME_AND_GO -> {
        if (random.nextBoolean()) world.schedule(soon(), someHost()::sleep);
      }
      case DISK_FAILS -> {
        if (random.nextInt(4) == 0) {
          world.schedule(soon(), () -> node.main().execute(() -> disk.lose("unplugged")));
        }
      }
      case PAUSED -> {
        for (int i = 0; i <= random.nextInt(3); i++) world.schedule(soon(), this::pause);
      }
      case UNSHARED -> {
        for (int i = 0; i <= random.nextInt(2); i++) world.schedule(soon(), this::unshare);
        if (random.nextBoolean()) world.schedule(soon(), this::pause);
      }
      case FUSED -> {}
      case FENCED -> {
        if (random.nextInt(3) == 0) world.schedule(soon(), this::unshare);
        if (random.nextInt(3) == 0) world.schedule(soon(), this::pause);
      }
      case ADMITTED -> {
        subsystem.hosts(everybody());
        world.schedule(soon(), this::dismiss);
        if (random.nextBoolean()) world.schedule(soon(), this::hide);
      }
    }
  }

  // Pause.

  private void pause() {
    var of = subsystem;
    boolean twice = random.nextInt(3) == 0;
    var lasting = new AtomicBoolean(true);
    var _ = twice ? of.pause() : null;
    var _ =
        of.pause()
            .thenRun(
                () -> {
                  if (!lasting.get() || !of.equals(subsystem)) return;
                  if (disk.underWay() > 0) throw new AssertionError("paused with I/O under way");
                  pauses++;
                });
    world.schedule(
        soon(),
        () -> {
          lasting.set(false);
          pauses = 0;
          of.resume();
          if (twice) of.resume();
        });
  }

  // Unshare.

  private void unshare() {
    var threads = new SimThreads(world);
    threads.start(
        () -> {
          var of = subsystem;
          if (target.find(of.nqn()).isEmpty()) return;
          pauses = NEVER_PAUSED;
          target.unshare(of);
          unshares++;
          world.trace().note(unshares);
          if (disk.openChannels() > 0) throw new AssertionError("unshared with open channels");
          if (slot.claimedBy().isPresent()) throw new AssertionError("unshared and still claimed");
          if (!of.controllers().isEmpty()) throw new AssertionError("unshared with controllers");
          try {
            subsystem = target.share(slot, options());
          } catch (TargetException e) {
            throw new AssertionError(e);
          }
          if (witness != null) witness.restarted();
          pauses = 0;
        });
  }

  // Rights.

  /** A host loses its right, and gets it back. */
  private void dismiss() {
    var host = someHost();
    var of = subsystem;
    var others = new LinkedHashSet<>(everybody());
    others.remove(host.nqn());
    others.add("nqn.2014-08.org.nvmexpress:uuid:nobody");
    of.hosts(others);
    world.schedule(
        GONE_WITHIN_NS,
        () -> {
          for (var controller : of.controllers()) {
            if (controller.hostNqn().equals(host.nqn())) {
              throw new AssertionError(controller + " is here without a right");
            }
          }
          of.hosts(everybody());
        });
  }

  private Set<String> everybody() {
    var names = new LinkedHashSet<String>();
    for (var host : hosts) names.add(host.nqn());
    return names;
  }

  private void hide() {
    var of = subsystem;
    try {
      of.anaState(AnaState.INACCESSIBLE);
    } catch (TargetException e) {
      throw new AssertionError(e);
    }
    world.schedule(
        soon(),
        () -> {
          try {
            of.anaState(AnaState.OPTIMIZED);
          } catch (TargetException e) {
            throw new AssertionError(e);
          }
        });
  }

  // What must hold.

  private void finish(HostLedger ledger) {
    if (ledger.open() != 0) throw new AssertionError(ledger.open() + " tasks never ended");
    if (scenario != Scenario.DISK_FAILS && !ledger.errors().isEmpty()) {
      throw new AssertionError("hosts saw errors of a disk that works: " + ledger.errors());
    }
    for (var host : hosts) {
      if (host.standing() > 0) throw new AssertionError(host.standing() + " connections stand");
    }
    if (!subsystem.controllers().isEmpty()) {
      throw new AssertionError("controllers of nobody: " + subsystem.controllers());
    }
    if (disk.openChannels() != 0) throw new AssertionError("the disk has open channels");
    if (node.buffersTaken() != 0) throw new AssertionError(node.buffersTaken() + " buffers leak");
    if (ledger.succeeded() == 0 && scenario != Scenario.DISK_FAILS) {
      throw new AssertionError("nothing ever worked");
    }
    for (long block : ledger.watched()) ledger.observe(block, disk.stampAt(block));
    ledger.check();
    world.trace().note(ledger.succeeded());
    if (witness != null) world.trace().note(witness.judged());
  }

  @Override
  public void submitted(SimDisk on) {
    if (pauses > 0) throw new AssertionError("I/O reaches the disk of a paused subsystem");
  }

  @Override
  public void written(SimDisk on, long block, long stamp) {
    if (witness != null) witness.written(stamp);
  }

  @Override
  public void zeroed(SimDisk on, long from, long to) {
    if (witness != null) witness.zeroed(from, to);
  }
}
