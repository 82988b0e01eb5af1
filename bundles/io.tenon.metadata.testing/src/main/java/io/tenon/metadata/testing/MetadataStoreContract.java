package io.tenon.metadata.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.Change;
import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every metadata store does, ours or a stranger's. Extend it and say how to get at one. */
public abstract class MetadataStoreContract {
  /** Generous: a loaded machine is no broken store. */
  protected static final Duration SOON = Duration.ofSeconds(60);

  protected static final Key A = Key.of("/test/a");
  protected static final Key B = Key.of("/test/b");
  private static final Duration SHORT_LEASE = Duration.ofSeconds(3);

  private StoreBench bench;

  /** A fresh one, empty. */
  protected abstract StoreBench open() throws Exception;

  @BeforeEach
  void begin() throws Exception {
    bench = open();
  }

  @AfterEach
  void end() throws Exception {
    if (bench != null) bench.close();
  }

  protected final StoreBench bench() {
    return bench;
  }

  private MetadataStore store() {
    return bench.store();
  }

  protected static Value value(String text) {
    return Value.of(text);
  }

  // ---- reading and writing

  @Test
  void whatIsPutIsReadBackByEveryoneWithItsVersion() throws Exception {
    assertEquals(Optional.empty(), store().get(A, SOON));
    var first = store().put(A, value("one"), SOON);
    assertTrue(first.isAfter(Version.NONE));
    var expected = Optional.of(new Entry(A, value("one"), first, Optional.empty()));
    assertEquals(expected, store().get(A, SOON));
    assertEquals(expected, bench.other().get(A, SOON));
    var second = store().put(A, value("two"), SOON);
    assertTrue(second.isAfter(first));
    assertEquals(second, bench.other().get(A, SOON).orElseThrow().version());
  }

  @Test
  void putWithStaleVersionIsRefusedAndKeepsTheNewerValue() throws Exception {
    var first = store().put(A, value("one"), Version.NONE, SOON);
    var second = store().put(A, value("two"), first, SOON);
    var conflict =
        assertThrows(ConflictException.class, () -> store().put(A, value("three"), first, SOON));
    assertEquals(second, conflict.found(A).orElseThrow().version());
    assertEquals(value("two"), store().get(A, SOON).orElseThrow().value());
  }

  @Test
  void whatIsThereIsNotCreatedAndWhatIsGoneIsNotReplaced() throws Exception {
    var first = store().put(A, value("one"), Version.NONE, SOON);
    assertThrows(ConflictException.class, () -> store().put(A, value("two"), Version.NONE, SOON));
    store().delete(A, first, SOON);
    var conflict =
        assertThrows(ConflictException.class, () -> store().put(A, value("two"), first, SOON));
    assertEquals(Optional.empty(), conflict.found(A));
    assertEquals(Optional.empty(), store().get(A, SOON));
  }

  @Test
  void aKeyThatWasDeletedAndCreatedAgainHasAnotherVersion() throws Exception {
    var first = store().put(A, value("one"), Version.NONE, SOON);
    store().delete(A, SOON);
    var second = store().put(A, value("one"), Version.NONE, SOON);
    assertTrue(second.isAfter(first));
    assertThrows(ConflictException.class, () -> store().delete(A, first, SOON));
  }

  @Test
  void deletingWhatIsNotThereChangesNothing() throws Exception {
    var version = store().put(A, value("one"), SOON);
    assertEquals(version, store().delete(B, SOON));
    assertEquals(version, store().list(Prefix.ALL, SOON).at());
  }

  @Test
  void aTransactionDoesAllOrNothing() throws Exception {
    var first = store().put(A, value("one"), SOON);
    var both =
        Transaction.begin()
            .expect(A, first)
            .expect(B, Version.NONE)
            .delete(A)
            .put(B, value("b"))
            .put(Key.of("/test/c"), value("c"))
            .end();
    var second = store().commit(both, SOON);
    var conflict = assertThrows(ConflictException.class, () -> store().commit(both, SOON));
    assertEquals(List.of(A, B), conflict.keys());
    var there = store().list(Prefix.of("/test/"), SOON).entries();
    assertEquals(List.of(second, second), there.stream().map(Entry::version).toList());
    assertEquals(List.of("/test/b", "/test/c"), there.stream().map(e -> e.key().text()).toList());
  }

