package io.tenon.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Key;
import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.testing.Listener;
import io.tenon.metadata.testing.StoreHistory;
import io.tenon.simulation.SimStore.Faults;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each fault is what it says, and all together never make the store lie. */
@ExtendWith(InSimulation.class)
class SimStoreFaultsTest implements InSimulation.Worldly {
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final Key A = Key.of("/a");

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimStore store = new SimStore(world);
  private final SimStoreClient client = store.client();

  @Override
  public SimWorld world() {
    return world;
  }

  @Test
  void aLostRequestIsNeverDoneAndALostAnswerIs() throws Exception {
    store.faults(new Faults(0, 0, 0, 1, 0, 0));
    assertThrows(OutcomeUnknownException.class, () -> client.put(A, Value.of("one"), SOON));
    store.faults(Faults.NONE);
    assertEquals(Optional.empty(), client.get(A, SOON));
    store.faults(new Faults(0, 0, 0, 0, 1, 0));
    assertThrows(OutcomeUnknownException.class, () -> client.put(A, Value.of("two"), SOON));
    assertThrows(StoreUnavailableException.class, () -> client.get(A, SOON));
    store.faults(Faults.NONE);
    assertEquals(Value.of("two"), client.get(A, SOON).orElseThrow().value());
  }

  @Test
  void aLateRequestIsDoneAfterItsCallerWasTold() throws Exception {
    store.faults(new Faults(0, 1, 100_000_000_000L, 0, 0, 0));
    assertThrows(
        OutcomeUnknownException.class, () -> client.put(A, Value.of("late"), Duration.ofMillis(1)));
    store.faults(Faults.NONE);
    assertEquals(Optional.empty(), client.get(A, SOON));
    var heard = new Listener();
    try (var _ = client.watch(Prefix.ALL, heard)) {
      heard.when(me -> me.copy().size() == 1).get();
    }
  }

  @Test
  void whatIsCarriedOutTwiceIsDoneOnceWhereItSaysWhatItExpects() throws Exception {
    store.faults(new Faults(0, 0, 1_000_000, 0, 0, 0, 1));
    var first = client.put(A, Value.of("one"), Version.NONE, SOON);
    var second = client.put(A, Value.of("two"), first, SOON);
    store.faults(Faults.NONE);
    // By then both were carried out once more.
    for (int i = 0; i < 20; i++) assertEquals(second, client.get(A, SOON).orElseThrow().version());
    assertEquals(Value.of("two"), client.get(A, SOON).orElseThrow().value());
  }

  @Test
  void whatIsCarriedOutTwiceComesAgainAfterOthersWhereItExpectsNothing() throws Exception {
    store.faults(new Faults(0, 0, 1_000_000_000, 0, 0, 0, 1));
    client.put(A, Value.of("one"), SOON);
    store.faults(Faults.NONE);
    client.put(A, Value.of("two"), SOON);
    var heard = new Listener();
    try (var _ = client.watch(Prefix.ALL, heard)) {
      heard
          .when(me -> me.copy().stream().anyMatch(one -> one.value().equals(Value.of("one"))))
          .get();
    }
  }

  @Test
  void aMeddlerMakesAConflictOfWhatIsExpected() throws Exception {
    var first = client.put(A, Value.of("one"), SOON);
    store.faults(new Faults(0, 0, 0, 0, 0, 1));
    var conflict =
        assertThrows(ConflictException.class, () -> client.put(A, Value.of("two"), first, SOON));
    assertEquals(Value.of("one"), conflict.found(A).orElseThrow().value());
  }

  @Test
  void onlyWhoIsCutOffIsCutOff() throws Exception {
    client.cutOff();
    assertThrows(StoreUnavailableException.class, () -> client.put(A, Value.of("one"), SOON));
    store.client().put(A, Value.of("two"), SOON);
    client.reconnect();
    assertEquals(Value.of("two"), client.get(A, SOON).orElseThrow().value());
  }

  @Test
  void aWatchThatMissedWhatIsForgottenReadsAgain() throws Exception {
    var heard = new Listener();
    client.watch(Prefix.ALL, heard);
    heard.when(me -> !me.events().isEmpty()).get();
    client.cutOff();
    store.client().put(A, Value.of("one"), SOON);
    store.compact();
    client.reconnect();
    heard.when(Listener::hasEnded).get();
    heard.check();
  }

  static LongStream seeds() {
    return Seeds.of(100);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void withAllFaultsEveryAnswerIsTrueAndTheSameSeedIsTheSameRun(long seed) {
    Seeds.runTwice(seed, SimStoreFaultsTest::run);
  }

  private static long run(long seed) {
    var world = new SimWorld(new SplittableRandom(seed));
    var random = world.chance();
    var store = new SimStore(world);
    // Without the meddler, who writes values again: here each value happens once.
    store.faults(new Faults(0.05, 0.1, 3_000_000_000L, 0.05, 0.05, 0));
    var threads = new SimThreads(world);
    var history = new StoreHistory(store.client());
    var heard = new Listener(Version.NONE);
    store.client().watch(Prefix.of("/h/"), Version.NONE, heard);
    int[] left = {3};
    for (int i = 0; i < 3; i++) {
      var mine = random.split();
      threads.start(
          () -> {
            for (int n = 0; n < 40; n++) step(history, mine);
            left[0]--;
          });
    }
    for (int i = 0; i < 4; i++) {
      long at = random.nextLong(20_000_000_000L);
      long forNs = random.nextLong(2_000_000_000L);
      if (random.nextBoolean()) {
        world.schedule(at, store::crash);
        world.schedule(at + forNs, store::restart);
      } else {
        world.schedule(at, () -> store.freeze(forNs));
      }
    }
    assertTrue(world.runUntil(() -> left[0] == 0, 1_000_000));
    store.faults(Faults.NONE);
    world.runFor(100_000_000_000L, 5_000_000); // what is late has come
    heard.check();
    history.check(heard.changes());
    assertEquals(240, history.size());
    return world.trace().hash();
  }

  private static void step(StoreHistory history, SplittableRandom random) {
    var key = Key.of("/h/" + random.nextInt(2));
    var within = Duration.ofMillis(5 + random.nextInt(2000));
    var there = history.get(key, within);
    var expected =
        random.nextInt(3) == 0
            ? Optional.<Version>empty()
            : Optional.of(there.map(entry -> entry.version()).orElse(Version.NONE));
    history.put(key, expected, within);
  }
}
