package io.tenon.simulation.itest;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.error.TenonException;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.internal.SimulatedNexuses;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimHost;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimNetwork.Weather;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One seed's volume: storage nodes with a disk each, a node with the nexus over them, and a host on a node of its own. All of it
 * is the real code: host, initiator, network, target, model, nexus, initiator, network, target, model, disk.
 */
final class VolumeRun implements SimDisk.Observer {
  private static final int BLOCK_BYTES = 512;
  private static final long BLOCKS = (6L << 20) / BLOCK_BYTES;
  private static final long FIRST = (5L << 20) / BLOCK_BYTES;
  private static final long MILLISECOND_NS = 1_000_000;
  private static final long QUIET_NS = 500 * MILLISECOND_NS;
  private static final long CHILD_TIMEOUT_MS = 60;

  /** Longer than a nexus needs to find out about all of its children. */
  private static final long HOST_TIMEOUT_MS = 500;

  private static final long MOST_EVENTS = 4_000_000;

  /** Where fields begin in the header of a response or of data, NVMe/TCP 1.0c §3.6.2: whose it is, what it says, offset, length. */
  private static final List<Integer> FIELDS = List.of(8, 10, 12, 16, 20, 22);

  /** The lowest ones of a field: small numbers are in it. */
  private static final int FIELD_BITS = 3;

  /** Where the host is. */
  enum Scenario {
    /** On the nexus' own node. */
    LOCAL_HOST,
    /** Behind the network, which is good between it and the nexus. */
    REMOTE_HOST,
    /** Behind the network, and it loses its way as well: it may see errors, and what it was told stays true. */
    LOST_HOST,
    /** Behind the network, on which bits flip; everybody asks for digests. It may see errors, and nothing that anybody sends wrongly arrives. */
    FLIPPED_BITS,
    /** The same, where each seed has one field of headers in which bits flip, and often: so it is seen what a digest of them is good for. */
    FLIPPED_HEADERS
  }

  /** A disk, and the node that has it in this life. */
  private final class Storage {
    final String name;
    final int number;
    final boolean isGood;
    final SimMedium medium = new SimMedium();
    final Set<Long> written = new LinkedHashSet<>();
    SimNode node;

    Storage(String name, int number, boolean isGood) {
      this.name = name;
      this.number = number;
      this.isGood = isGood;
    }

    /** In a thread. */
    void start(SimNode on) throws TenonException {
      node = on;
      var faults = isGood ? healthy() : sick();
      disk = node.plug(world, new Geometry(BLOCK_BYTES, BLOCKS), medium, faults, VolumeRun.this);
      if (random.nextInt(3) == 0) disk.actLikeMemory();
    }

    SimDisk disk;
  }

  private final Scenario scenario;
  private final SplittableRandom random;
  private final SimWorld world;
  private final SimThreads director;

  /** What the nexus' node is asked for, and what it does by itself. */
  private final Executor control;

  private final List<Storage> storages = new ArrayList<>();
  private final SimNode main;
  private final List<SimNode> lives = new ArrayList<>();
  private SimNode hostNode;
  private @Nullable DeviceSlot remote;
  private Nexus nexus;
  private SimHost host;
  private int replacing;

  VolumeRun(long seed, Scenario scenario) {
    this.scenario = scenario;
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    director = new SimThreads(world);
    control = director.oneByOne();
    world
        .network()
        .weather(
            new Weather(
                1 + random.nextLong(200_000),
                random.nextInt(2) * 0.3,
                random.nextInt(2) * 0.2,
                random.nextInt(3) == 0 ? 8192 : 1 << 20));
    main = life("main", 0);
    hostNode = main;
    int count = 1 + random.nextInt(3);
    int good = random.nextInt(count);
    boolean hasLocal = random.nextBoolean();
    for (int i = 0; i < count; i++) {
      var storage = new Storage(hasLocal && i == 0 ? "main" : "node" + i, i + 1, i == good);
      storages.add(storage);
    }
  }

  private SimNode life(String name, int number) {
    return life(name, number, CHILD_TIMEOUT_MS);
  }

  private SimNode life(String name, int number, long ioTimeoutMs) {
    var node = new SimNode(world, name, number, 1 + random.nextInt(2), ioTimeoutMs);
    lives.add(node);
    return node;
  }

  private SimDisk.Faults healthy() {
    return SimDisk.Faults.none(1 + random.nextLong(200_000));
  }

  private SimDisk.Faults sick() {
    return new SimDisk.Faults(
        random.nextInt(2) * 0.3,
        1 + random.nextLong(300_000),
        random.nextInt(3) == 0 ? 0.01 : 0,
        random.nextInt(6) == 0 ? 0.01 : 0,
        random.nextInt(6) == 0 ? 0.005 : 0,
        random.nextInt(6) == 0 ? 0.005 : 0,
        0,
        random.nextInt(3) == 0 ? 0.2 : 0,
        true);
  }