  @Test
  void aTransactionMayOnlyAsk() throws Exception {
    var first = store().put(A, value("one"), SOON);
    var asks = Transaction.begin().expect(A, first).expect(B, Version.NONE).end();
    assertEquals(first, store().commit(asks, SOON));
    store().put(B, value("b"), SOON);
    assertThrows(ConflictException.class, () -> store().commit(asks, SOON));
  }

  @Test
  void aListHasThePrefixesKeysInOrderAndNoOthers() throws Exception {
    var expected = new TreeMap<Key, Value>();
    for (String name :
        List.of(
            "PoolSpec/b",
            "PoolSpec/a",
            "PoolSpec/a/x",
            "Pool",
            "PoolSpec/é",
            "PoolSpec/😀",
            "PoolSpec/\uff5e",
            "Pool\uffee")) {
      var key = Key.of("/x/" + name);
      store().put(key, value(name), SOON);
      expected.put(key, value(name));
    }
    for (String name : List.of("/x/Poo", "/x/Pop", "/y/PoolSpec/a", "/", "zz")) {
      store().put(Key.of(name), value("no"), SOON);
    }
    var listing = store().list(Prefix.of("/x/Pool"), SOON);
    assertEquals(
        List.copyOf(expected.keySet()), listing.entries().stream().map(Entry::key).toList());
    assertEquals(13, store().list(Prefix.ALL, SOON).entries().size());
    assertEquals(0, store().list(Prefix.of("/x/PoolSpec/c"), SOON).entries().size());
  }

  @Test
  void everyByteAndEveryLengthOfAValueComesBack() throws Exception {
    byte[] bytes = new byte[Value.MOST_BYTES];
    new SplittableRandom(1).nextBytes(bytes);
    for (int length : new int[] {0, 1, 255, 256, 70_000, Value.MOST_BYTES}) {
      var value = Value.of(Arrays.copyOf(bytes, length));
      store().put(A, value, SOON);
      assertEquals(value, bench.other().get(A, SOON).orElseThrow().value());
    }
  }

  @Test
  void theLargestTransactionIsTaken() throws Exception {
    int each = Transaction.MOST_BYTES / Transaction.MOST_OPERATIONS - 20;
    var transaction = Transaction.begin();
    for (int i = 0; i < Transaction.MOST_OPERATIONS; i++) {
      var key = Key.of("/big/%03d".formatted(i));
      transaction.expect(key, Version.NONE).put(key, Value.of(new byte[each]));
    }
    store().commit(transaction.end(), SOON);
    var listing = bench.other().list(Prefix.of("/big/"), SOON);
    assertEquals(Transaction.MOST_OPERATIONS, listing.entries().size());
    assertTrue(listing.entries().stream().allMatch(entry -> entry.value().length() == each));
  }

  @Test
  void moreThanOneAnswerCanHoldIsListed() throws Exception {
    var expected = new ArrayList<Key>();
    for (int i = 0; i < 12; i++) {
      var transaction = Transaction.begin();
      for (int j = 0; j < 100; j++) {
        var key = Key.of("/many/%02d/%02d".formatted(i, j));
        transaction.put(key, Value.of(new byte[10_000]));
        expected.add(key);
      }
      store().commit(transaction.end(), SOON);
    }
    var listed = store().list(Prefix.of("/many"), SOON).entries();
    assertEquals(expected, listed.stream().map(Entry::key).toList());
  }

