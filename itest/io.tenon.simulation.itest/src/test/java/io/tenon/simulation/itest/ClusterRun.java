package io.tenon.simulation.itest;

import io.tenon.block.IoStatus;
import io.tenon.metadata.Key;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.RebuildInfo;
import io.tenon.registry.NexusInfo;
import io.tenon.registry.RegistryFormatException;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimNetwork.Weather;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimStore;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Story;
import io.tenon.simulation.Tally;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;

/**
 * One seed's cluster: three storage nodes with a pool each, a volume of three replicas, a nexus on one of the nodes, a host, and an operator.
 * Faults come as the seed draws them. When they are over everything must become Online by itself or by what an operator would do, and each replica alone
 * must show what the host was told.
 */
final class ClusterRun implements SimDisk.Observer, ClusterFaults.Witness {
  private static final int NODES = 3;
  private static final long MILLISECOND_NS = 1_000_000;
  private static final long MOST_EVENTS = 20_000_000;

  private static final long FIRST = (5L << 20) / ClusterNode.BLOCK_BYTES;

  /** Of faults, at most; hosts may be done before. */
  private static final long TROUBLE_NS = 5_000 * MILLISECOND_NS;

  /** In virtual time: several times what a pool waits between two looks at its disk. */
  private static final long ONLINE_WITHIN_NS = 60_000 * MILLISECOND_NS;

  /** A target waits so long for the first command, and for the end of what it has ended. */
  private static final long SILENT_AT_MOST_NS = 35_000 * MILLISECOND_NS;

  private final SplittableRandom random;
  private final SimWorld world;
  private final Story story;
  private final SimStore store;
  private final List<ClusterNode> nodes = new ArrayList<>();
  private final ClusterFaults faults;
  private final ClusterOperator operator;

  /** Nodes whose replica has perhaps forgotten something, and which the nexus takes for healthy still. */
  private final TreeSet<String> forgetful = new TreeSet<>();

  /** While somebody is forgetful: nodes that are healthy on record. */
  private Set<String> healthyBefore = Set.of();

  private final ClusterVolume volume;
  private Optional<ClusterHosts> hosts = Optional.empty();
  private List<ChildInfo> seen = List.of();
  private int roundsStuck;

  /** Between two moves that an operator orders for no reason, at most; 0 for never. */
  private final long movesEveryNs;

  /** That all connections ask for, as parameters of a URI; empty where each host does as it likes, and nodes ask for none. */
  private final String digests;

  private boolean over;
  private long ios;

  ClusterRun(long seed) {
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    story = new Story(world);
    store = new SimStore(world);
    world.network().weather(Weather.calm());
    digests = random.nextBoolean() ? "hdgst=true&ddgst=true" : "";
    for (int i = 1; i <= NODES; i++) {
      nodes.add(new ClusterNode(world, story, "node" + i, i, store, digests, this));
    }
    var home = nodes.get(random.nextInt(NODES));
    faults = new ClusterFaults(world, story, nodes, store, !digests.isEmpty(), this);
    operator = new ClusterOperator(world, story, nodes);
    // By another chance, so that seeds that found something before this was drawn find it still.
    boolean goesByKey = new SplittableRandom(~seed).nextInt(3) == 0;
    volume =
        new ClusterVolume(
            world,
            story,
            nodes,
            home,
            operator,
            goesByKey,
            2 * faults.mostDurationNs(),
            this::arrived);
    movesEveryNs =
        random.nextInt(4) == 0
            ? 0
            : (long) (30 * MILLISECOND_NS * Math.pow(2, random.nextDouble() * 4));
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
    var home = volume.home();
    for (ClusterNode node : nodes) {
      inThread(
          node,
          () -> {
            node.make();
            node.share(node != home);
          });
    }
    inThread(home, volume::make);
    var all = new ClusterHosts(world, story, volume.nexus(), home, digests, arena, operations);
    hosts = Optional.of(all);
    faults.begin();
    operator.begin(volume);
    moveAgain();
    await(
        () -> world.nowNs() > TROUBLE_NS || (all.isDone() && !volume.isAway()),
        () -> "nothing happens any more");
    over = true;
    faults.end();
    operator.end();
    all.stopOld();
    // By then nobody is frozen any more, and whoever has lost a connection knows.
    world.runFor(faults.mostDurationNs() + 1_000 * MILLISECOND_NS, MOST_EVENTS);
    becomeOnline();
    await(all::isDone, () -> all.underWay() + " I/Os never ended");
    if (!isOnline()) throw new AssertionError("not Online any more: " + state());
    ios = all.operations();
    end(all);
  }

