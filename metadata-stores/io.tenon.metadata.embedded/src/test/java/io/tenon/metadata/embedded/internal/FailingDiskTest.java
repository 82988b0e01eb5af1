package io.tenon.metadata.embedded.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.testing.Listener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What callers are told when the disk below the store fails or hangs. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class FailingDiskTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Key A = Key.of("/a");
  private static final Key B = Key.of("/b");

  private final TornFolder disk = new TornFolder(new SplittableRandom(1));
  private final EmbeddedStore store;

  FailingDiskTest() throws Exception {
    store = new EmbeddedStore(disk, "memory", InstantSource.system());
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static Value value(String text) {
    return Value.of(text);
  }

  @Test
  void whatCouldBeTakenBackIsCertainlyNotDone() throws Exception {
    var first = store.put(A, value("one"), SOON);
    disk.failAfter(1, 1); // the sync of the batch
    assertThrows(StoreUnavailableException.class, () -> store.put(A, value("two"), SOON));
    assertEquals(first, store.get(A, SOON).orElseThrow().version());
    disk.powerOn();
    try (var again = new EmbeddedStore(disk, "memory", InstantSource.system())) {
      assertEquals(value("one"), again.get(A, SOON).orElseThrow().value());
    }
  }

  @Test
  void whatMayBeOnDiskIsUnknownAndNothingIsAnsweredUntilThatIsOver() throws Exception {
    store.put(A, value("one"), SOON);
    disk.failAfter(1, -1);
    assertThrows(OutcomeUnknownException.class, () -> store.put(A, value("two"), SOON));
    assertThrows(StoreUnavailableException.class, () -> store.get(A, SOON));
    assertThrows(StoreUnavailableException.class, () -> store.list(Prefix.ALL, SOON));
    assertThrows(StoreUnavailableException.class, () -> store.put(B, value("b"), SOON));
    var status = store.status();
    assertFalse(status.isAvailable());
    assertTrue(status.problem().contains("no space, planted"), status::problem);
    disk.failAfter(-1, 0);
    while (!store.status().isAvailable()) Thread.onSpinWait();
    assertEquals(value("one"), store.get(A, SOON).orElseThrow().value());
    store.put(B, value("b"), SOON);
  }

  @Test
  void aFullDiskTakesNothingAndGoesOnWhenThereIsRoom() throws Exception {
    store.put(A, value("one"), SOON);
    disk.failAfter(0, -1);
    assertThrows(StoreException.class, () -> store.put(A, value("two"), SOON));
    disk.failAfter(-1, 0);
    for (boolean done = false; !done; ) {
      try {
        store.put(A, value("three"), SOON);
        done = true;
      } catch (StoreUnavailableException e) {
        Thread.onSpinWait();
      }
    }
    assertEquals(value("three"), store.get(A, SOON).orElseThrow().value());
  }

  @Test
  void aLeaseThatIsRevokedWhileTheDiskFailsEndsByItself() throws Exception {
    var lease = store.grant(SOON, (_, _) -> {}, SOON);
    store.commit(Transaction.begin().put(A, value("a"), lease.id()).end(), SOON);
    var heard = new Listener();
    try (var _ = store.watch(Prefix.ALL, heard)) {
      disk.failAfter(0, -1);
      assertThrows(StoreException.class, () -> lease.revoke(SOON));
      assertFalse(lease.isHeld());
      disk.failAfter(-1, 0);
      heard.when(me -> !me.changes().isEmpty()).get(60, TimeUnit.SECONDS);
      assertEquals(Optional.empty(), store.get(A, SOON));
    }
  }

  @Test
  void aDiskThatHangsIsToldApartFromOneThatWasNotAsked() throws Exception {
    var hanging = new Hanging(disk);
    try (var slow = new EmbeddedStore(hanging, "memory", InstantSource.system())) {
      hanging.hang = true;
      assertThrows(
          OutcomeUnknownException.class, () -> slow.put(A, value("a"), Duration.ofMillis(50)));
      assertThrows(
          StoreUnavailableException.class, () -> slow.put(B, value("b"), Duration.ofMillis(50)));
      assertEquals(Optional.empty(), slow.get(A, SOON));
      hanging.hang = false;
      hanging.goOn.countDown();
      var version = slow.put(Key.of("/c"), value("c"), SOON);
      assertEquals(new Version(2), version);
      assertEquals(value("a"), slow.get(A, SOON).orElseThrow().value());
      assertEquals(Optional.empty(), slow.get(B, SOON));
    }
  }

  private static final class Hanging implements Folder {
    private final Folder folder;
    private final CountDownLatch goOn = new CountDownLatch(1);
    private volatile boolean hang;

    Hanging(Folder folder) {
      this.folder = folder;
    }

    @Override
    public boolean has(String name) throws IOException {
      return folder.has(name);
    }

    @Override
    public byte[] read(String name) throws IOException {
      return folder.read(name);
    }

    @Override
    public OpenFile open(String name) throws IOException {
      var file = folder.open(name);
      return new OpenFile() {
        @Override
        public void write(long offset, ByteBuffer data) throws IOException {
          file.write(offset, data);
        }

        @Override
        public void truncate(long size) throws IOException {
          file.truncate(size);
        }

        @Override
        public void sync() throws IOException {
          try {
            if (hang) goOn.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          file.sync();
        }

        @Override
        public void close() throws IOException {
          file.close();
        }
      };
    }

    @Override
    public void rename(String from, String to) throws IOException {
      folder.rename(from, to);
    }

    @Override
    public void sync() throws IOException {
      folder.sync();
    }
  }

  @Test
  void closingTellsWatchersAndHoldersAndAnswersNothingMore() throws Exception {
    var lost = new CompletableFuture<String>();
    var lease = store.grant(SOON, (_, why) -> lost.complete(why), SOON);
    store.commit(Transaction.begin().put(A, value("a"), lease.id()).end(), SOON);
    var heard = new Listener();
    store.watch(Prefix.ALL, heard);
    store.close();
    assertEquals("The metadata store was closed.", lost.get(60, TimeUnit.SECONDS));
    heard.when(Listener::hasEnded).get(60, TimeUnit.SECONDS);
    assertFalse(lease.isHeld());
    assertThrows(StoreUnavailableException.class, () -> store.get(A, SOON));
    assertThrows(StoreUnavailableException.class, () -> store.put(A, value("b"), SOON));
    var late = new Listener();
    store.watch(Prefix.ALL, late);
    late.when(Listener::hasEnded).get(60, TimeUnit.SECONDS);
    var swept = new Listener();
    try (var again =
        new EmbeddedStore(disk, "memory", InstantSource.system(), Duration.ofMillis(1))) {
      again.watch(Prefix.ALL, swept);
      swept.reaches(new Version(2)).get(60, TimeUnit.SECONDS);
      assertEquals(List.of(), swept.copy());
      assertThrows(
          LeaseLostException.class, () -> again.adopt(lease.id(), SOON, (_, _) -> {}, SOON));
    }
  }

  @Test
  void aWatchFromBeforeWhatIsRememberedOrOfAnotherStoreReadsAgain() throws Exception {
    for (int i = 0; i < Watches.MOST_REMEMBERED + 2; i++) store.put(A, value("v" + i), SOON);
    var old = new Listener();
    store.watch(Prefix.ALL, new Version(1), old);
    old.when(Listener::hasEnded).get(60, TimeUnit.SECONDS);
    var future = new Listener();
    store.watch(Prefix.ALL, new Version(1 << 20), future);
    future.when(Listener::hasEnded).get(60, TimeUnit.SECONDS);
    var fine = new Listener(new Version(2));
    try (var _ = store.watch(Prefix.ALL, new Version(2), fine)) {
      fine.when(me -> me.changes().size() == Watches.MOST_REMEMBERED).get(60, TimeUnit.SECONDS);
      fine.check();
    }
  }

  @Test
  void aLongJournalIsRewrittenAndLosesNothing() throws Exception {
    var big = "x".repeat(100_000);
    for (int i = 0; i < 60; i++) store.put(Key.of("/" + i % 3), value(big + i), SOON);
    assertTrue(disk.read(Journal.NAME).length < 2_000_000, "it was never rewritten");
    try (var again = new EmbeddedStore(disk, "memory", InstantSource.system())) {
      assertEquals(store.list(Prefix.ALL, SOON).entries(), again.list(Prefix.ALL, SOON).entries());
      assertEquals(new Version(60), again.status().version());
    }
  }
}