  @Test
  void ofManyWhoCreateTheSameKeyOneSucceeds() throws Exception {
    var created = new AtomicInteger();
    var done = new ArrayList<CompletableFuture<Boolean>>();
    for (int i = 0; i < 12; i++) {
      var store = i % 2 == 0 ? bench.store() : bench.other();
      var mine = value("writer " + i);
      done.add(
          started(
              () -> {
                try {
                  store.put(A, mine, Version.NONE, SOON);
                  created.incrementAndGet();
                } catch (ConflictException e) {
                  assertTrue(e.found(A).isPresent());
                }
              }));
    }
    for (var each : done) bench.await(each);
    assertEquals(1, created.get());
  }

  @Test
  void nobodysIncrementIsLost() throws Exception {
    store().put(A, value("0"), SOON);
    var done = new ArrayList<CompletableFuture<Boolean>>();
    for (int i = 0; i < 4; i++) {
      var store = i % 2 == 0 ? bench.store() : bench.other();
      done.add(
          started(
              () -> {
                for (int left = 10; left > 0; ) if (increment(store)) left--;
              }));
    }
    for (var each : done) bench.await(each);
    assertEquals("40", store().get(A, SOON).orElseThrow().value().text());
  }

  private static boolean increment(MetadataStore store) throws StoreException {
    var entry = store.get(A, SOON).orElseThrow();
    int next = Integer.parseInt(entry.value().text()) + 1;
    try {
      store.put(A, value(Integer.toString(next)), entry.version(), SOON);
      return true;
    } catch (ConflictException e) {
      return false;
    }
  }

  /** What may block and throw. */
  @FunctionalInterface
  protected interface Step {
    void run() throws Exception;
  }

