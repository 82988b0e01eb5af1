package io.tenon.simulation.itest;

import io.tenon.block.IoStatus;
import io.tenon.error.TenonException;
import io.tenon.metadata.Key;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.registry.NexusInfo;
import io.tenon.registry.RegistryFormatException;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimHost;
import io.tenon.simulation.SimNetwork.Weather;
import io.tenon.simulation.SimStore;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Story;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
  private static final String INFO_KEY = "/openebs.io/mayastor/volume/v/nexus/n/info";

  /** All time-outs between nodes have passed by then. */
  private static final long QUIET_NS = 1_000 * MILLISECOND_NS;

  private static final long FIRST = (5L << 20) / ClusterNode.BLOCK_BYTES;

  /** Of faults, at most; hosts may be done before. */
  private static final long TROUBLE_NS = 5_000 * MILLISECOND_NS;

  /** In virtual time: several times what a pool waits between two looks at its disk. */
  private static final long ONLINE_WITHIN_NS = 60_000 * MILLISECOND_NS;

  private final SplittableRandom random;
  private final SimWorld world;
  private final Story story;
  private final SimStore store;
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
  private int operations;

  /** The node of the nexus is down, and no other has one. */
  private boolean away;

  private long awayUntilNs;
  private long ios;

  ClusterRun(long seed) {
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    story = new Story(world);
    store = new SimStore(world);
    world.network().weather(Weather.calm());
    for (int i = 1; i <= NODES; i++) {
      nodes.add(new ClusterNode(world, story, "node" + i, i, store, this));
    }
    home = nodes.get(random.nextInt(NODES));
    faults = new ClusterFaults(world, story, nodes, store, this);
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

  private void live(int most, Arena arena) {
    operations = most;
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
    await(
        () -> !away && (host.isDone() || world.nowNs() > TROUBLE_NS),
        () -> "nothing happens any more");
    faults.end();
    operator.end();
    // By then nobody is frozen any more, and whoever has lost a connection knows.
    world.runFor(faults.mostDurationNs() + 1_000 * MILLISECOND_NS, MOST_EVENTS);
    becomeOnline();
    await(host::isDone, () -> host.underWay() + " I/Os never ended");
    if (!isOnline()) throw new AssertionError("not Online any more: " + state());
    ios = host.operations();
    inThread(home, nexus::destroy);
    for (ClusterNode node : nodes) inThread(node, () -> readAll(node));
    host.check();
    for (ClusterNode node : nodes) inThread(node, () -> node.life().close());
    // What was forgotten open would look at its time-outs for ever.
    world.run(MOST_EVENTS);
    for (ClusterNode node : nodes) node.life().checkRest();
  }

  private void makeNexus() throws TenonException {
    var uris = nodes.stream().map(node -> node.uriFor(home)).toList();
    nexus = home.life().nexuses.create(spec(uris));
  }

  /** It has stopped, or its last child's device was given up: what a control plane does then. */
  private void remakeNexus() {
    story.tell("operator", "makes the nexus anew");
    inThread(
        home,
        () -> {
          nexus.destroy();
          found(home);
        });
    roundsStuck = 0;
  }

  /** In a thread of that node. Who of its replicas is to be believed the record says. */
  private boolean found(ClusterNode at) {
    var there = nodes.stream().filter(ClusterNode::isUp).map(node -> node.uriFor(at)).toList();
    if (at.replica().isEmpty()) {
      story.tell("operator", "cannot: the pool of " + at.name + " is not there yet");
      return false;
    }
    try {
      at.share(false);
      nexus = at.life().nexuses.create(spec(there));
      return true;
    } catch (TenonException e) {
      story.tell("operator", "cannot: " + e.getMessage().lines().findFirst().orElse(""));
      return false;
    }
  }

  // ---- the node of the nexus goes down

  @Override
  public void wentDown(ClusterNode node) {
    if (node != home || away) return;
    away = true;
    operator.homeIsGone();
    // What the dead nexus has sent is nobody's to stop, as long as children are not reserved.
    faults.holdOn();
    awayUntilNs = world.nowNs() + faults.mostDurationNs() + ONLINE_WITHIN_NS;
    world.schedule(faults.mostDurationNs() + QUIET_NS, this::move);
  }

  private void move() {
    if (world.nowNs() > awayUntilNs) throw new AssertionError("no nexus can be made any more");
    var up = nodes.stream().filter(ClusterNode::isUp).toList();
    if (up.isEmpty()) {
      world.schedule(QUIET_NS, this::move);
      return;
    }
    var next = up.get(random.nextInt(up.size()));
    story.tell("operator", "moves the nexus to " + next);
    for (ClusterNode node : up) if (node != next) operator.share(node);
    world.schedule(QUIET_NS, () -> foundAt(next));
  }

  private void foundAt(ClusterNode next) {
    next.life()
        .control
        .execute(
            () -> {
              boolean made = next.replica().isPresent() && found(next);
              world.schedule(made ? 0 : QUIET_NS, made ? () -> arrived(next) : this::move);
            });
  }

  private void arrived(ClusterNode at) {
    home = at;
    away = false;
    seen = List.of();
    int left = Math.max(50, operations - host.operations());
    host.nodeHasCrashed();
    look();
    host.goOn(nexus.device()::channel, at.life().reactors.all(), left, 1 + random.nextInt(4));
    faults.goOn();
  }

  private NexusSpec spec(List<String> uris) {
    return new NexusSpec(
        "volume",
        new UUID(5, 5),
        VOLUME_BYTES,
        uris,
        1,
        100,
        random.nextBoolean() ? ReadPolicy.LOCAL_FIRST : ReadPolicy.ROUND_ROBIN,
        Optional.of(INFO_KEY),
        Optional.empty());
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
      boolean hasStopped = nexus.state() == NexusState.SHUTDOWN;
      boolean hasFailed = nexus.state() == NexusState.FAULTED && host.isDone();
      boolean isStuck = (hasStopped || hasFailed) && operator.isIdle();
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
  public boolean isAway() {
    return away;
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
    if (nexus == null || away) return;
    var now = nexus.children();
    if (!now.equals(seen)) tellChanges(now);
    if (forgetful.isEmpty()) return;
    boolean someoneKnows = false;
    for (ClusterNode node : nodes) {
      boolean isOpen = isOpen(now, node);
      // Until it is on record, the next nexus may believe it.
      if (!isOpen && !isHealthyOnRecord(node)) forgetful.remove(node.name);
      if (isOpen) someoneKnows |= !forgetful.contains(node.name);
    }
    boolean nobodyIsOpen = now.stream().noneMatch(one -> one.state() == ChildState.OPEN);
    if (someoneKnows || nobodyIsOpen || forgetful.isEmpty()) return;
    story.tell("volume", "may have lost what was not flushed");
    host.mayForget();
    for (ClusterNode node : nodes) if (isOpen(now, node)) forgetful.remove(node.name);
  }

  private boolean isOpen(List<ChildInfo> children, ClusterNode node) {
    String uri = node.uriFor(home);
    return children.stream()
        .anyMatch(one -> one.uri().equals(uri) && one.state() == ChildState.OPEN);
  }

  private boolean isHealthyOnRecord(ClusterNode node) {
    var healthy = new NexusInfo.Child(true, node.replicaUuid.toString());
    try {
      var entry = store.get(Key.of(INFO_KEY));
      return entry.isPresent()
          && NexusInfo.fromJson(entry.get().value()).children().contains(healthy);
    } catch (RegistryFormatException e) {
      throw new AssertionError(e);
    }
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
