package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.TenonException;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.internal.StoredRecord.Limits;
import io.tenon.nvme.internal.Target;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimStore;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Tally;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * One seed's world in which nexuses on several nodes take the disks of a volume from each other, while their nodes freeze and the disks' nodes
 * restart. Every nexus is read for as long as it answers: nobody may be shown anything older than what had been acknowledged, by whatever nexus,
 * when he asked.
 */
final class FencingRun {
  private static final long MOST_EVENTS = 20_000_000;
  private static final int BLOCK_BYTES = 512;
  private static final long BLOCKS = 300;
  private static final long FIRST = DataArea.RESERVED_BYTES / BLOCK_BYTES;
  private static final int NODES = 3;
  private static final int TAKEOVERS = 4;
  private static final Limits LIMITS =
      new Limits(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofMillis(100));

  private final SplittableRandom random;
  private final SimWorld world;
  private final SimStore store;
  private final List<FencedDisk> disks = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();
  private final Arena arena = Arena.ofConfined();

  /** What the last acknowledged write has written. */
  private long acknowledged;

  private long written;
  private Served current;
  private boolean isOver;

  FencingRun(long seed) throws TenonException {
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    store = new SimStore(world);
    for (int i = 0; i < 3; i++) {
      disks.add(new FencedDisk(disk("far" + i).elsewhere(), random.nextBoolean()));
    }
    for (int i = 0; i < NODES; i++) nodes.add(new Node(i));
  }

  private SimDisk disk(String name) {
    var geometry = new Geometry(BLOCK_BYTES, FIRST + BLOCKS + 40);
    var faults = SimDisk.Faults.none(1 + random.nextLong(200_000));
    return new SimDisk(
        name, geometry, new SimMedium(), world, faults, SimDisk.Observer.NOBODY, false);
  }

  private final class Node {
    final SimReactors reactors;
    final SimThreads threads;
    final TestDevices devices;
    final String own;
    final Surroundings surroundings;

    Node(int number) throws TenonException {
      reactors = world.node("node" + number, 1);
      threads = new SimThreads(reactors);
      devices =
          new TestDevices(
              (device, uri) -> new DeviceSlot(device, uri, world.clock(), threads::start));
      var host = new UUID(9, number);
      for (var disk : disks) devices.adopt(disk.seenBy(host), disk.uri());
      own = "sim:///own" + number;
      devices.adopt(disk("own" + number), own);
      var client = store.client();
      surroundings =
          new Surroundings(
              devices,
              new Target("", 16, "test"),
              reactors,
              threads::start,
              false,
              new Timing(world.clock(), LIMITS, Vigil.WINDOW_NS, reactors.main()::nowNs),
              () -> client);
    }

    /** Blocking code of this node, from a thread that is no node's. */
    <R> R call(Call<R> call) throws TenonException {
      var answer = new CompletableFuture<R>();
      threads.start(
          () -> {
            try {
              answer.complete(call.run());
            } catch (TenonException e) {
              answer.completeExceptionally(e);
            }
          });
      try {
        return answer.get();
      } catch (Exception e) {
        if (e.getCause() instanceof NexusException refusal) throw refusal;
        throw new AssertionError(e);
      }
    }
  }

  private interface Call<R> {
    R run() throws TenonException;
  }

  /** A nexus with its place and its reader. */
  private static final class Served {
    final ServedNexus nexus;
    final Node node;
    final Set<String> children;

    Served(ServedNexus nexus, Node node, Set<String> children) {
      this.nexus = nexus;
      this.node = node;
      this.children = new TreeSet<>(children);
    }
  }

  // ---- what hosts do

  /** One I/O after the other to the first block, until one fails. */
  private final class Host extends IoRequest {
    private final Served of;
    private final boolean writes;
    private final long memory = arena.allocate(BLOCK_BYTES, BLOCK_BYTES).address();
    private final IoChannel channel;
    private long stamp;

    Host(Served of, boolean writes) {
      this.of = of;
      this.writes = writes;
      channel = of.nexus.device().channel(of.node.reactors.main());
    }

    void next() {
      if (isOver || (writes && of != current)) return;
      stamp = writes ? ++written : acknowledged;
      if (writes) {
        SimDisk.fill(memory, BLOCK_BYTES, stamp);
        prepareWrite(0, 1, memory, BLOCK_BYTES);
      } else {
        prepareRead(0, 1, memory, BLOCK_BYTES);
      }
      channel.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      if (!status.isSuccess()) return;
      if (writes) acknowledged = Math.max(acknowledged, stamp);
      else check(SimDisk.readStamp(memory, BLOCK_BYTES));
      of.node.reactors.main().schedule(1 + random.nextLong(40_000_000), this::next);
    }

    private void check(long found) {
      if (found >= stamp) return;
      throw new AssertionError(
          "%s shows %d when %d was acknowledged".formatted(of.node.reactors.name(), found, stamp));
    }
  }

  private void serve(Served served) {
    current = served;
    for (boolean writes : new boolean[] {true, false}) {
      served.node.reactors.main().execute(() -> new Host(served, writes).next());
    }
  }

  // ---- what operators do

