package io.tenon.simulation.itest;

import io.tenon.block.IoStatus;
import io.tenon.error.TenonException;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimHost;
import io.tenon.simulation.SimNetwork.Weather;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Story;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * One seed's cluster: three storage nodes with a pool each, a volume of three replicas, a nexus on one of the nodes, a host, and an operator.
 * Faults come as the seed draws them. When they are over everything must become Online by itself or by what an operator would do, and each replica alone
 * must show what the host was told.
 */
final class ClusterRun implements SimDisk.Observer, ClusterFaults.Witness, ClusterOperator.Volume {
  private static final int NODES = 3;
  private static final long MILLISECOND_NS = 1_000_000;
  private static final long MOST_EVENTS = 20_000_000;
  private static final long VOLUME_BYTES = 1L << 20;
  private static final long FIRST = (5L << 20) / ClusterNode.BLOCK_BYTES;

  /** Of faults, at most; hosts may be done before. */
  private static final long TROUBLE_NS = 5_000 * MILLISECOND_NS;

  /** In virtual time: several times what a pool waits between two looks at its disk. */
  private static final long ONLINE_WITHIN_NS = 60_000 * MILLISECOND_NS;

  private final SplittableRandom random;
  private final SimWorld world;
  private final Story story;
  private final List<ClusterNode> nodes = new ArrayList<>();
  private final ClusterFaults faults;
  private final ClusterOperator operator;

  /** Nodes whose replica has perhaps forgotten something, and which the nexus takes for healthy still. */
  private final TreeSet<String> forgetful = new TreeSet<>();

  private ClusterNode home;
  private Nexus nexus;
  private SimHost host;
  private List<ChildInfo> seen = List.of();
  private int roundsStuck;
  private long ios;

  ClusterRun(long seed) {
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    story = new Story(world);
    world.network().weather(Weather.calm());
    for (int i = 1; i <= NODES; i++) {
      nodes.add(new ClusterNode(world, story, "node" + i, i, this));
    }
    home = nodes.get(random.nextInt(NODES));
    faults = new ClusterFaults(world, story, nodes, this);
    operator = new ClusterOperator(world, story, nodes);
  }

  /** How a run went. */
  record Outcome(long hash, long ios, long faults) {}

  Outcome run(int operations) {
    try (var arena = Arena.ofConfined()) {
      live(operations, arena);
      return new Outcome(world.trace().hash(), ios, faults.count() + (long) operator.orders());
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(e.getMessage() + "\n" + story, e);
    }
  }

  private void live(int operations, Arena arena) {
    for (ClusterNode node : nodes) {
      inThread(
          node,
          () -> {
            node.make();
            node.share(node != home);
          });
    }
    inThread(home, this::makeNexus);
    int hot = 2 + random.nextInt(random.nextBoolean() ? 6 : 40);
    host =
        new SimHost(
            nexus.device().geometry(),
            nexus.device()::channel,
            world,
            home.life().reactors.all(),
            arena,
            (lba, stamps) -> world.trace().note(lba),
            random.nextLong(nexus.device().geometry().blockCount() - hot),
            hot);
    host.thinks((long) (200_000 * Math.pow(2, random.nextDouble() * 7)));
    host.start(operations, 1 + random.nextInt(4));
    faults.begin();
    operator.begin(this);
    await(() -> host.isDone() || world.nowNs() > TROUBLE_NS, () -> "nothing happens any more");
    faults.end();
    operator.end();
    // By then nobody is frozen any more, and whoever has lost a connection knows.
    world.runFor(faults.mostDurationNs() + 1_000 * MILLISECOND_NS, MOST_EVENTS);
    becomeOnline();
    await(host::isDone, () -> host.underWay() + " I/Os never ended");
    if (!isOnline()) throw new AssertionError("not Online any more: " + state());
    ios = host.operations();
    inThread(home, this::destroyNexus);
    for (ClusterNode node : nodes) inThread(node, () -> readAll(node));
    host.check();
    for (ClusterNode node : nodes) inThread(node, () -> node.life().close());
    world.run(MOST_EVENTS);
    for (ClusterNode node : nodes) node.life().checkRest();
  }

  private void makeNexus() throws TenonException {
    var uris = nodes.stream().map(node -> node.uriFor(home)).toList();
    nexus = home.life().nexuses.create(spec(uris));
  }

  private void destroyNexus() throws TenonException {
    home.life().control.ending(true);
    nexus.destroy();
  }

  /** Its last child's device was given up: what a control plane does then. Whoever was healthy last has it all. */
  private void remakeNexus() {
    var uris =
        nexus.children().stream()
            .filter(child -> child.state() == ChildState.OPEN)
            .map(ChildInfo::uri)
            .toList();
    story.tell("operator", "makes the nexus anew of " + uris);
    inThread(
        home,
        () -> {
          destroyNexus();
          home.life().control.ending(false);
          nexus = home.life().nexuses.create(spec(uris));
        });
    roundsStuck = 0;
  }