  /** Who has a connection on which nothing is said does not keep it. */
  private void endStrays() {
    if (world.network().strays() == 0) return;
    world.runFor(SILENT_AT_MOST_NS, MOST_EVENTS);
    int kept = world.network().strays();
    if (kept > 0) throw new AssertionError(kept + " connections of nobody are kept");
  }

  private void end(ClusterHosts all) {
    endStrays();
    volume.leaveAlone();
    for (HostMachine machine : all.all()) {
      inThread(machine.threads::start, machine::disconnect);
    }
    inThread(volume.home(), () -> volume.nexus().destroy());
    for (ClusterNode node : nodes) inThread(node, () -> readAll(node));
    all.history().check();
    for (ClusterNode node : nodes) inThread(node, () -> node.life().close());
    // What was forgotten open would look at its time-outs for ever.
    world.run(MOST_EVENTS);
    for (ClusterNode node : nodes) node.life().checkRest();
    for (HostMachine machine : all.all()) machine.checkRest();
  }

  // ---- the nexus moves

  private void moveAgain() {
    if (movesEveryNs == 0) return;
    world.schedule(
        random.nextLong(movesEveryNs),
        () -> {
          if (over) return;
          volume.move("it is to be elsewhere");
          moveAgain();
        });
  }

  @Override
  public void wentDown(ClusterNode node) {
    volume.wentDown(node);
    hosts.ifPresent(ClusterHosts::nodeIsGone);
  }

  @Override
  public void looksDown(ClusterNode node) {
    if (node != volume.home() || random.nextInt(4) == 0) return;
    world.schedule(
        random.nextLong(100 * MILLISECOND_NS),
        () -> {
          if (!over && node == volume.home()) volume.move("it does not answer");
        });
  }

  @Override
  public List<SimReactors> hosts() {
    return hosts.map(ClusterHosts::machines).orElse(List.of());
  }

  /** The volume has another nexus. */
  private void arrived() {
    seen = List.of();
    // What has been copied already knows what its source did.
    var copied = new TreeSet<String>();
    for (RebuildInfo rebuild : volume.nexus().rebuildHistory()) copied.add(rebuild.childUri());
    look(copied);
    hosts.orElseThrow().follow(volume.nexus(), volume.home().life());
    if (over) hosts.orElseThrow().stopOld();
  }

  // ---- waiting

  private interface Why {
    String why();
  }

  private void await(BooleanSupplier done, Why why) {
    if (!world.runUntil(done, MOST_EVENTS)) throw new AssertionError(why.why());
  }

  private void inThread(ClusterNode node, Deed deed) {
    inThread(node.life().control, deed);
  }

  private void inThread(Executor threads, Deed deed) {
    await(Deed.begin(threads, deed), () -> "a thread waits for ever");
  }

  // ---- when it is over

  private void becomeOnline() {
    long endNs = world.nowNs() + ONLINE_WITHIN_NS;
    while (!isOnline()) {
      if (world.nowNs() > endNs) throw new AssertionError("not Online in time: " + state());
      faults.relieve();
      volume.goByHolderIfItMust();
      // Its last child's device was given up: a control plane makes another nexus.
      boolean hasFailed =
          volume.nexus().state() == NexusState.FAULTED && hosts.orElseThrow().isDone();
      if (!hasFailed) roundsStuck = 0;
      else if (operator.isIdle()) roundsStuck++;
      if (roundsStuck > 10) {
        volume.renew();
        roundsStuck = 0;
      }
      for (ClusterNode node : nodes) operator.bringBack(volume, node);
      world.runFor(100 * MILLISECOND_NS, MOST_EVENTS);
    }
    await(operator::isIdle, () -> "an operator waits for ever");
    story.tell("cluster", "is Online");
  }

  private boolean isOnline() {
    var nexus = volume.nexus();
    return volume.isSettled()
        && nexus.state() == NexusState.ONLINE
        && nexus.children().size() == NODES;
  }