  /**
   * @return hash of everything that happened
   */
  long run() {
    Throwable[] failure = {null};
    var operator = new SimThreads(world);
    operator.start(
        () -> {
          try {
            operate(operator);
          } catch (Exception | AssertionError e) {
            failure[0] = e;
          }
          isOver = true;
        });
    world.runUntil(() -> isOver, MOST_EVENTS);
    if (failure[0] != null) throw new AssertionError(failure[0].getMessage(), failure[0]);
    if (!isOver) throw new AssertionError("never over");
    world.runFor(10_000_000_000L, MOST_EVENTS);
    arena.close();
    return world.trace().hash();
  }

  private void operate(SimThreads here) throws Exception {
    var first = nodes.getFirst();
    var children = new TreeSet<>(List.of(first.own, disks.getFirst().uri()));
    if (random.nextBoolean()) children.add(disks.get(1).uri());
    serve(make(first, children, 1));
    for (int i = 0; i < TAKEOVERS; i++) {
      here.sleep(random.nextLong(2_500));
      changeChildren(here);
      here.sleep(random.nextLong(1_500));
      if (random.nextInt(3) == 0) bringBackMeanwhile(here);
      takeOver(here, i + 2);
    }
    here.sleep(8_000);
  }

  private Served make(Node node, Set<String> children, int generation) throws TenonException {
    var spec =
        new NexusSpec(
            "sim",
            new UUID(1, 1),
            BLOCKS * BLOCK_BYTES,
            List.copyOf(children),
            1,
            2,
            ReadPolicy.LOCAL_FIRST,
            Optional.of(FencedNode.KEY),
            Optional.of(FencedNode.holder(generation)));
    var made = node.call(() -> Making.make(spec, node.surroundings, () -> {}));
    world.trace().note(node.reactors.name());
    return new Served(made, node, children);
  }

  /** The disk of another node is added, one that is there is removed. */
  private void changeChildren(SimThreads here) throws Exception {
    var at = current;
    if (random.nextBoolean()) {
      var more = disks.get(random.nextInt(disks.size())).uri();
      if (at.children.add(more)) {
        attempt(at.node, () -> at.nexus.addChild(more, true));
        here.sleep(2_000);
      }
    }
    if (random.nextInt(3) > 0) return;
    var less = disks.get(random.nextInt(disks.size())).uri();
    var others = new TreeSet<>(at.children);
    others.remove(less);
    // Somebody must reach what remains.
    if (others.stream().allMatch(uri -> uri.startsWith("sim:"))) return;
    if (attempt(at.node, () -> at.nexus.removeChild(less))) at.children.remove(less);
  }

  private interface Step {
    void run() throws TenonException;
  }

  private boolean attempt(Node node, Step step) throws TenonException {
    try {
      return node.call(
          () -> {
            step.run();
            return true;
          });
    } catch (NexusException e) {
      world.trace().note(e.kind().name());
      return false;
    }
  }

  /** A child that was out is being brought back, and nobody waits for that: the next may take it at any moment of it. */
  private void bringBackMeanwhile(SimThreads here) throws Exception {
    var at = current;
    var far = at.children.stream().filter(uri -> !uri.startsWith("sim:")).toList();
    var out = far.get(random.nextInt(far.size()));
    if (!attempt(at.node, () -> at.nexus.faultChild(out, Fault.OFFLINE))) return;
    Tally.event("children out");
    here.sleep(random.nextLong(1_000));
    at.node.threads.start(
        () -> {
          try {
            at.nexus.onlineChild(out);
            Tally.event("children brought back");
          } catch (NexusException e) {
            world.trace().note(e.kind().name());
            Tally.event("children not brought back");
          }
        });
    here.sleep(random.nextLong(2_000));
  }

  private void takeOver(SimThreads here, int generation) throws Exception {
    var from = current;
    var to = nodes.get((nodes.indexOf(from.node) + 1) % NODES);
    var reachable = new TreeSet<>(from.children);
    reachable.removeIf(uri -> uri.startsWith("sim:"));
    from.node.reactors.freeze(random.nextLong(5_000_000_000L));
    here.sleep(random.nextLong(1_000));
    for (var disk : disks) if (random.nextBoolean()) disk.restart();
    if (random.nextBoolean()) failOnce(to, reachable, generation);
    var some = new TreeSet<>(reachable);
    if (random.nextBoolean()) some.removeIf(_ -> random.nextBoolean());
    for (int i = 0; ; i++) {
      try {
        serve(make(to, some.isEmpty() || i > 0 ? reachable : some, generation));
        return;
      } catch (NexusException e) {
        // What is healthy on record may be with the frozen node alone.
        if (i == 5) return;
        world.trace().note(e.kind().name());
        here.sleep(1_000);
      }
    }
  }

  /** It has taken some, and does not get the last. */
  private void failOnce(Node to, SortedSet<String> children, int generation) throws TenonException {
    var last = disks.stream().filter(disk -> disk.uri().equals(children.last())).findFirst();
    last.orElseThrow().silent(true);
    try {
      var _ = make(to, children, generation);
      throw new AssertionError("made without an answer");
    } catch (NexusException e) {
      world.trace().note(e.kind().name());
    } finally {
      last.orElseThrow().silent(false);
    }
  }
}