  // The way up.

  /** In a thread of the world. */
  private void build() throws TenonException {
    main.listen();
    var uris = new ArrayList<String>();
    for (var storage : storages) {
      boolean isLocal = storage.name.equals("main");
      storage.start(isLocal ? main : life(storage.name, storage.number));
      if (isLocal) {
        uris.add(storage.node.localUri());
        continue;
      }
      storage.node.listen();
      var _ = storage.node.share();
      uris.add(storage.node.remoteUri(digests()));
    }
    var nexuses =
        SimulatedNexuses.on(main.devices, main.target, main.reactors, control, world.clock());
    nexus =
        nexuses.create(
            new NexusSpec(
                "volume",
                new UUID(5, 5),
                1L << 20,
                uris,
                1,
                100,
                random.nextBoolean() ? ReadPolicy.LOCAL_FIRST : ReadPolicy.ROUND_ROBIN));
  }

  private String digests() {
    if (flips()) return "?hdgst=true&ddgst=true";
    return switch (random.nextInt(4)) {
      case 0 -> "?hdgst=true&ddgst=true";
      case 1 -> "?ddgst=true";
      default -> "";
    };
  }

  /**
   * @return hash of everything that happened
   */
  long run(int operations) {
    try (var arena = Arena.ofConfined()) {
      inThread(this::build);
      int hot = 2 + random.nextInt(random.nextBoolean() ? 6 : 30);
      var slot = nexus.device();
      if (scenario != Scenario.LOCAL_HOST) {
        hostNode = life("host", 77, HOST_TIMEOUT_MS);
        inThread(
            () -> {
              String uri = nexus.publish(Set.of()).replace("nvmf+tcp:", "nvmf:");
              remote = hostNode.devices.create(uri + digests());
            });
        slot = remote;
      }
      var device = slot;
      host =
          new SimHost(
              device.geometry(),
              device::channel,
              world,
              hostNode.reactors.all(),
              arena,
              this::acknowledged,
              random.nextLong(device.geometry().blockCount() - hot),
              hot);
      int least = scenario == Scenario.FLIPPED_HEADERS ? 3 : 1;
      begin(device, operations, least + random.nextInt(4));
      planAccidents();
      if (!world.runUntil(this::hostIsDone, MOST_EVENTS)) {
        throw new AssertionError(host.underWay() + " I/Os never ended");
      }
      finish();
      return world.trace().hash();
    }
  }

  private void begin(DeviceSlot device, int operations, int depth) {
    if (!flips()) {
      host.start(operations, depth);
      return;
    }
    var _ = host.goOnPatiently(device::channel, hostNode.reactors.all(), operations, depth);
    double share = 0.0005 * Math.pow(2, random.nextDouble() * 6);
    flip(hostNode, main, share);
    for (var storage : storages) if (!storage.isGood) flip(main, storage.node, share);
  }

  private void flip(SimNode one, SimNode other, double share) {
    var network = world.network();
    if (scenario == Scenario.FLIPPED_HEADERS) {
      int field = FIELDS.get(random.nextInt(FIELDS.size()));
      network.flipBits(one.reactors, other.reactors, 4 * share, field * Byte.SIZE, FIELD_BITS);
    } else {
      network.flipBits(one.reactors, other.reactors, share);
    }
  }

  private boolean flips() {
    return scenario == Scenario.FLIPPED_BITS || scenario == Scenario.FLIPPED_HEADERS;
  }

  private boolean hostMaySeeErrors() {
    return scenario == Scenario.LOST_HOST || flips();
  }

  private boolean hostIsDone() {
    return host.isDone();
  }

  private void inThread(Deed deed) {
    if (!world.runUntil(Deed.begin(control, deed), MOST_EVENTS)) {
      throw new AssertionError("a thread waits for ever");
    }
  }

  // Accidents.

  private void planAccidents() {
    if (scenario == Scenario.LOST_HOST) {
      world.schedule(random.nextLong(15 * MILLISECOND_NS), this::loseHost);
    }
    if (scenario != Scenario.LOCAL_HOST) replaceTransports(main);
    for (var storage : storages) {
      if (storage.isGood) {
        if (!storage.name.equals("main")) replaceTransports(storage.node);
        continue;
      }
      long when = random.nextLong(15 * MILLISECOND_NS);
      if (storage.name.equals("main")) {
        if (random.nextBoolean()) world.schedule(when, storage.disk::crash);
        continue;
      }
      switch (random.nextInt(9)) {
        case 0 -> world.schedule(when, () -> crash(storage, true));
        case 1 -> world.schedule(when, () -> crash(storage, false));
        case 2 -> world.schedule(when, () -> world.network().reset(storage.node.reactors));
        case 3 -> world.schedule(when, () -> world.network().blackhole(storage.node.reactors));
        case 4 -> cut(storage, when, true, true);
        case 5 -> cut(storage, when, true, false);
        case 6 -> cut(storage, when, false, true);
        case 7 -> {
          long nap = random.nextLong(200 * MILLISECOND_NS);
          world.schedule(when, () -> storage.node.reactors.freeze(nap));
        }
        default -> {}
      }
    }
  }

