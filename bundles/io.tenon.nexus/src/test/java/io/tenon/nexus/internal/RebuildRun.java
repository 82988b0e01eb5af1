package io.tenon.nexus.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.RebuildInfo;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimHost;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * One seed's world in which children come and go: disks fail and come back, with or without what they had not made durable; operators do
 * anything at any moment; hosts go on. When the faults stop, everything must become Online, and each child alone must hold
 * what hosts were told.
 */
final class RebuildRun implements SimDisk.Observer {
  static final int BLOCK_BYTES = 512;
  private static final long MOST_EVENTS = 4_000_000;
  static final long FIRST = DataArea.RESERVED_BYTES / BLOCK_BYTES;
  private static final long REPAIR_NS = 20_000_000_000L;

  /** What blocks hold that hosts do not touch. */
  private static final long INITIAL = 1L << 40;

  private static final long GARBAGE = 1L << 50;

  private final RebuildScenario scenario;
  final SplittableRandom random;
  final SimWorld world;
  private final NexusParts parts;
  private final List<SimPlace> places = new ArrayList<>();
  private final RebuildTrouble trouble;
  private final HandoverTrouble handovers;
  private final long dataBlocks;

  /** Of its own, so that what else happens by a seed does not depend on it. */
  private final SplittableRandom growths;

  /** As well: who says where there is data, and when. */
  final SplittableRandom thinness;

  /** Blocks that hold nothing from the beginning, nor ever will but where they are {@link #hot}. */
  private final long emptyFrom;

  private final long emptyTo;

  private long nexusBlocks;
  private final long hotAt;
  private final int hot;
  private final int restlessness;
  private final boolean slowWrites;
  private SimReactors node;
  private NexusDevice nexus;
  private Operators operators;
  private boolean calm;
  private boolean hasCrashed;

  RebuildRun(long seed, RebuildScenario scenario, NexusParts parts) {
    this(seed, scenario, parts, UnaryOperator.identity());
  }

  /**
   * @param courier brings what one nexus has left to the next
   */
  RebuildRun(
      long seed, RebuildScenario scenario, NexusParts parts, UnaryOperator<LeftNexus> courier) {
    this.scenario = scenario;
    this.parts = parts;
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    node = world.node("node", 1 + random.nextInt(3));
    int children = 2 + random.nextInt(isForgetful() ? 2 : 3);
    slowWrites = isForgetful() && random.nextBoolean();
    int anchor = scenario == RebuildScenario.ALL_MAY_FAIL ? -1 : random.nextInt(children);
    // One to three MiB, and some: 16 to 50 pieces.
    dataBlocks = (1 + random.nextInt(2)) * 2048L + random.nextInt(600);
    hot =
        switch (isForgetful() ? 2 : random.nextInt(3)) {
          case 0 -> 2 + random.nextInt(6);
          case 1 -> 24 + random.nextInt(40);
          default -> 100 + random.nextInt(200);
        };
    long border = 128L * (3 + random.nextInt(10)) - random.nextInt(hot);
    hotAt = random.nextBoolean() ? border : dataBlocks - hot;
    growths = new SplittableRandom(~seed);
    thinness = new SplittableRandom(seed ^ Long.MIN_VALUE);
    emptyFrom = thinness.nextLong(dataBlocks);
    emptyTo = thinness.nextLong(emptyFrom, dataBlocks) + 1;
    long least = Math.max(hotAt + hot, dataBlocks / 2);
    nexusBlocks = growths.nextInt(3) == 0 ? dataBlocks : growths.nextLong(least, dataBlocks + 1);
    for (int i = 0; i < children; i++) {
      var place = new SimPlace(this, i, i == anchor, dataBlocks);
      fill(place.medium(), INITIAL);
      places.add(place);
    }
    trouble = new RebuildTrouble(this, places, growths);
    restlessness = isForgetful() ? 4 : random.nextInt(3) == 0 ? 60 : 600;
    make(places);
    handovers =
        scenario == RebuildScenario.HANDED_OVER
            ? new HandoverTrouble(this, places, new SplittableRandom(seed + 1), courier)
            : null;
  }

