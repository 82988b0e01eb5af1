package io.tenon.metadata.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Key;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a store tells while its server is killed and frozen: late, refused, unknown; never something wrong. */
public abstract class StoreOutageContract {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(800);
  private static final Duration SHORT_LEASE = Duration.ofSeconds(3);
  private static final Key A = Key.of("/test/a");
  private static final int WRITERS = 3;
  private static final int KEYS = 2;

  private OutageBench bench;

  /** A fresh one, empty, and its server works. */
  protected abstract OutageBench open() throws Exception;

  /** How often {@link #whatIsAnsweredWhileTheServerComesAndGoesIsTrue} takes the server away. */
  protected int outages() {
    return 8;
  }

  @BeforeEach
  void begin() throws Exception {
    bench = open();
  }

  @AfterEach
  void end() throws Exception {
    if (bench != null) bench.close();
  }

  private MetadataStore store() {
    return bench.store();
  }

  private static Value value(String text) {
    return Value.of(text);
  }

  /** Until it is there again; what it answers meanwhile is its business. */
  private Version putWhenBack(Key key, String text) throws Exception {
    for (int tries = 0; ; tries++) {
      try {
        return store().put(key, value(text), Duration.ofSeconds(5));
      } catch (StoreException e) {
        if (tries > 40) throw new AssertionError("the store does not come back", e);
        bench.pass(Duration.ofMillis(100));
      }
    }
  }

  @Test
  void whileTheServerIsDeadNothingIsDoneAndThatIsCertain() throws Exception {
    var first = store().put(A, value("one"), SOON);
    bench.kill();
    for (int i = 0; i < 3; i++) {
      // The very first may find the old connection and not know.
      boolean settled = i > 0;
      var failure =
          assertThrows(StoreException.class, () -> store().put(A, value("two"), first, SHORT));
      if (settled) assertInstanceOf(StoreUnavailableException.class, failure);
    }
    assertThrows(StoreUnavailableException.class, () -> store().get(A, SHORT));
    assertThrows(StoreUnavailableException.class, () -> store().list(Prefix.ALL, SHORT));
    assertFalse(store().status().isAvailable());
    assertFalse(store().status().problem().isEmpty());
    bench.revive();
    putWhenBack(Key.of("/test/b"), "back");
    assertEquals(value("one"), store().get(A, SOON).orElseThrow().value());
    assertTrue(store().status().isAvailable());
  }

  @Test
  void aChangeThatAFrozenServerWasToldIsUnknownAndAQuestionIsUnanswered() throws Exception {
    var first = store().put(A, value("one"), SOON);
    bench.freeze();
    assertThrows(OutcomeUnknownException.class, () -> store().put(A, value("two"), first, SHORT));
    assertThrows(StoreUnavailableException.class, () -> store().get(A, SHORT));
    bench.thaw();
    putWhenBack(Key.of("/test/b"), "back");
    var there = store().get(A, SOON).orElseThrow();
    assertTrue(there.version().equals(first) || there.value().equals(value("two")));
    // Sent again with the version of before: it is done now, or shows that it was.
    try {
      store().put(A, value("two"), first, SOON);
    } catch (ConflictException e) {
      assertEquals(value("two"), e.found(A).orElseThrow().value());
    }
    assertEquals(value("two"), store().get(A, SOON).orElseThrow().value());
  }

  @Test
  void aLeaseThatCannotBeRenewedIsToldAsLost() throws Exception {
    var lost = new CompletableFuture<String>();
    var lease = store().grant(SHORT_LEASE, (_, why) -> lost.complete(why), SOON);
    store().commit(Transaction.begin().put(A, value("mine"), lease.id()).end(), SOON);
    bench.freeze();
    assertFalse(bench.await(lost).isEmpty());
    assertFalse(lease.isHeld());
    bench.thaw();
    putWhenBack(Key.of("/test/b"), "back");
    var heard = new Listener();
    try (var _ = store().watch(Prefix.of("/test/a"), heard)) {
      bench.await(heard.when(me -> !me.events().isEmpty() && me.copy().isEmpty()));
    }
    assertEquals(Optional.empty(), store().get(A, SOON));
  }

  @Test
  void aWatchHearsWhatHappenedWhileItsServerWasAway() throws Exception {
    var heard = new Listener();
    try (var _ = store().watch(Prefix.of("/test/"), heard)) {
      bench.await(heard.when(me -> !me.events().isEmpty()));
      var last = Version.NONE;
      for (int i = 0; i < 3; i++) {
        store().put(A, value("before " + i), SOON);
        bench.kill();
        bench.revive();
        last = putWhenBack(A, "after " + i);
      }
      bench.await(heard.reaches(last));
      heard.check();
      assertFalse(heard.hasEnded(), () -> heard.events().toString());
      assertTrue(heard.changes().size() >= 6);
      assertEquals(store().list(Prefix.of("/test/"), SOON).entries(), heard.copy());
    }
  }

  @Test
  void whatIsAnsweredWhileTheServerComesAndGoesIsTrue() throws Exception {
    var random = new SplittableRandom(11);
    var heard = new Listener();
    var history = new StoreHistory(store());
    try (var _ = bench.other().watch(Prefix.of("/h/"), heard)) {
      bench.await(heard.when(me -> !me.events().isEmpty()));
      var over = new AtomicBoolean();
      var done = new ArrayList<CompletableFuture<Boolean>>();
      for (int i = 0; i < WRITERS; i++) {
        var mine = random.split();
        done.add(started(() -> write(history, mine, over)));
      }
      for (int i = 0; i < outages(); i++) {
        bench.pass(Duration.ofMillis(100 + random.nextInt(400)));
        if (random.nextBoolean()) {
          bench.kill();
          bench.pass(Duration.ofMillis(random.nextInt(600)));
          bench.revive();
        } else {
          bench.freeze();
          bench.pass(Duration.ofMillis(300 + random.nextInt(1500)));
          bench.thaw();
        }
        putWhenBack(Key.of("/alive"), "outage " + i);
      }
      over.set(true);
      for (var each : done) bench.await(each);
      var last = putWhenBack(Key.of("/h/last"), "last");
      bench.await(heard.reaches(last));
    }
    heard.check();
    assertFalse(heard.hasEnded());
    history.check(heard.changes());
    assertTrue(history.count(false) > 20, "hardly anything was answered: " + history.size());
  }

  private void write(StoreHistory history, SplittableRandom random, AtomicBoolean over)
      throws Exception {
    while (!over.get()) {
      var key = Key.of("/h/" + random.nextInt(KEYS));
      var within = Duration.ofMillis(200 + random.nextInt(800));
      var there = history.get(key, within);
      if (random.nextInt(3) == 0) {
        history.put(key, Optional.empty(), within);
      } else {
        history.put(key, Optional.of(there.map(e -> e.version()).orElse(Version.NONE)), within);
      }
      bench.pass(Duration.ofMillis(random.nextInt(20)));
    }
  }

  /** What may block and throw. */
  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }

  private CompletableFuture<Boolean> started(Step step) {
    var done = new CompletableFuture<Boolean>();
    bench.start(
        () -> {
          try {
            step.run();
            done.complete(true);
          } catch (Exception | AssertionError e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }
}
