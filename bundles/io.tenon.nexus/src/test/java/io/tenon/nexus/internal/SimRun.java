package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimHost;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;

/** One seed's world: reactors, disks with their faults, a nexus over them, hosts, and what must hold at the end. */
final class SimRun implements SimDisk.Observer {
  private static final int BLOCK_BYTES = 512;
  private static final long MOST_EVENTS = 2_000_000;

  private final Scenario scenario;
  private final Neighbours neighbours;
  private final SplittableRandom random;
  private final SimWorld world;
  private final SimReactors node;
  private final List<SimDisk> disks = new ArrayList<>();
  private final List<Set<Long>> writtenStamps = new ArrayList<>();
  private final boolean[] lacksAcknowledged;
  private final boolean[] onRecord;
  private final NexusDevice nexus;
  private final int anchor;
  private int stopsByItself;
  private boolean shutDown;
  private final long first;

  /** What may go wrong, and so what must hold. */
  enum Scenario {
    /** One child works all the time, so hosts see nothing. */
    ONE_GOOD_CHILD,
    /** Hosts may see errors, but nothing that is not so. */
    ALL_MAY_FAIL,
    /** At some time it cannot be written down that a child is out. */
    RECORD_FAILS,
    /** Another host takes a child over. */
    FENCED,
    /** Somebody shuts the nexus down in the middle. */
    SHUT_DOWN;

    boolean mayStop() {
      return this == RECORD_FAILS || this == FENCED || this == SHUT_DOWN;
    }
  }

  /** Planted bugs in what the nexus relies on. */
  record Neighbours(boolean believesEveryAnswer, boolean recordLies, boolean reconnectsSilently) {
    static final Neighbours GOOD = new Neighbours(false, false, false);
  }

  SimRun(long seed, Scenario scenario, NexusParts parts, Neighbours neighbours) {
    this.scenario = scenario;
    this.neighbours = neighbours;
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    node = world.node("node", 1 + random.nextInt(3));
    int children = 1 + random.nextInt(4);
    int good = random.nextInt(children);
    anchor = scenario == Scenario.ALL_MAY_FAIL ? -1 : good;
    lacksAcknowledged = new boolean[children];
    onRecord = new boolean[children];
    InstantSource clock = world.clock();
    var kids = new ArrayList<Child>();
    var shapes = new ArrayList<DataArea.Shape>();
    // 40 MiB and some: more granules than the range table has words, for some seeds.
    long blocks =
        (random.nextInt(3) == 0 ? 44L << 20 : 6L << 20) / BLOCK_BYTES + random.nextInt(64);
    for (int i = 0; i < children; i++) {
      var faults = i == anchor ? healthy() : sick();
      var geometry = new Geometry(BLOCK_BYTES, blocks + random.nextInt(100));
      var disk =
          new SimDisk(
              "disk" + i,
              geometry,
              new SimMedium(),
              world,
              faults,
              this,
              neighbours.believesEveryAnswer);
      disks.add(disk);
      writtenStamps.add(new HashSet<>());
      String uri = random.nextBoolean() ? "nvmf://far:8420/disk" + i : "aio:///disk" + i;
      var slot = new DeviceSlot(disk, uri, clock, node.main()::execute);
      kids.add(new Child("sim", i, uri, slot));
      shapes.add(new DataArea.Shape(uri, geometry));
    }
    DataArea area;
    try {
      area = DataArea.of("sim", 1L << 40, shapes);
    } catch (NexusException e) {
      throw new AssertionError(e);
    }
    first = (5L << 20) / BLOCK_BYTES;
    nexus =
        new NexusDevice(
            new NexusDevice.Plan(
                "sim",
                new UUID(1, seed),
                area,
                kids,
                random.nextBoolean() ? ReadPolicy.LOCAL_FIRST : ReadPolicy.ROUND_ROBIN,
                node.all(),
                1 + random.nextInt(8),
                (name, uri, outcome) -> record(uri, outcome, neighbours.recordLies),
                clock,
                new NexusWatcher() {
                  @Override
                  public void childIsIdle(String name, Child child) {
                    if (disks.get(child.index()).openChannels() != 0) {
                      throw new AssertionError(child.uri() + " is not idle");
                    }
                  }

                  @Override
                  public void stoppedByItself(String name, String why) {
                    if (scenario == Scenario.ONE_GOOD_CHILD || scenario == Scenario.ALL_MAY_FAIL) {
                      throw new AssertionError("stopped: " + why);
                    }
                    stopsByItself++;
                  }

                  @Override
                  public void closed(String name) {}
                },
                parts));
  }