  protected final CompletableFuture<Boolean> started(Step step) {
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

  @Test
  void aRandomHistoryIsWhatAMapSays() throws Exception {
    var random = new SplittableRandom(5);
    var model = new TreeMap<Key, Entry>();
    for (int i = 0; i < 250; i++) {
      var key = Key.of("/m/" + random.nextInt(6));
      var there = Optional.ofNullable(model.get(key));
      var right = there.map(Entry::version).orElse(Version.NONE);
      boolean stale = random.nextInt(4) == 0;
      var expected = stale ? new Version(right.value() + 1 + random.nextInt(3)) : right;
      var value = value("v" + i);
      try {
        if (random.nextInt(3) == 0) {
          store().delete(key, expected, SOON);
          model.remove(key);
        } else {
          var version = store().put(key, value, expected, SOON);
          model.put(key, new Entry(key, value, version, Optional.empty()));
        }
        assertFalse(stale, "a stale version was taken");
      } catch (ConflictException e) {
        assertTrue(stale, e::getMessage);
        assertEquals(there, e.found(key));
      }
      if (i % 20 == 0) assertEquals(List.copyOf(model.values()), listed("/m/"));
    }
    assertEquals(List.copyOf(model.values()), listed("/m/"));
  }

  private List<Entry> listed(String prefix) throws StoreException {
    return bench.other().list(Prefix.of(prefix), SOON).entries();
  }

  @Test
  void whatWasAnsweredOutlivesARestartAndVersionsGoOn() throws Exception {
    for (int i = 0; i < 20; i++) store().put(Key.of("/r/" + i), value("v" + i), SOON);
    store().delete(Key.of("/r/3"), SOON);
    var before = store().list(Prefix.ALL, SOON);
    bench.restart();
    var after = store().list(Prefix.ALL, SOON);
    assertEquals(before.entries(), after.entries());
    assertFalse(before.at().isAfter(after.at()));
    assertTrue(store().put(A, value("more"), SOON).isAfter(before.at()));
  }

  @Test
  void statusTellsThatItServes() throws Exception {
    var version = store().put(A, value("one"), SOON);
    var status = store().status();
    for (long endNs = System.nanoTime() + SOON.toNanos(); !status.isAvailable(); ) {
      assertTrue(System.nanoTime() - endNs < 0, status.problem());
      status = store().status();
    }
    assertFalse(version.isAfter(status.version()));
    assertFalse(status.kind().isEmpty());
  }

  // ---- watches

  @Test
  void aWatchTellsWhatIsThereAndThenEveryTransactionAsAWhole() throws Exception {
    var first = store().put(A, value("one"), SOON);
    store().put(Key.of("/other"), value("no"), SOON);
    var heard = new Listener();
    try (var _ = bench.other().watch(Prefix.of("/test/"), heard)) {
      bench.await(heard.when(me -> !me.events().isEmpty()));
      var second =
          store()
              .commit(
                  Transaction.begin()
                      .put(B, value("two"))
                      .delete(A)
                      .put(Key.of("/other"), value("no"))
                      .end(),
                  SOON);
      store().put(Key.of("/other"), value("still no"), SOON);
      var third = store().put(A, value("three"), SOON);
      bench.await(heard.reaches(third));
      heard.check();
      assertEquals(3, heard.events().size(), () -> heard.events().toString());
      var current = (WatchEvent.Current) heard.events().getFirst();
      assertEquals(first, current.listing().entries().getFirst().version());
      assertEquals(second, heard.changes().get(0).at());
      assertEquals(2, heard.changes().get(0).changes().size());
      assertTrue(heard.changes().get(0).changes().contains(new Change.Deleted(A)));
      assertEquals(third, heard.changes().get(1).at());
    }
  }

  @Test
  void aWatchAfterAListMissesNothing() throws Exception {
    store().put(A, value("one"), SOON);
    var listing = store().list(Prefix.of("/test/"), SOON);
    var second = store().put(A, value("two"), SOON);
    var third = store().put(B, value("three"), SOON);
    var heard = new Listener(listing.at());
    try (var _ = bench.other().watch(Prefix.of("/test/"), listing.at(), heard)) {
      bench.await(heard.reaches(third));
      heard.check();
      assertEquals(
          List.of(second, third), heard.changes().stream().map(WatchEvent.Changed::at).toList());
    }
  }

  @Test
  void watchesThatBeginInTheMiddleOfChangesEndWithWhatIsThere() throws Exception {
    var writing =
        started(
            () -> {
              for (int i = 0; i < 120; i++) {
                var key = Key.of("/w/" + i % 7);
                if (i % 5 == 4) store().delete(key, SOON);
                else store().put(key, value("v" + i), SOON);
              }
            });
    var listeners = new ArrayList<Listener>();
    var watches = new ArrayList<AutoCloseable>();
    for (int i = 0; i < 5; i++) {
      var heard = new Listener();
      listeners.add(heard);
      watches.add(bench.other().watch(Prefix.of("/w/"), heard));
      bench.await(heard.when(me -> !me.events().isEmpty()));
    }
    bench.await(writing);
    var last = store().put(Key.of("/w/last"), value("last"), SOON);
    var there = store().list(Prefix.of("/w/"), SOON).entries();
    for (Listener heard : listeners) {
      bench.await(heard.reaches(last));
      heard.check();
      assertFalse(heard.hasEnded());
      assertEquals(there, heard.copy());
    }
    for (var watch : watches) watch.close();
  }

  @Test
  void aClosedWatchHearsNothingMore() throws Exception {
    var closed = new Listener();
    var watch = store().watch(Prefix.of("/test/"), closed);
    bench.await(closed.when(me -> !me.events().isEmpty()));
    watch.close();
    var witness = new Listener();
    try (var _ = store().watch(Prefix.of("/test/"), witness)) {
      var version = store().put(A, value("one"), SOON);
      bench.await(witness.reaches(version));
      assertEquals(1, closed.events().size());
    }
  }

  @Test
  void aWatchGoesOnThroughARestartOrSaysThatItDoesNot() throws Exception {
    var heard = new Listener();
    try (var _ = store().watch(Prefix.of("/test/"), heard)) {
      bench.await(heard.when(me -> !me.events().isEmpty()));
      store().put(A, value("one"), SOON);
      bench.restart();
      var version = store().put(B, value("two"), SOON);
      bench.await(heard.reaches(version));
      heard.check();
      if (!heard.hasEnded()) assertEquals(listed("/test/"), heard.copy());
    }
  }

  // ---- leases

  @Test
  void keysGoWithTheirLeaseInOneTransaction() throws Exception {
    var lost = new CompletableFuture<String>();
    var lease = store().grant(SHORT_LEASE, (_, why) -> lost.complete(why), SOON);
    assertTrue(lease.isHeld());
    assertFalse(lease.timeToLive().compareTo(SHORT_LEASE) < 0);
    var heard = new Listener();
    try (var _ = bench.other().watch(Prefix.of("/test/"), heard)) {
      bench.await(heard.when(me -> !me.events().isEmpty()));
      store()
          .commit(
              Transaction.begin()
                  .put(A, value("a"), lease.id())
                  .put(B, value("b"), lease.id())
                  .end(),
              SOON);
      assertEquals(Optional.of(lease.id()), store().get(A, SOON).orElseThrow().lease());
      lease.revoke(SOON);
      assertFalse(lease.isHeld());
      assertEquals(List.of(), listed("/test/"));
      bench.await(heard.when(me -> me.copy().isEmpty() && me.changes().size() >= 2));
      heard.check();
      assertEquals(2, heard.changes().size());
    }
    assertFalse(lost.isDone());
    assertThrows(
        LeaseLostException.class,
        () -> store().commit(Transaction.begin().put(A, value("a"), lease.id()).end(), SOON));
    assertEquals(List.of(), listed("/test/"));
  }

  @Test
  void aKeyThatIsPutAgainWithoutTheLeaseStays() throws Exception {
    var lease = store().grant(SHORT_LEASE, (_, _) -> {}, SOON);
    store().commit(Transaction.begin().put(A, value("a"), lease.id()).end(), SOON);
    store().put(A, value("b"), SOON);
    lease.revoke(SOON);
    assertEquals(Optional.empty(), store().get(A, SOON).orElseThrow().lease());
  }

  @Test
  void aLeaseIsKeptBeyondItsTimeWithoutAnyonesHelp() throws Exception {
    var lost = new CompletableFuture<String>();
    var lease = store().grant(SHORT_LEASE, (_, why) -> lost.complete(why), SOON);
    store().commit(Transaction.begin().put(A, value("a"), lease.id()).end(), SOON);
    bench.pass(lease.timeToLive().multipliedBy(2).plusSeconds(1));
    assertFalse(lost.isDone(), () -> lost.join());
    assertTrue(lease.isHeld());
    assertEquals(Optional.of(lease.id()), bench.other().get(A, SOON).orElseThrow().lease());
    lease.revoke(SOON);
  }

  @Test
  void aLeaseThatIsAdoptedIsKeptByTheAdopterAndEndsWithIt() throws Exception {
    var lost = new CompletableFuture<String>();
    var granted = store().grant(SHORT_LEASE, (_, _) -> {}, SOON);
    store().commit(Transaction.begin().put(A, value("a"), granted.id()).end(), SOON);
    bench.restart();
    var lease =
        store().adopt(granted.id(), granted.timeToLive(), (_, why) -> lost.complete(why), SOON);
    assertEquals(granted.id(), lease.id());
    assertTrue(lease.isHeld());
    bench.pass(lease.timeToLive().multipliedBy(2).plusSeconds(1));
    assertFalse(lost.isDone(), () -> lost.join());
    assertTrue(lease.isHeld());
    assertEquals(Optional.of(lease.id()), store().get(A, SOON).orElseThrow().lease());
    store().commit(Transaction.begin().put(B, value("b"), lease.id()).end(), SOON);
    lease.revoke(SOON);
    assertEquals(List.of(), listed("/test/"));
  }

  @Test
  void aLeaseThatHasEndedIsNotAdopted() throws Exception {
    var lost = new CompletableFuture<String>();
    var lease = store().grant(SHORT_LEASE, (_, _) -> {}, SOON);
    lease.revoke(SOON);
    assertThrows(
        LeaseLostException.class,
        () -> store().adopt(lease.id(), lease.timeToLive(), (_, why) -> lost.complete(why), SOON));
    assertFalse(lost.isDone());
  }
}