  /** Nobody may notice, whatever else happens. */
  private void replaceTransports(SimNode node) {
    int times = random.nextInt(4);
    if (times == 0) return;
    replacing++;
    world.schedule(
        random.nextLong(10 * MILLISECOND_NS), () -> director.start(() -> replace(node, times)));
  }

  private void replace(SimNode node, int times) {
    try {
      for (int i = 0; i < times; i++) node.replaceTransport();
    } catch (TenonException e) {
      throw new AssertionError(e.getMessage(), e);
    }
    replacing--;
  }

  private void loseHost() {
    var network = world.network();
    switch (random.nextInt(4)) {
      case 0 -> network.reset(hostNode.reactors);
      case 1 -> network.blackhole(hostNode.reactors);
      case 2 -> network.cut(hostNode.reactors, main.reactors);
      default -> network.cut(main.reactors, hostNode.reactors);
    }
  }

  private void cut(Storage storage, long when, boolean there, boolean back) {
    var network = world.network();
    world.schedule(
        when,
        () -> {
          if (there) network.cut(main.reactors, storage.node.reactors);
          if (back) network.cut(storage.node.reactors, main.reactors);
        });
    world.schedule(when + random.nextLong(150 * MILLISECOND_NS), network::heal);
  }

  /** The node is gone, and may come back with what its medium has. */
  private void crash(Storage storage, boolean silently) {
    storage.disk.losePower();
    storage.node.reactors.crash(silently);
    if (random.nextInt(4) == 0) return;
    world.schedule(
        random.nextLong(100 * MILLISECOND_NS),
        () ->
            director.start(
                () -> {
                  try {
                    storage.start(life(storage.name, storage.number));
                    storage.node.listen();
                    var _ = storage.node.share();
                  } catch (TenonException e) {
                    throw new AssertionError(e.getMessage(), e);
                  }
                }));
  }

  // What must hold.

  /** Every child that the nexus takes for healthy has it. */
  private void acknowledged(long lba, long[] stamps) {
    var children = nexus.children();
    for (int i = 0; i < storages.size(); i++) {
      if (children.get(i).state() != ChildState.OPEN) continue;
      for (long stamp : stamps) {
        if (storages.get(i).written.contains(stamp)) continue;
        throw new AssertionError(children.get(i) + " lacks an acknowledged write");
      }
    }
    world.trace().note(lba);
  }

  @Override
  public void written(SimDisk disk, long block, long stamp) {
    boolean isData = block >= FIRST && host != null;
    if (isData && !host.hasWritten(stamp)) {
      throw new AssertionError(
          "%s was given %x, which no host wrote".formatted(disk.name(), stamp));
    }
    for (var storage : storages) if (storage.disk == disk) storage.written.add(stamp);
  }

  private void finish() {
    if (!world.runUntil(() -> replacing == 0, MOST_EVENTS)) {
      throw new AssertionError("a transport was not replaced");
    }
    world.network().flipNone();
    if (!hostMaySeeErrors() && !host.errors().isEmpty()) {
      throw new AssertionError("hosts saw errors of a good volume: " + host.errors());
    }
    // Without I/O it takes a keep-alive to find out that a node has gone.
    world.runFor(QUIET_NS, MOST_EVENTS);
    var children = nexus.children();
    var open = new ArrayList<Storage>();
    for (int i = 0; i < storages.size(); i++) {
      if (children.get(i).state() == ChildState.OPEN) open.add(storages.get(i));
      else if (storages.get(i).isGood) throw new AssertionError("lost: " + children.get(i));
    }
    world.network().heal();
    inThread(this::tearDown);
    world.run(MOST_EVENTS);
    for (long block : host.blocks()) {
      for (var storage : open) {
        host.observe(storage.name, block, storage.medium.stampAt(FIRST + block));
      }
    }
    host.check();
    for (var node : lives) node.checkRest(world);
    world.trace().note(open.size());
  }

  private void tearDown() throws TenonException {
    if (remote != null) hostNode.devices.destroy(remote);
    nexus.destroy();
    for (var node : List.copyOf(lives)) if (node.reactors.isUp()) node.close();
  }
}