  private NexusSpec spec(List<String> uris) {
    return new NexusSpec(
        "volume",
        new UUID(5, 5),
        VOLUME_BYTES,
        uris,
        1,
        100,
        random.nextBoolean() ? ReadPolicy.LOCAL_FIRST : ReadPolicy.ROUND_ROBIN);
  }

  // ---- waiting

  private interface Why {
    String why();
  }

  private void await(BooleanSupplier done, Why why) {
    if (!world.runUntil(done, MOST_EVENTS)) throw new AssertionError(why.why());
  }

  private void inThread(ClusterNode node, VolumeRun.Deed deed) {
    boolean[] ended = {false};
    node.life()
        .control
        .execute(
            () -> {
              try {
                deed.run();
              } catch (TenonException e) {
                throw new AssertionError(e.getMessage(), e);
              }
              ended[0] = true;
            });
    await(() -> ended[0], () -> "a thread waits for ever");
  }

  // ---- when it is over

  private void becomeOnline() {
    long endNs = world.nowNs() + ONLINE_WITHIN_NS;
    while (!isOnline()) {
      if (world.nowNs() > endNs) throw new AssertionError("not Online in time: " + state());
      faults.relieve();
      boolean isStuck = nexus.state() == NexusState.FAULTED && host.isDone() && operator.isIdle();
      roundsStuck = isStuck ? roundsStuck + 1 : 0;
      if (roundsStuck > 10) remakeNexus();
      for (ClusterNode node : nodes) operator.bringBack(this, node);
      world.runFor(100 * MILLISECOND_NS, MOST_EVENTS);
    }
    await(operator::isIdle, () -> "an operator waits for ever");
    story.tell("cluster", "is Online");
  }

  private boolean isOnline() {
    return nexus.state() == NexusState.ONLINE && nexus.children().size() == NODES;
  }

  private String state() {
    return nexus.state() + " because " + nexus.why() + ", " + nexus.children() + nexus.rebuilds();
  }

  /** What each replica shows by itself. */
  private void readAll(ClusterNode node) {
    var slot = node.device().orElseThrow(() -> new AssertionError(node + " lost its replica"));
    try (var reader = new BlockReader(slot, node.life().reactors.main(), 1)) {
      for (long block : host.blocks()) {
        var status = reader.read(FIRST + block, 1);
        if (status != IoStatus.SUCCESS) throw new AssertionError(node + ": " + status);
        long stamp = SimDisk.readStamp(reader.memory(), ClusterNode.BLOCK_BYTES);
        host.observe(node.name, block, stamp);
      }
    }
    var problems = node.pool().orElseThrow().info().findings();
    if (!problems.isEmpty()) throw new AssertionError(node + ": " + problems);
  }

  // ---- what goes on

  @Override
  public ClusterNode home() {
    return home;
  }

  @Override
  public Nexus nexus() {
    return nexus;
  }

  @Override
  public boolean mayGoDown(ClusterNode node) {
    return node != home;
  }

  @Override
  public void forgets(ClusterNode node) {
    forgetful.add(node.name);
    look();
  }

  /** Before a disk does anything: who is in, and has nobody a full copy any more? */
  @Override
  public void submitted(SimDisk disk) {
    look();
  }

  private void look() {
    if (nexus == null) return;
    var now = nexus.children();
    if (now != seen) tellChanges(now);
    if (forgetful.isEmpty()) return;
    boolean someoneKnows = false;
    for (ClusterNode node : nodes) {
      boolean isOpen =
          now.stream()
              .anyMatch(
                  one -> one.uri().equals(node.uriFor(home)) && one.state() == ChildState.OPEN);
      if (!isOpen) forgetful.remove(node.name);
      else someoneKnows |= !forgetful.contains(node.name);
    }
    if (someoneKnows || forgetful.isEmpty()) return;
    story.tell("volume", "may have lost what was not flushed");
    host.mayForget();
    forgetful.clear();
  }

  private void tellChanges(List<ChildInfo> now) {
    for (ChildInfo child : now) {
      boolean isKnown =
          seen.stream()
              .anyMatch(one -> one.uri().equals(child.uri()) && one.state() == child.state());
      if (!isKnown) {
        story.tell("nexus", child.uri() + " is " + child.state() + ": " + child.detail());
        world.trace().note(child.state().name());
      }
    }
    seen = now;
  }

  @Override
  public void readSubmitted(SimDisk disk) {
    // See submitted.
  }

  @Override
  public void written(SimDisk disk, long block, long stamp) {
    world.trace().note(block);
  }
}
