package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Key;
import io.tenon.metadata.StoreException;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.internal.StoredRecord.Limits;
import io.tenon.registry.NexusInfo;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimHost;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimStore;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One seed's world in which one nexus follows another over the same disks, with nothing but the record between them: each ends in order, by
 * itself or with its node, and the next is made of all children. Whatever hosts have read must stay so; in the end all disks are equal.
 */
final class SuccessionRun {
  private static final long MOST_EVENTS = 4_000_000;
  private static final int MOST_ATTEMPTS = 5;
  private static final int BLOCK_BYTES = 512;
  private static final long FIRST = DataArea.RESERVED_BYTES / BLOCK_BYTES;
  private static final String KEY = "/volume/v/nexus/n/info";
  private static final Limits LIMITS =
      new Limits(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofMillis(100));

  /** A place for a disk. */
  private static final class Place {
    final String uri;
    final SimMedium medium = new SimMedium();
    SimDisk disk;
    DeviceSlot slot;

    Place(String uri) {
      this.uri = uri;
    }
  }

  private final SplittableRandom random;
  private final SimWorld world;
  private final SimStore store;
  private final List<Place> places = new ArrayList<>();
  private final Geometry geometry;
  private final int hot;
  private SimReactors node;
  private NexusDevice nexus;
  private boolean stopped;
  private boolean allAreSound;

  SuccessionRun(long seed) {
    random = new SplittableRandom(seed);
    world = new SimWorld(random.split());
    store = new SimStore(world);
    geometry = new Geometry(BLOCK_BYTES, 300 + random.nextInt(300));
    hot = 2 + random.nextInt(12);
    int count = 2 + random.nextInt(2);
    for (int i = 0; i < count; i++) {
      places.add(new Place((random.nextBoolean() ? "nvmf://far:8420/d" : "aio:///d") + i));
    }
  }

  /** Blocking code, until it is over. */
  private interface Step {
    void run() throws Exception;
  }

  private void run(Step step) {
    boolean[] over = {false};
    Exception[] failure = {null};
    new SimThreads(world)
        .start(
            () -> {
              try {
                step.run();
              } catch (Exception e) {
                failure[0] = e;
              }
              over[0] = true;
            });
    until(() -> over[0], "a step");
    if (failure[0] != null) throw new AssertionError(failure[0]);
  }

  private interface Condition {
    boolean holds();
  }

  private void until(Condition condition, String what) {
    world.runUntil(condition::holds, MOST_EVENTS);
    if (!condition.holds()) {
      throw new AssertionError(
          "never: " + what + "; " + (nexus == null ? "" : nexus.membership().view()));
    }
  }

  /**
   * @return hash of everything that happened
   */
  long run() {
    try (var arena = Arena.ofConfined()) {
      SimHost host = null;
      int generations = 3 + random.nextInt(3);
      for (int i = 0; i < generations; i++) {
        boolean calm = i == generations - 1;
        make(calm);
        if (host == null) {
          host =
              new SimHost(
                  geometry,
                  nexus::channel,
                  world,
                  node.all(),
                  arena,
                  (lba, _) -> world.trace().note(lba),
                  0,
                  hot);
          host.start(120, 1 + random.nextInt(3));
        } else {
          host.goOn(nexus::channel, node.all(), 120, 1 + random.nextInt(3));
        }
        if (calm) lastOne(host);
        else if (random.nextBoolean()) crash(host);
        else shutDown(host);
      }
      host.check();
      return world.trace().hash();
    }
  }

  // ---- a nexus

  private void make(boolean calm) {
    node = world.node("node", 1 + random.nextInt(2));
    stopped = false;
    store.faults(SimStore.Faults.NONE);
    allAreSound = calm || random.nextInt(3) == 0;
    var candidates = new ArrayList<Trust.Candidate>();
    for (Place place : places) {
      place.disk =
          new SimDisk(
              place.uri,
              new Geometry(BLOCK_BYTES, FIRST + geometry.blockCount() + 40),
              place.medium,
              world,
              allAreSound || random.nextInt(3) == 0 ? sound() : sick(),
              SimDisk.Observer.NOBODY,
              false);
      place.slot = new DeviceSlot(place.disk, place.uri, world.clock(), node.main()::execute);
      candidates.add(Trust.candidate(place.uri, place.slot));
    }
    var at =
        new StoredRecord.Place(node.main(), new SimThreads(node)::start, world.clock(), LIMITS);
    var client = store.client();
    Founding[] founding = {null};
    // A write of the predecessor's that was late may come between: then again.
    for (int i = 0; founding[0] == null; i++) {
      boolean isLast = i == MOST_ATTEMPTS;
      run(() -> founding[0] = attempt(() -> client, candidates, at, isLast));
    }
    make(founding[0]);
    if (!calm) store.faults(new SimStore.Faults(0.1, 0.1, 2_000_000_000L, 0.05, 0.05, 0));
  }