  private void record(String uri, RetirementRecord.Outcome outcome, boolean lies) {
    int child = uri.charAt(uri.length() - 1) - '0';
    if (lies) outcome.recorded();
    node.main()
        .schedule(
            random.nextLong(500_000),
            () -> {
              if (scenario == Scenario.RECORD_FAILS && random.nextBoolean()) {
                outcome.failed("the store is away");
                return;
              }
              onRecord[child] = true;
              if (!lies) outcome.recorded();
            });
  }

  private SimDisk.Faults healthy() {
    boolean memory = random.nextInt(4) == 0;
    boolean duplicates = random.nextInt(3) == 0;
    if (memory) return SimDisk.Faults.memory();
    return new SimDisk.Faults(
        random.nextInt(2) * 0.3,
        1 + random.nextLong(400_000),
        0,
        0,
        0,
        0,
        0,
        duplicates ? 0.2 : 0,
        random.nextBoolean());
  }

  private SimDisk.Faults sick() {
    if (random.nextInt(4) == 0) return healthy();
    return new SimDisk.Faults(
        random.nextInt(2) * 0.3,
        1 + random.nextLong(400_000),
        random.nextInt(2) * 0.02,
        random.nextInt(4) == 0 ? 0.02 : 0,
        random.nextInt(3) == 0 ? 0.01 : 0,
        random.nextInt(3) == 0 ? 0.01 : 0,
        random.nextInt(3) == 0 ? 0.01 : 0,
        random.nextInt(3) == 0 ? 0.2 : 0,
        random.nextBoolean());
  }

  private void planAccidents() {
    long middle = random.nextLong(10_000_000);
    if (scenario == Scenario.FENCED) {
      var disk = disks.get(random.nextInt(disks.size()));
      node.main().schedule(middle, disk::fence);
    }
    if (scenario == Scenario.SHUT_DOWN) {
      node.main()
          .schedule(middle, () -> nexus.membership().shutDown("asked to", () -> shutDown = true));
    }
    for (int i = 0; i < disks.size(); i++) {
      if (i == anchor) continue;
      var disk = disks.get(i);
      long when = random.nextLong(20_000_000);
      switch (random.nextInt(5)) {
        case 0 -> node.main().schedule(when, disk::crash);
        case 1 -> {
          node.main().schedule(when, disk::crash);
          node.main().schedule(when + random.nextLong(2_000_000), () -> disk.lose("no keep-alive"));
        }
        case 2 -> node.main().schedule(when, () -> disk.lose("unplugged"));
        case 3 -> {
          if (scenario != Scenario.ALL_MAY_FAIL) {
            node.main().schedule(when, () -> disk.restart(neighbours.reconnectsSilently));
          }
        }
        default -> {}
      }
    }
  }

  /**
   * @return hash of everything that happened
   */
  long run(int operations) {
    try (var arena = Arena.ofConfined()) {
      planAccidents();
      int hot = random.nextBoolean() ? 2 + random.nextInt(6) : 24 + random.nextInt(40);
      long last = nexus.geometry().blockCount() - hot;
      long hotAt = random.nextBoolean() ? last : random.nextLong(last + 1);
      var host =
          new SimHost(
              nexus.geometry(),
              nexus::channel,
              world,
              node.all(),
              arena,
              this::acknowledged,
              hotAt,
              hot);
      host.start(operations, 1 + random.nextInt(hot < 24 ? 2 : 12));
      world.run(MOST_EVENTS);
      finish(host, arena);
      return world.trace().hash();
    }
  }

