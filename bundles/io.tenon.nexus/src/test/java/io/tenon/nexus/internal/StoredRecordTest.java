package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.Listing;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreStatus;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.nexus.internal.RetirementRecord.Outcome;
import io.tenon.nexus.internal.StoredRecord.Limits;
import io.tenon.registry.NexusInfo;
import io.tenon.registry.NexusInfo.Child;
import io.tenon.registry.RegistryFormatException;
import io.tenon.simulation.Seeds;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimStore;
import io.tenon.simulation.SimStore.Faults;
import io.tenon.simulation.SimStoreClient;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is said to be on record is on record, whatever becomes of the store. */
class StoredRecordTest {
  private static final Key KEY = Key.of("/volume/v/nexus/n/info");
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Limits LIMITS =
      new Limits(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofMillis(200));

  private SimWorld world = new SimWorld(new SplittableRandom(1));
  private SimStore store = new SimStore(world);
  private MetadataStore client = store.client();
  private SimStoreClient witness = store.client();
  private SimThreads threads = new SimThreads(world);
  private SimReactors node = world.node("node", 1);
  private final List<String> told = new ArrayList<>();

  /** What is said to be recorded. */
  private final List<Child> out = new ArrayList<>();

  /** Another nexus has perhaps written the record. */
  private boolean usurped;

  static StoredRecordTest seeded(long seed) {
    var test = new StoredRecordTest();
    test.world = new SimWorld(new SplittableRandom(seed));
    test.store = new SimStore(test.world);
    test.client = test.store.client();
    test.witness = test.store.client();
    test.threads = new SimThreads(test.world);
    test.node = test.world.node("node", 1);
    return test;
  }

  /** What may block and throw. */
  private interface Step {
    void run() throws Exception;
  }

  private void run(Step step) {
    boolean[] over = {false};
    threads.start(
        () -> {
          try {
            step.run();
          } catch (Exception e) {
            throw new AssertionError(e);
          }
          over[0] = true;
        });
    assertTrue(world.runUntil(() -> over[0], 2_000_000));
  }

  private static NexusInfo info(int children) {
    var all = new ArrayList<Child>();
    for (int i = 0; i < children; i++) all.add(new Child(true, "uuid-" + i));
    return new NexusInfo(all, false);
  }

  private StoredRecord begin(int children, Version read) throws StoreException {
    return begin(info(children), read);
  }

  private StoredRecord begin(NexusInfo info, Version read) throws StoreException {
    var uuids = new TreeMap<String, String>();
    for (int i = 0; i < info.children().size(); i++) uuids.put("aio:///" + i, "uuid-" + i);
    var place = new StoredRecord.Place(node.main(), threads::start, world.clock(), LIMITS);
    return StoredRecord.begin(() -> client, KEY, "n", info, read, uuids, place);
  }

  private Outcome outcome(String name) {
    return new Outcome() {
      @Override
      public void recorded() {
        told.add(name + " recorded");
      }

      @Override
      public void failed(String why) {
        told.add(name + " failed: " + why);
      }
    };
  }

  private NexusInfo there() throws Exception {
    return NexusInfo.fromJson(witness.get(KEY, SOON).orElseThrow().value());
  }

  private void awaitTold(int count) {
    assertTrue(world.runUntil(() -> told.size() >= count, 5_000_000), told::toString);
  }

  @Test
  void childrenGoOutComeInAndTheEndIsClean() {
    run(
        () -> {
          var record = begin(3, Version.NONE);
          assertEquals(info(3), there());
          record.childIsOut("n", "aio:///1", outcome("out"));
          record.childIsIn("n", "aio:///1", outcome("in"));
          record.childIsGone("n", "aio:///2", outcome("gone"));
          record.childIsAdded("n", "aio:///3", "uuid-3", outcome("added"));
          record.ended("n", outcome("ended"));
        });
    awaitTold(5);
    assertEquals(
        List.of("out recorded", "in recorded", "gone recorded", "added recorded", "ended recorded"),
        told);
    run(
        () ->
            assertEquals(
                new NexusInfo(
                    List.of(
                        new Child(true, "uuid-0"),
                        new Child(true, "uuid-1"),
                        new Child(false, "uuid-3")),
                    true),
                there()));
  }