  private void fill(SimMedium medium, long stamp) {
    for (long block = 0; block < dataBlocks; block++) {
      boolean isNothing = isHot(block) || isEmpty(block);
      // What a device grows by is equal on all of them, as on replicas.
      long content = block < nexusBlocks ? stamp : INITIAL;
      if (!isNothing || content == GARBAGE) medium.preset(FIRST + block, content + block);
    }
  }

  private boolean isHot(long block) {
    return block >= hotAt && block < hotAt + hot;
  }

  private boolean isEmpty(long block) {
    return block >= emptyFrom && block < emptyTo;
  }

  /**
   * A child that forgets right before the node of the nexus crashes is healthy on record: that is one failure more than anybody can
   * bear.
   */
  boolean mayForget() {
    return switch (scenario) {
      case ONE_GOOD_CHILD, FORGETFUL, RECORD_FAILS, SHUT_DOWN, HANDED_OVER -> true;
      case ALL_MAY_FAIL -> false;
      case NODE_CRASHES -> hasCrashed;
    };
  }

  boolean isForgetful() {
    return scenario == RebuildScenario.FORGETFUL;
  }

  boolean hasSlowWrites() {
    return isForgetful() && slowWrites;
  }

  boolean isCalm() {
    return calm;
  }

  NexusDevice nexus() {
    return nexus;
  }

  Operators operators() {
    return operators;
  }

  /** Of each child, for data. */
  long dataBlocks() {
    return dataBlocks;
  }

  /** That the nexus has. */
  long nexusBlocks() {
    return nexusBlocks;
  }

  void nexusBlocks(long now) {
    nexusBlocks = now;
  }

  /** Another disk, which has been in use elsewhere. */
  void fillWithGarbage(SimMedium medium) {
    fill(medium, GARBAGE);
  }

  private boolean mayNotErr() {
    return scenario == RebuildScenario.ONE_GOOD_CHILD
        || scenario == RebuildScenario.HANDED_OVER
        || isForgetful();
  }

  SimReactors node() {
    return node;
  }

  private void make(List<SimPlace> of) {
    var kids = new ArrayList<Child>();
    for (SimPlace place : of) {
      place.isOnRecordAsOut(false);
      kids.add(new Child("sim", kids.size(), place.uri(), place.open()));
    }
    nexus =
        new NexusDevice(
            new NexusDevice.Plan(
                "sim",
                new UUID(1, 1),
                new DataArea(FIRST, new Geometry(BLOCK_BYTES, nexusBlocks)),
                kids,
                random.nextBoolean() ? ReadPolicy.LOCAL_FIRST : ReadPolicy.ROUND_ROBIN,
                node.all(),
                1 + random.nextInt(8),
                new Ledger(),
                world.clock(),
                new Watcher(),
                parts));
    operators = new Operators(nexus);
  }

  /** The nexus goes on by another one. */
  NexusDevice succeed(LeftNexus left) {
    var kids =
        left.children().stream().map(one -> Child.of("sim", one, node.all().size())).toList();
    nexus =
        new NexusDevice(
            new NexusDevice.Plan(
                "sim",
                new UUID(1, 1),
                left.area(),
                kids,
                left.spec().readPolicy(),
                node.all(),
                1 + random.nextInt(8),
                new Ledger(),
                world.clock(),
                new Watcher(),
                parts),
            left);
    operators = new Operators(nexus);
    return nexus;
  }

  /** Between one nexus and the next: nobody asks for anything. */
  boolean isLeaving() {
    return handovers != null && handovers.isUnderWay();
  }

  boolean isGrowing() {
    return trouble.isGrowing();
  }

  private SimPlace at(String uri) {
    return places.get(uri.charAt(uri.length() - 1) - '0');
  }

  /** What is written down takes a while, and is lost with the node. */
  private final class Ledger implements RetirementRecord {
    private final SimReactors writer = node;
    private long lastNs;

    private void later(Outcome outcome, Runnable then) {
      lastNs = Math.max(lastNs, world.nowNs() + random.nextLong(500_000));
      boolean fails = scenario == RebuildScenario.RECORD_FAILS && !calm && random.nextInt(12) == 0;
      writer
          .main()
          .schedule(
              lastNs - world.nowNs(),
              () -> {
                if (fails) {
                  outcome.failed("the store is away");
                } else {
                  then.run();
                  outcome.recorded();
                }
              });
    }