  private void finish(SimHost host, Arena arena) {
    if (host.underWay() != 0) throw new AssertionError(host.underWay() + " I/Os never ended");
    if (!nexus.range().isUnused()) throw new AssertionError("a range is still held");
    if (scenario.mayStop()) {
      checkStop();
    } else {
      if (scenario == Scenario.ONE_GOOD_CHILD) checkNoErrors(host);
      checkStates();
      readBack(host, arena);
    }
    for (SimDisk disk : disks) {
      if (disk.openChannels() != 0) throw new AssertionError(disk.name() + " has open channels");
    }
    host.check();
  }

  private void checkNoErrors(SimHost host) {
    if (!host.errors().isEmpty()) {
      throw new AssertionError(
          "hosts saw errors though a healthy child remained: " + host.errors());
    }
  }

  private void checkStop() {
    var view = nexus.membership().view();
    boolean stopped = view.state() == NexusState.SHUTDOWN;
    if (scenario == Scenario.SHUT_DOWN && !shutDown) throw new AssertionError("never shut down");
    if (stopped != (shutDown || stopsByItself > 0) || stopsByItself > 1) {
      throw new AssertionError("%s after %d stops".formatted(view, stopsByItself));
    }
    for (ChildInfo child : view.children()) {
      if (stopped && child.state() != ChildState.CLOSED)
        throw new AssertionError("not closed: " + child);
    }
  }

  private void checkStates() {
    var view = nexus.membership().view();
    int open = 0;
    boolean lost = false;
    for (int i = 0; i < disks.size(); i++) {
      if (view.children().get(i).state() != ChildState.OPEN) continue;
      open++;
      lost |= disks.get(i).isLost();
    }
    // Only the last one stays when its device is lost.
    var expected =
        lost && open == 1
            ? NexusState.FAULTED
            : open < disks.size() ? NexusState.DEGRADED : NexusState.ONLINE;
    if (view.state() != expected)
      throw new AssertionError("state " + view.state() + " with " + view.children());
    if (scenario == Scenario.ONE_GOOD_CHILD
        && view.children().get(anchor).state() != ChildState.OPEN) {
      throw new AssertionError("the child without faults is out: " + view.children().get(anchor));
    }
  }

  private void readBack(SimHost host, Arena arena) {
    var children = nexus.membership().view().children();
    long memory = arena.allocate(BLOCK_BYTES, 4096).address();
    for (long block : host.blocks()) {
      if (scenario == Scenario.ONE_GOOD_CHILD) {
        host.observe("nexus at the end", block, readNexus(block, memory));
      }
      for (int i = 0; i < disks.size(); i++) {
        if (children.get(i).state() != ChildState.OPEN) continue;
        host.observe(children.get(i).uri(), block, disks.get(i).stampAt(first + block));
      }
    }
  }

  private long readNexus(long block, long memory) {
    var ended = new ArrayList<IoStatus>();
    var read =
        new IoRequest() {
          @Override
          protected void completed(IoStatus status) {
            ended.add(status);
          }
        };
    node.main()
        .execute(
            () -> {
              var channel = nexus.channel(node.main());
              read.prepareRead(block, 1, memory, BLOCK_BYTES);
              channel.submit(read);
              node.main().schedule(4 * SimDisk.TIMEOUT_NS, channel::close);
            });
    world.run(MOST_EVENTS);
    if (!ended.equals(List.of(IoStatus.SUCCESS)))
      throw new AssertionError("final read ended " + ended);
    return SimDisk.readStamp(memory, BLOCK_BYTES);
  }

  private void acknowledged(long lba, long[] stamps) {
    for (int i = 0; i < disks.size(); i++) {
      for (long stamp : stamps) {
        if (writtenStamps.get(i).contains(stamp)) continue;
        lacksAcknowledged[i] = true;
        if (!onRecord[i]) {
          throw new AssertionError(
              "a write is acknowledged that disk%d lacks, which is not on record".formatted(i));
        }
      }
    }
    world.trace().note(lba);
  }

  @Override
  public void readSubmitted(SimDisk disk) {
    if (lacksAcknowledged[disks.indexOf(disk)]) {
      throw new AssertionError(disk.name() + " is read though it lacks an acknowledged write");
    }
  }

  @Override
  public void written(SimDisk disk, long block, long stamp) {
    writtenStamps.get(disks.indexOf(disk)).add(stamp);
  }
}