  @Test
  void aNexusThatIsNotTheLastOneHasToStop() {
    run(
        () -> {
          var old = begin(2, Version.NONE);
          var version = witness.get(KEY, SOON).orElseThrow().version();
          var successor = begin(2, version);
          old.childIsOut("n", "aio:///0", outcome("old"));
          successor.childIsOut("n", "aio:///1", outcome("successor"));
        });
    awaitTold(2);
    assertTrue(told.contains("successor recorded"), told::toString);
    assertTrue(
        told.stream().anyMatch(t -> t.startsWith("old failed: another nexus has written")),
        told::toString);
    run(() -> assertEquals(List.of("uuid-0"), there().trusted(_ -> false)));
  }

  /** It does not know whether its own write was done, and finds what it has wanted to write. */
  @Test
  void whatItsSuccessorHasWrittenIsNotItsOwn() {
    run(
        () -> {
          var old = begin(info(2).by("old"), Version.NONE);
          store.faults(new Faults(0, 0, 0, 1, 0, 0)); // requests are lost
          old.childIsOut("n", "aio:///0", outcome("old"));
        });
    world.runFor(LIMITS.attempt().plus(LIMITS.pause()).toNanos() * 3 / 2, 5_000_000);
    store.faults(Faults.NONE);
    run(
        () -> {
          var version = witness.get(KEY, SOON).orElseThrow().version();
          var successor = begin(info(2).by("successor"), version);
          successor.childIsOut("n", "aio:///0", outcome("successor"));
        });
    awaitTold(2);
    assertEquals("successor recorded", told.getFirst());
    assertTrue(told.getLast().startsWith("old failed: another nexus has written"), told::toString);
  }

  @Test
  void aNexusThatDecidedFromAnOlderRecordIsNotMade() {
    run(
        () -> {
          begin(2, Version.NONE);
          try {
            begin(2, Version.NONE);
            throw new AssertionError("two nexuses of the same children");
          } catch (ConflictException e) {
            assertTrue(e.found(KEY).isPresent());
          }
        });
  }

  @Test
  void theLastChildThatCanBeTrustedStaysOnRecord() {
    run(
        () -> {
          var record = begin(2, Version.NONE);
          record.childIsOut("n", "aio:///0", outcome("first"));
          record.childIsOut("n", "aio:///1", outcome("last"));
        });
    awaitTold(2);
    assertEquals("first recorded", told.getFirst());
    assertTrue(told.getLast().startsWith("last failed: no child"), told::toString);
    run(() -> assertEquals(List.of("uuid-1"), there().trusted(_ -> false)));
  }

  @Test
  void aStoreThatIsBackInTimeCostsNothingAndOneThatIsNotStopsTheNexus() {
    run(
        () -> {
          var record = begin(3, Version.NONE);
          store.crash();
          world.schedule(5_000_000_000L, store::restart);
          record.childIsOut("n", "aio:///0", outcome("patient"));
        });
    awaitTold(1);
    assertEquals(List.of("patient recorded"), told);
    told.clear();
    run(
        () -> {
          var record = begin(3, witness.get(KEY, SOON).orElseThrow().version());
          store.crash();
          record.childIsOut("n", "aio:///0", outcome("out"));
          record.childIsOut("n", "aio:///1", outcome("next"));
        });
    awaitTold(2);
    assertTrue(told.stream().allMatch(t -> t.contains("failed: within 10 s")), told::toString);
  }

  static LongStream seeds() {
    return Seeds.of(300);
  }

  /** All faults at once; checked against what the store holds at the moment of each answer. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whatIsSaidToBeRecordedIsThereAndNothingFollowsAFailure(long seed) {
    Seeds.runTwice(seed, s -> seeded(s).simulate());
  }

  /** The test above would notice. */
  @Test
  void aStoreThatAnswersBeforeItHasDoneItIsFound() {
    for (long seed = 1; seed <= 20; seed++) {
      var test = seeded(seed);
      test.client = new Hasty(test.store.client(), test.threads);
      try {
        test.simulate();
      } catch (AssertionError e) {
        return; // found
      }
    }
    throw new AssertionError("it was not found");
  }

  /** Answers a change at once and makes it afterwards; except for the first, which makes the record. */
  private static final class Hasty implements MetadataStore {
    private final MetadataStore store;
    private final SimThreads threads;
    private boolean begun;

    Hasty(MetadataStore store, SimThreads threads) {
      this.store = store;
      this.threads = threads;
    }

