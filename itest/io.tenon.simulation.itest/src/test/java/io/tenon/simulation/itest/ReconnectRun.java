package io.tenon.simulation.itest;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.TenonException;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.nvme.InitiatorControllers.State;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimHost;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimNetwork.Weather;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;

/**
 * One seed's pair of nodes: a disk, and a host that reaches it over the network and loses the way to it. It may see errors; what it
 * was told stays true, and when the way is there again so is the disk.
 */
final class ReconnectRun implements SimDisk.Observer {
  private static final int BLOCK_BYTES = 512;
  private static final long MILLISECOND_NS = 1_000_000;
  private static final long MOST_EVENTS = 4_000_000;
  private static final long IO_TIMEOUT_MS = 60;

  /** Every time-out and pause of the initiator has passed by then, several times. */
  private static final long QUIET_NS = 1500 * MILLISECOND_NS;

  private final SplittableRandom random;
  private final SimWorld world;
  private final SimThreads threads;
  private final Executor control;
  private final SimMedium medium = new SimMedium();
  private final SimNode hostNode;
  private final List<SimNode> lives = new ArrayList<>();
  private SimNode diskNode;
  private SimDisk disk;
  private DeviceSlot slot;
  private SimHost host;

  /** Bits flip on the way, and digests tell. */
  private final boolean flips;

  /**
   * @param flips bits flip on the way, which is not lost then
   */
  ReconnectRun(long seed, boolean flips) {
    this.flips = flips;
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    threads = new SimThreads(world);
    control = threads.oneByOne();
    world
        .network()
        .weather(
            new Weather(
                1 + random.nextLong(200_000),
                random.nextInt(2) * 0.3,
                random.nextInt(2) * 0.2,
                random.nextInt(3) == 0 ? 8192 : 1 << 20));
    hostNode = life("host", 1);
  }

  private SimNode life(String name, int number) {
    var node = new SimNode(world, name, number, 1 + random.nextInt(3), IO_TIMEOUT_MS);
    lives.add(node);
    return node;
  }

  /** In a thread: a node with the disk, now and after each crash. */
  private void startDisk() throws TenonException {
    diskNode = life("disk", 2);
    disk =
        diskNode.plug(
            world,
            new Geometry(BLOCK_BYTES, 4096),
            medium,
            SimDisk.Faults.none(1 + random.nextLong(200_000)),
            this);
    diskNode.listen();
    var _ = diskNode.share();
  }

  private void inThread(Deed deed) {
    if (!world.runUntil(Deed.begin(control, deed), MOST_EVENTS)) {
      throw new AssertionError("a thread waits for ever");
    }
  }

  /**
   * @return hash of everything that happened
   */
  long run(int operations) {
    try (var arena = Arena.ofConfined()) {
      inThread(this::startDisk);
      String digests = flips || random.nextBoolean() ? "?hdgst=true&ddgst=true" : "";
      inThread(() -> slot = hostNode.devices.create(diskNode.remoteUri(digests)));
      int hot = 2 + random.nextInt(20);
      host =
          new SimHost(
              slot.geometry(),
              slot::channel,
              world,
              hostNode.reactors.all(),
              arena,
              (lba, stamps) -> world.trace().note(lba),
              random.nextInt(1000),
              hot);
      if (flips) begin(operations);
      else host.start(operations, 1 + random.nextInt(4));
      for (int i = 0; i <= random.nextInt(3); i++) {
        if (!flips) world.schedule(random.nextLong(10 * MILLISECOND_NS), this::accident);
      }
      if (!world.runUntil(host::isDone, MOST_EVENTS)) {
        throw new AssertionError(host.underWay() + " I/Os never ended");
      }
      world.network().flipNone();
      world.runFor(QUIET_NS, MOST_EVENTS);
      checkItIsBack(arena);
      inThread(this::tearDown);
      world.run(MOST_EVENTS);
      for (long block : host.blocks()) host.observe("medium", block, medium.stampAt(block));
      host.check();
      for (var node : lives) node.checkRest(world);
      return world.trace().hash();
    }
  }

  private void begin(int operations) {
    int depth = 1 + random.nextInt(4);
    var _ = host.goOnPatiently(slot::channel, hostNode.reactors.all(), operations, depth);
    double share = 0.0005 * Math.pow(2, random.nextDouble() * 5);
    world.network().flipBits(hostNode.reactors, diskNode.reactors, share);
  }

  private void accident() {
    var network = world.network();
    var there = diskNode.reactors;
    switch (random.nextInt(7)) {
      case 0 -> crash(true);
      case 1 -> crash(false);
      case 2 -> network.reset(there);
      case 3 -> {
        // Without I/O only a keep-alive would notice, and there is none here.
        if (!host.isDone()) network.blackhole(there);
      }
      case 4 -> there.freeze(random.nextLong(200 * MILLISECOND_NS));
      case 5 -> {
        network.cut(hostNode.reactors, there);
        world.schedule(random.nextLong(200 * MILLISECOND_NS), network::heal);
      }
      default -> {
        network.cut(there, hostNode.reactors);
        world.schedule(random.nextLong(200 * MILLISECOND_NS), network::heal);
      }
    }
  }

  /** Its process is killed; what the disk has taken it keeps. */
  private void crash(boolean silently) {
    if (!diskNode.reactors.isUp()) return;
    disk.crash();
    diskNode.reactors.crash(silently);
    world.schedule(
        random.nextLong(100 * MILLISECOND_NS),
        () ->
            threads.start(
                () -> {
                  try {
                    startDisk();
                  } catch (TenonException e) {
                    throw new AssertionError(e.getMessage(), e);
                  }
                }));
  }

  private void checkItIsBack(Arena arena) {
    if (!(hostNode.initiator instanceof InitiatorControllers initiator)) {
      throw new AssertionError("no initiator");
    }
    var state = initiator.controllers().getFirst().state();
    if (state != State.RUNNING) throw new AssertionError("the controller is " + state);
    long memory = arena.allocate(BLOCK_BYTES, 4096).address();
    for (long block : host.blocks()) {
      var outcome = new ArrayList<IoStatus>();
      var read =
          new IoRequest() {
            @Override
            protected void completed(IoStatus status) {
              outcome.add(status);
            }
          };
      var reactor = hostNode.reactors.main();
      reactor.execute(
          () -> {
            var channel = slot.channel(reactor);
            read.prepareRead(block, 1, memory, BLOCK_BYTES);
            channel.submit(read);
            reactor.schedule(4 * IO_TIMEOUT_MS * MILLISECOND_NS, channel::close);
          });
      world.runFor(5 * IO_TIMEOUT_MS * MILLISECOND_NS, MOST_EVENTS);
      if (!outcome.equals(List.of(IoStatus.SUCCESS))) {
        throw new AssertionError("a read after everything ended " + outcome);
      }
      host.observe("read at the end", block, SimDisk.readStamp(memory, BLOCK_BYTES));
    }
  }

  private void tearDown() throws TenonException {
    hostNode.devices.destroy(slot);
    hostNode.close();
    diskNode.close();
  }

  @Override
  public void written(SimDisk of, long block, long stamp) {
    if (!host.hasWritten(stamp)) {
      throw new AssertionError("the disk was given %x, which no host wrote".formatted(stamp));
    }
    world.trace().note(stamp);
  }
}