    @Override
    public void childIsOut(String name, String uri, Outcome outcome) {
      later(outcome, () -> at(uri).isOnRecordAsOut(true));
    }

    @Override
    public void childIsIn(String name, String uri, Outcome outcome) {
      later(outcome, () -> at(uri).isOnRecordAsOut(false));
    }

    @Override
    public void childIsGone(String name, String uri, Outcome outcome) {
      later(outcome, () -> at(uri).isOnRecordAsOut(true));
    }
  }

  private final class Watcher implements NexusWatcher {
    @Override
    public void childIsIdle(String name, Child child) {
      at(child.uri()).isIdle(child);
    }

    @Override
    public void stoppedByItself(String name, String why) {
      if (scenario != RebuildScenario.RECORD_FAILS) throw new AssertionError("stopped: " + why);
    }

    @Override
    public void closed(String name) {}
  }

  // ---- a run

  /**
   * @return hash of everything that happened
   */
  long run(int operations) {
    try (var arena = Arena.ofConfined()) {
      var host = host(arena);
      host.start(operations, 1 + random.nextInt(hot < 24 || isForgetful() ? 2 : 8));
      node.main().schedule(random.nextLong(500_000), trouble::disturb);
      node.main().schedule(growths.nextLong(8_000_000), trouble::grow);
      if (scenario == RebuildScenario.NODE_CRASHES) crashInTheMiddle(host);
      if (scenario == RebuildScenario.SHUT_DOWN) shutDownInTheMiddle();
      if (handovers != null) handovers.begin();
      world.runUntil(host::isDone, MOST_EVENTS);
      if (!host.isDone()) throw new AssertionError(host.underWay() + " I/Os never ended");
      if (mayNotErr() && !host.errors().isEmpty()) {
        throw new AssertionError("hosts saw errors: " + host.errors());
      }
      finish(host);
      return world.trace().hash();
    }
  }

  private SimHost host(Arena arena) {
    return new SimHost(
        nexus.geometry(),
        reactor -> handovers == null ? nexus.channel(reactor) : handovers.volume().channel(reactor),
        world,
        node.all(),
        arena,
        this::acknowledged,
        hotAt,
        hot);
  }

  private void shutDownInTheMiddle() {
    node.main()
        .schedule(
            random.nextLong(10_000_000),
            () -> {
              boolean[] told = {false};
              nexus.membership().shutDown("asked to", () -> told[0] = true);
              node.main()
                  .schedule(
                      10 * SimDisk.TIMEOUT_NS,
                      () -> {
                        if (!told[0]) throw new AssertionError("never shut down");
                      });
            });
  }

  /** The host stays with what it knows; its I/Os of that node have no end. */
  private void crashInTheMiddle(SimHost host) {
    world.runFor(random.nextLong(10_000_000), MOST_EVENTS);
    node.crash(true);
    hasCrashed = true;
    host.nodeHasCrashed();
    var trusted = places.stream().filter(place -> !place.isOnRecordAsOut()).toList();
    if (trusted.isEmpty()) throw new AssertionError("no child is healthy on record");
    for (SimPlace place : places) place.nodeHasCrashed();
    node = world.node("node", 1 + random.nextInt(3));
    for (SimPlace place : places) place.isOnRecordAsOut(true);
    var first = trusted.get(random.nextInt(trusted.size()));
    first.protect();
    make(List.of(first));
    host.goOn(nexus::channel, node.all(), 200, 1 + random.nextInt(3));
    node.main().schedule(random.nextLong(500_000), trouble::disturb);
    node.main().schedule(growths.nextLong(8_000_000), trouble::grow);
  }

  private void finish(SimHost host) {
    calm = true;
    for (SimPlace place : places) place.heal();
    world.runUntil(() -> !isLeaving(), MOST_EVENTS);
    if (isLeaving()) throw new AssertionError("a handover never ended");
    boolean ended =
        nexus.membership().isStopping() || nexus.membership().view().state() == NexusState.FAULTED;
    if (!ended) repair();
    ended |=
        nexus.membership().isStopping() || nexus.membership().view().state() == NexusState.FAULTED;
    if (!ended) checkAllAreComplete(host);
    nexus.membership().shutDown("this is the end", () -> {});
    world.run(MOST_EVENTS);
    checkRest();
    host.check();
  }

