package io.tenon.metadata.etcd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.Key;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.testing.EtcdServer;
import io.tenon.metadata.testing.Listener;
import io.tenon.metadata.testing.StoreHistory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** Three members, of which the leader goes: the store goes on with the others, and nothing that it has said becomes wrong. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@EnabledIf(
    value = "io.tenon.metadata.testing.EtcdServer#isInstalled",
    disabledReason = EtcdServer.NOT_INSTALLED)
class EtcdClusterTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(800);
  private static final Key A = Key.of("/test/a");
  private static final int LEADERS = 6;
  private static final int WRITERS = 3;
  private static final int KEYS = 2;

  @TempDir Path folder;
  private EtcdCluster cluster;
  private EtcdCluster.Bench bench;

  @BeforeEach
  void begin() throws Exception {
    cluster = new EtcdCluster(folder);
    bench = cluster.bench();
  }

  @AfterEach
  void end() throws Exception {
    if (bench != null) bench.close();
    if (cluster != null) cluster.close();
  }

  /** Whatever it answers meanwhile, it answers in the end. */
  private Version putInTheEnd(Key key, String text) throws Exception {
    long endNs = System.nanoTime() + SOON.toNanos();
    while (true) {
      try {
        return bench.store().put(key, Value.of(text), Duration.ofSeconds(2));
      } catch (StoreException e) {
        if (System.nanoTime() - endNs > 0) throw new AssertionError("the store is not back", e);
      }
    }
  }

  @Test
  void leadersComeAndGoAndWhatIsAnsweredIsTrue() throws Exception {
    var random = new SplittableRandom(5);
    var heard = new Listener();
    var history = new StoreHistory(bench.store());
    try (var _ = bench.other().watch(Prefix.of("/h/"), heard)) {
      heard.when(me -> !me.events().isEmpty()).get(60, TimeUnit.SECONDS);
      var over = new AtomicBoolean();
      var failure = new AtomicReference<Throwable>();
      var writers = new ArrayList<Thread>();
      for (int i = 0; i < WRITERS; i++) {
        var mine = random.split();
        writers.add(
            Thread.ofVirtual()
                .uncaughtExceptionHandler((_, why) -> failure.set(why))
                .start(() -> write(history, mine, over)));
      }
      for (int i = 0; i < LEADERS; i++) {
        var leader = cluster.leader();
        if (i % 2 == 0) leader.kill();
        else leader.freeze();
        // While it is away: the others have elected another one.
        putInTheEnd(Key.of("/alive"), "without leader " + i);
        if (i % 2 == 0) leader.revive();
        else leader.thaw();
        putInTheEnd(Key.of("/alive"), "with it again " + i);
      }
      over.set(true);
      for (var writer : writers) writer.join();
      assertEquals(null, failure.get());
      var last = putInTheEnd(Key.of("/h/last"), "last");
      heard.reaches(last).get(60, TimeUnit.SECONDS);
    }
    heard.check();
    assertFalse(heard.hasEnded(), () -> heard.events().getLast().toString());
    history.check(heard.changes());
    assertTrue(history.count(false) > 50, "hardly anything was answered: " + history.size());
  }

  private static void write(StoreHistory history, SplittableRandom random, AtomicBoolean over) {
    while (!over.get()) {
      var key = Key.of("/h/" + random.nextInt(KEYS));
      var within = Duration.ofMillis(200 + random.nextInt(2_000));
      var there = history.get(key, within);
      boolean blindly = random.nextInt(3) == 0;
      var expected = there.map(entry -> entry.version()).orElse(Version.NONE);
      history.put(key, blindly ? Optional.empty() : Optional.of(expected), within);
    }
  }

  @Test
  void aLeaseOutlivesTheLeaderThatGrantedIt() throws Exception {
    var lost = new CompletableFuture<String>();
    var lease = bench.store().grant(Duration.ofSeconds(10), (_, why) -> lost.complete(why), SOON);
    bench.store().commit(Transaction.begin().put(A, Value.of("mine"), lease.id()).end(), SOON);
    var leader = cluster.leader();
    leader.kill();
    putInTheEnd(Key.of("/test/b"), "another one leads");
    // Longer than the lease lasts unless it is renewed.
    assertThrows(TimeoutException.class, () -> lost.get(20, TimeUnit.SECONDS));
    assertTrue(lease.isHeld());
    assertEquals(Value.of("mine"), bench.store().get(A, SOON).orElseThrow().value());
    leader.revive();
    lease.revoke(SOON);
  }

  @Test
  void withoutAMajorityNothingIsToldThatIsNotSo() throws Exception {
    var first = bench.store().put(A, Value.of("one"), SOON);
    for (var follower : cluster.followers()) follower.freeze();
    try {
      assertThrows(StoreException.class, () -> bench.store().put(A, Value.of("two"), first, SHORT));
      assertThrows(StoreUnavailableException.class, () -> bench.store().get(A, SHORT));
      assertThrows(StoreUnavailableException.class, () -> bench.other().list(Prefix.ALL, SHORT));
    } finally {
      for (var member : cluster.members()) member.thaw();
    }
    putInTheEnd(Key.of("/test/b"), "back");
    var there = bench.store().get(A, SOON).orElseThrow();
    assertTrue(
        there.version().equals(first) || there.value().equals(Value.of("two")), there::toString);
  }

  @Test
  void aFollowerThatIsGoneIsNotMissed() throws Exception {
    var heard = new Listener();
    try (var _ = bench.other().watch(Prefix.of("/test/"), heard)) {
      heard.when(me -> !me.events().isEmpty()).get(60, TimeUnit.SECONDS);
      var last = Version.NONE;
      for (var follower : cluster.followers()) {
        follower.kill();
        last = putInTheEnd(A, "without a follower");
        follower.revive();
      }
      heard.reaches(last).get(60, TimeUnit.SECONDS);
    }
    heard.check();
    assertFalse(heard.hasEnded());
  }
}