  private String state() {
    var nexus = volume.nexus();
    return "%s because %s, %s%s%s"
        .formatted(
            nexus.state(),
            nexus.why(),
            nexus.children(),
            nexus.rebuilds(),
            volume.isSettled() ? "" : ", and it is being moved");
  }

  /** What each replica shows by itself. */
  private void readAll(ClusterNode node) {
    var slot = node.device().orElseThrow(() -> new AssertionError(node + " lost its replica"));
    try (var reader = new BlockReader(slot, node.life().reactors.main(), 1)) {
      for (long block : hosts.orElseThrow().history().blocks()) {
        var status = reader.read(FIRST + block, 1);
        if (status != IoStatus.SUCCESS) throw new AssertionError(node + ": " + status);
        long stamp = SimDisk.readStamp(reader.memory(), ClusterNode.BLOCK_BYTES);
        hosts.orElseThrow().history().observe(node.name, block, stamp);
      }
    }
    var problems = node.pool().orElseThrow().info().findings();
    if (!problems.isEmpty()) throw new AssertionError(node + ": " + problems);
  }

  // ---- what goes on

  @Override
  public void forgets(ClusterNode node) {
    if (forgetful.isEmpty()) healthyBefore = healthyOnRecord();
    forgetful.add(node.name);
    look();
  }

  /** Before a disk does anything: who is in, and has nobody a full copy any more? */
  @Override
  public void submitted(SimDisk disk) {
    look();
  }

  private void look() {
    look(Set.of());
  }

  private void look(Set<String> copied) {
    if (hosts.isEmpty()) return;
    if (!volume.isThere()) {
      lookAtCopies();
      return;
    }
    var now = volume.nexus().children();
    if (!now.equals(seen)) tellChanges(now);
    if (forgetful.isEmpty()) return;
    healthyBefore = healthyOnRecord();
    boolean someoneKnows = false;
    for (ClusterNode node : nodes) {
      boolean isOpen = isOpen(now, node);
      // Until it is on record, the next nexus may believe it.
      if (!isOpen && !healthyBefore.contains(node.name)) forgetful.remove(node.name);
      boolean isCopy = copied.contains(node.uriFor(volume.home()));
      if (isOpen && !isCopy) someoneKnows |= !forgetful.contains(node.name);
    }
    boolean nobodyIsOpen = now.stream().noneMatch(one -> one.state() == ChildState.OPEN);
    if (someoneKnows || nobodyIsOpen || forgetful.isEmpty()) return;
    story.tell("volume", "may have lost what was not flushed");
    hosts.orElseThrow().mayForget();
    for (ClusterNode node : nodes) if (isOpen(now, node)) forgetful.remove(node.name);
  }

  private boolean isOpen(List<ChildInfo> children, ClusterNode node) {
    String uri = node.uriFor(volume.home());
    return children.stream()
        .anyMatch(one -> one.uri().equals(uri) && one.state() == ChildState.OPEN);
  }

  /** A nexus may complete children before anybody hears of it: they know what those knew that were healthy before. */
  private void lookAtCopies() {
    if (forgetful.isEmpty()) return;
    var healthy = healthyOnRecord();
    if (forgetful.containsAll(healthyBefore)) {
      for (String node : healthy) if (!healthyBefore.contains(node)) forgetful.add(node);
    }
    healthyBefore = healthy;
  }

  private Set<String> healthyOnRecord() {
    var entry = store.get(Key.of(ClusterVolume.INFO_KEY));
    if (entry.isEmpty()) return Set.of();
    var healthy = new TreeSet<String>();
    try {
      var children = NexusInfo.fromJson(entry.get().value()).children();
      for (ClusterNode node : nodes) {
        var child = new NexusInfo.Child(true, node.replicaUuid.toString());
        if (children.contains(child)) healthy.add(node.name);
      }
    } catch (RegistryFormatException e) {
      throw new AssertionError(e);
    }
    return healthy;
  }

  private void tellChanges(List<ChildInfo> now) {
    for (ChildInfo child : now) {
      boolean wasCopied =
          seen.stream()
              .anyMatch(
                  one -> one.uri().equals(child.uri()) && one.state() == ChildState.OUT_OF_SYNC);
      if (wasCopied && child.state() == ChildState.OPEN) Tally.event("rebuilds");
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
  public void written(SimDisk disk, long block, long stamp) {
    world.trace().note(block);
  }
}