  private void repair() {
    long endNs = world.nowNs() + REPAIR_NS;
    node.main().schedule(0, () -> repairOn(endNs));
    world.runUntil(this::isAllOnline, MOST_EVENTS);
    if (!isAllOnline() && !mayStayBroken()) {
      throw new AssertionError(
          "not Online long after the last fault: "
              + nexus.membership().view()
              + nexus.membership().rebuilds().infos());
    }
  }

  private boolean mayStayBroken() {
    var state = nexus.membership().view().state();
    return switch (scenario) {
      case ONE_GOOD_CHILD, FORGETFUL, NODE_CRASHES, HANDED_OVER -> false;
      case ALL_MAY_FAIL -> state == NexusState.FAULTED;
      case RECORD_FAILS, SHUT_DOWN -> state == NexusState.SHUTDOWN;
    };
  }

  private void repairOn(long endNs) {
    if (isAllOnline() || world.nowNs() > endNs || nexus.membership().isStopping()) return;
    for (SimPlace place : places) {
      try {
        trouble.bringBack(place, true);
      } catch (NexusException refusal) {
        throw new AssertionError(refusal);
      }
    }
    node.main().schedule(5_000_000, () -> repairOn(endNs));
  }

  private boolean isAllOnline() {
    var view = nexus.membership().view();
    return view.state() == NexusState.ONLINE && view.children().size() == places.size();
  }

  /** Each child alone gives what hosts were told, and what was there before. */
  private void checkAllAreComplete(SimHost host) {
    for (SimPlace place : places) {
      for (long block : host.blocks()) {
        host.observe(place.uri() + " at the end", block, place.medium().stampAt(FIRST + block));
      }
      for (long block = 0; block < nexus.geometry().blockCount(); block++) {
        if (isHot(block)) continue;
        long holds = place.medium().stampAt(FIRST + block);
        // Zero by a long unmap.
        if (holds != 0 && (isEmpty(block) || holds != INITIAL + block)) {
          throw new AssertionError(
              "block %d of %s holds %x at the end".formatted(block, place.uri(), holds));
        }
      }
    }
  }

  private void checkRest() {
    if (!nexus.range().isUnused()) throw new AssertionError("a range is still held");
    if (nexus.membership().view().state() != NexusState.SHUTDOWN) {
      throw new AssertionError("never shut down: " + nexus.membership().view());
    }
    if (!nexus.membership().rebuilds().infos().isEmpty()) {
      throw new AssertionError("still rebuilding: " + nexus.membership().rebuilds().infos());
    }
    for (SimPlace place : places) place.checkNoChannels();
    for (RebuildInfo rebuild : history()) world.trace().note(rebuild.toString());
  }

  List<RebuildInfo> history() {
    return nexus.membership().rebuilds().history();
  }

  // ---- what must hold at every moment

  private void acknowledged(long lba, long[] stamps) {
    for (SimPlace place : places) place.acknowledged(stamps);
    world.trace().note(lba);
  }

  @Override
  public void readSubmitted(SimDisk disk) {
    for (SimPlace place : places) place.readSubmitted(disk);
    if (isForgetful()) restartSoon(disk, 30_000);
  }

  /** Now and then a disk is restarted right after it was asked for something. */
  @Override
  public void submitted(SimDisk disk) {
    if (!isForgetful()) restartSoon(disk, 30_000);
  }

  @Override
  public void flushing(SimDisk disk) {
    if (isForgetful()) restartSoon(disk, random.nextInt(3) == 0 ? 3_000_000 : 300_000);
  }

  private void restartSoon(SimDisk disk, long withinNs) {
    if (calm || random.nextInt(restlessness) != 0) return;
    node.main()
        .schedule(
            random.nextLong(withinNs),
            () -> {
              if (calm) return;
              for (SimPlace place : places) place.restartIf(disk);
            });
  }

  @Override
  public void written(SimDisk disk, long block, long stamp) {
    for (SimPlace place : places) place.written(disk, stamp);
  }

  /** As a node opens a device. */
  DeviceSlot slot(BlockDevice disk, String uri) {
    return new DeviceSlot(disk, uri, world.clock(), node.main()::execute);
  }
}