  private @Nullable Founding attempt(
      RecordStore stores, List<Trust.Candidate> candidates, StoredRecord.Place at, boolean isLast)
      throws NexusException {
    try {
      return Founding.of(spec(), stores, candidates, at, () -> {});
    } catch (NexusException e) {
      if (isLast || !(e.getCause() instanceof ConflictException)) throw e;
      return null;
    }
  }

  private NexusSpec spec() {
    return new NexusSpec(
        "sim",
        new UUID(1, 1),
        geometry.sizeBytes(),
        places.stream().map(place -> place.uri).toList(),
        1,
        2,
        ReadPolicy.ROUND_ROBIN,
        Optional.of(KEY),
        Optional.empty());
  }

  private void make(Founding founding) {
    var trusted = new ArrayList<Child>();
    for (Place place : places) {
      if (founding.doubts().containsKey(place.uri)) continue;
      trusted.add(new Child("sim", trusted.size(), place.uri, place.slot));
    }
    nexus =
        new NexusDevice(
            new NexusDevice.Plan(
                "sim",
                new UUID(1, 1),
                new DataArea(FIRST, geometry),
                trusted,
                ReadPolicy.ROUND_ROBIN,
                node.all(),
                4,
                founding.record(),
                world.clock(),
                new Watcher(),
                new RebuildParts(random.nextLong())));
    var operators = new Operators(nexus);
    for (Place place : places) {
      var why = founding.doubts().get(place.uri);
      if (why == null) continue;
      node.main()
          .execute(
              () -> {
                try {
                  operators.add(place.uri, place.slot, why, true);
                } catch (NexusException e) {
                  world.trace().note(e.kind().name());
                }
              });
    }
  }

  private SimDisk.Faults sound() {
    return SimDisk.Faults.none(1 + random.nextLong(200_000));
  }

  private SimDisk.Faults sick() {
    return new SimDisk.Faults(
        0, 1 + random.nextLong(400_000), 0.01, 0, 0, random.nextInt(2) * 0.004, 0, 0, true);
  }

  private final class Watcher implements NexusWatcher {
    @Override
    public void childIsIdle(String name, Child child) {
      // nobody brings it back
    }

    @Override
    public void stoppedByItself(String name, String why) {
      stopped = true;
    }

    @Override
    public void closed(String name) {}
  }

  // ---- its end

  /** In the middle of everything. What disks have acknowledged and not flushed stays: one failure at a time. */
  private void crash(SimHost host) {
    world.runFor(random.nextLong(12_000_000), MOST_EVENTS);
    node.crash(true);
    host.nodeHasCrashed();
    for (Place place : places) place.disk.crash();
  }

  /** Also in the middle. When the record says that it ended in order, power may go: nobody would notice. */
  private void shutDown(SimHost host) {
    world.runFor(random.nextLong(12_000_000), MOST_EVENTS);
    boolean[] over = {false};
    nexus.membership().shutDown("asked to", () -> over[0] = true);
    // One that has no other fault may lose its power in these very moments, and be back at once.
    if (allAreSound && random.nextBoolean() && isWhole()) {
      var victim = places.get(random.nextInt(places.size()));
      world.schedule(random.nextLong(150_000), () -> restart(victim));
    }
    until(() -> over[0], "it is shut down");
    until(host::isDone, "hosts are told");
    boolean inOrder = isInOrder();
    if (stopped && inOrder) throw new AssertionError("it stopped itself, and in order");
    for (Place place : places) {
      if (inOrder) place.disk.losePower();
      else place.disk.crash();
    }
    node.crash(true);
  }

  private boolean isWhole() {
    return nexus.members().allMatch(child -> child.info().state() == ChildState.OPEN);
  }

  /** Until it has ended: afterwards nobody could know. */
  private void restart(Place victim) {
    if (nexus.membership().view().state() == NexusState.SHUTTING_DOWN) victim.disk.restart(false);
  }

  /** What a successor would read. */
  private boolean isInOrder() {
    boolean[] inOrder = {false};
    store.faults(SimStore.Faults.NONE);
    run(() -> inOrder[0] = record().cleanShutdown());
    return inOrder[0];
  }

  private NexusInfo record() throws Exception {
    try {
      var entry = store.client().get(Key.of(KEY), Duration.ofSeconds(60));
      return NexusInfo.fromJson(entry.orElseThrow().value());
    } catch (StoreException e) {
      throw new AssertionError(e);
    }
  }

  /** No faults any more: it becomes whole, and all disks are equal. */
  private void lastOne(SimHost host) {
    until(host::isDone, "hosts have ended");
    until(() -> nexus.membership().view().state() == NexusState.ONLINE, "it is whole");
    boolean[] over = {false};
    nexus.membership().shutDown("the end", () -> over[0] = true);
    until(() -> over[0], "it is shut down");
    if (!isInOrder()) throw new AssertionError("an end without faults is not in order");
    for (Place place : places) {
      for (long block : host.blocks()) {
        host.observe(place.uri + " at the end", block, place.medium.stampAt(FIRST + block));
      }
    }
  }
}