    @Override
    public Version commit(Transaction transaction, Duration within) throws StoreException {
      if (!begun) {
        begun = true;
        return store.commit(transaction, within);
      }
      var version = transaction.expected().values().iterator().next();
      threads.start(
          () -> {
            try {
              store.commit(transaction, within);
            } catch (StoreException e) {
              begun = true; // nobody is told
            }
          });
      return new Version(version.value() + 1);
    }

    @Override
    public Optional<Entry> get(Key key, Duration within) throws StoreException {
      return store.get(key, within);
    }

    @Override
    public Listing list(Prefix prefix, Duration within) throws StoreException {
      return store.list(prefix, within);
    }

    @Override
    public Watch watch(Prefix prefix, Watch.Listener listener) {
      return store.watch(prefix, listener);
    }

    @Override
    public Watch watch(Prefix prefix, Version after, Watch.Listener listener) {
      return store.watch(prefix, after, listener);
    }

    @Override
    public Lease grant(Duration timeToLive, Lease.Listener listener, Duration within)
        throws StoreException {
      return store.grant(timeToLive, listener, within);
    }

    @Override
    public Lease adopt(LeaseId id, Duration timeToLive, Lease.Listener listener, Duration within)
        throws StoreException {
      return store.adopt(id, timeToLive, listener, within);
    }

    @Override
    public StoreStatus status() {
      return store.status();
    }
  }

  /** One seed's record, with all faults at once. */
  long simulate() {
    return simulate(new Faults(0.1, 0.2, 4_000_000_000L, 0.15, 0.15, 0, 0.1));
  }

  long simulate(Faults faults) {
    var random = world.chance();
    int children = 2 + random.nextInt(4);
    var record = new StoredRecord[1];
    run(() -> record[0] = begin(children, Version.NONE));
    store.faults(faults);
    if (random.nextInt(3) == 0) {
      world.schedule(
          random.nextLong(5_000_000_000L), () -> store.freeze(random.nextLong(12_000_000_000L)));
    }
    if (random.nextInt(4) == 0) {
      world.schedule(random.nextLong(5_000_000_000L), () -> threads.start(() -> usurp(children)));
    }
    // All go out in the end, but the last one cannot.
    for (int i = 0; i < children; i++) {
      int child = i;
      world.schedule(
          random.nextLong(6_000_000_000L),
          () -> record[0].childIsOut("n", "aio:///" + child, checked("uuid-" + child)));
    }
    assertTrue(world.runUntil(() -> told.size() == children, 5_000_000), told::toString);
    boolean failed = false;
    for (String each : told) {
      if (each.endsWith("recorded")) assertTrue(!failed, told::toString);
      else failed = true;
    }
    // What is on its way still must not undo anything.
    world.runFor(faults.lateDelayNs() + 1_000_000_000L, 5_000_000);
    if (!usurped) checkAllAreOut();
    return world.trace().hash();
  }

  /** Another node makes a nexus of the same children, or fails to. */
  private void usurp(int children) {
    var mine = info(children).toJson();
    try {
      var there = witness.get(KEY, SOON).orElseThrow();
      usurped = true;
      witness.put(KEY, mine, there.version(), SOON);
    } catch (ConflictException e) {
      // What is done twice conflicts with itself.
      usurped = e.found(KEY).filter(entry -> entry.value().equals(mine)).isPresent();
    } catch (StoreException e) {
      assertTrue(!e.getMessage().isEmpty());
    }
  }

  /** Without asking: what a crash would leave. */
  private void checkAllAreOut() {
    try {
      var now = NexusInfo.fromJson(store.get(KEY).orElseThrow().value());
      assertTrue(now.children().containsAll(out), () -> out + " in " + now);
      assertTrue(now.children().stream().anyMatch(Child::healthy), () -> "nobody in " + now);
    } catch (RegistryFormatException e) {
      throw new AssertionError(e);
    }
  }

  /** At the very moment of the answer. */
  private Outcome checked(String uuid) {
    return new Outcome() {
      @Override
      public void recorded() {
        told.add(uuid + " recorded");
        if (usurped) return;
        out.add(new Child(false, uuid));
        checkAllAreOut();
      }

      @Override
      public void failed(String why) {
        told.add(uuid + " failed");
      }
    };
  }
}
