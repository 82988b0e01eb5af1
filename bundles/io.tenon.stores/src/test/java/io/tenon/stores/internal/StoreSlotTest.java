package io.tenon.stores.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.metadata.Key;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent;
import io.tenon.metadata.embedded.internal.FolderStore;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class StoreSlotTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Key A = Key.of("/test/a");
  private static final Key B = Key.of("/test/b");

  @TempDir private Path folder;
  private Path place;
  private Slots slots;

  @BeforeEach
  void open() throws Exception {
    place = Files.createDirectory(folder.resolve("store"));
    slots = new Slots(place, SOON);
  }

  @AfterEach
  void close() {
    slots.close();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long endNs = System.nanoTime() + SOON.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - endNs < 0, "it did not come to that");
      Thread.sleep(1);
    }
  }

  @Test
  void callsWaitForTheNextStoreAndFindEverythingThere() throws Exception {
    var first = slots.slot.put(A, Value.of("one"), SOON);
    slots.takeAway();
    var second = new CompletableFuture<Version>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                second.complete(slots.slot.put(A, Value.of("two"), first, SOON));
              } catch (Exception e) {
                second.completeExceptionally(e);
              }
            });
    assertFalse(slots.slot.status().isAvailable());
    assertFalse(second.isDone());
    slots.bringBack();
    assertTrue(second.get(1, TimeUnit.MINUTES).isAfter(first));
    assertEquals(Value.of("two"), slots.slot.get(A, SOON).orElseThrow().value());
    assertTrue(slots.slot.status().isAvailable());
  }

  @Test
  void aCallDoesNotWaitLongerThanItMay() {
    slots.takeAway();
    long startNs = System.nanoTime();
    var refused =
        assertThrows(
            StoreUnavailableException.class,
            () -> slots.slot.put(A, Value.of("one"), Duration.ofMillis(50)));
    assertTrue(refused.isCertainlyNotDone());
    assertTrue(refused.why().contains("replaced"), refused.why());
    assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(30));
  }

  @Test
  void whenNoneComesCallsAreRefusedAtOnceAndServedWhenOneIsThere() throws Exception {
    var impatient = Files.createDirectory(folder.resolve("impatient"));
    try (var soonOver = new Slots(impatient, Duration.ofMillis(1))) {
      soonOver.takeAway();
      assertThrows(StoreUnavailableException.class, () -> soonOver.slot.get(A, SOON));
      soonOver.bringBack();
      await(() -> soonOver.slot.status().isAvailable());
      assertTrue(soonOver.slot.get(A, SOON).isEmpty());
    }
  }

  @Test
  void aStoreThatLacksWhatWasAnsweredIsNotUsedAndTheRightOneIs() throws Exception {
    var good = folder.resolve("good");
    slots.slot.put(B, Value.of("old"), SOON);
    slots.takeAway();
    Files.createDirectory(good);
    Files.copy(place.resolve("journal"), good.resolve("journal"));
    slots.bringBack();
    slots.slot.put(A, Value.of("acknowledged"), SOON);
    var newest = Files.readAllBytes(replaceJournal(Files.readAllBytes(good.resolve("journal"))));
    slots.bringBack();
    await(() -> slots.slot.status().problem().contains("not its successor"));
    assertThrows(StoreUnavailableException.class, () -> slots.slot.get(A, Duration.ofMillis(50)));
    slots.takeAway();
    Files.write(place.resolve("journal"), newest);
    slots.bringBack();
    assertEquals(Value.of("acknowledged"), slots.slot.get(A, SOON).orElseThrow().value());
  }

  /**
   * @return where the present one is kept
   */
  private Path replaceJournal(byte[] older) throws Exception {
    slots.takeAway();
    var kept = folder.resolve("newest");
    Files.copy(place.resolve("journal"), kept);
    Files.write(place.resolve("journal"), older);
    return kept;
  }

  @Test
  void aStoreThatShowsOtherContentAtTheSameVersionIsNotUsed() throws Exception {
    slots.slot.put(A, Value.of("one"), SOON);
    var other = Files.createDirectory(folder.resolve("other"));
    var liar = FolderStore.open(other);
    liar.put(B, Value.of("one"), SOON);
    FolderStore.close(liar);
    replaceJournal(Files.readAllBytes(other.resolve("journal")));
    slots.bringBack();
    await(() -> slots.slot.status().problem().contains("nothing at /test/a"));
  }

  /** A store that cannot be read until it says so. */
  private static final class Late implements InvocationHandler {
    private final MetadataStore real;
    final CompletableFuture<Watch.Listener> heard = new CompletableFuture<>();
    volatile boolean readable;

    Late(MetadataStore real) {
      this.real = real;
    }

    MetadataStore face() {
      return (MetadataStore)
          Proxy.newProxyInstance(
              MetadataStore.class.getClassLoader(), new Class<?>[] {MetadataStore.class}, this);
    }

    @SuppressWarnings("ReferenceEquality") // it is equal to itself alone
    @Override
    public Object invoke(Object proxy, Method method, Object[] given) throws Throwable {
      if (!readable) {
        switch (method.getName()) {
          case "get" -> throw new StoreUnavailableException("It has not begun.", "");
          case "watch" -> {
            heard.complete((Watch.Listener) given[given.length - 1]);
            return (Watch) () -> {};
          }
          case "equals" -> {
            return proxy == given[0];
          }
          default -> {}
        }
      }
      try {
        return method.getName().equals("equals") ? proxy == given[0] : method.invoke(real, given);
      } catch (InvocationTargetException e) {
        throw e.getTargetException();
      }
    }
  }

  @Test
  void aStoreThatCannotBeReadYetSaysWhenItCan() throws Exception {
    slots.slot.put(A, Value.of("one"), SOON);
    slots.takeAway();
    var real = FolderStore.open(place);
    var late = new Late(real);
    var face = late.face();
    slots.slot.came(face);
    var listener = late.heard.get(1, TimeUnit.MINUTES);
    assertTrue(
        slots.slot.status().problem().contains("cannot be read yet"),
        slots.slot.status().problem());
    late.readable = true;
    listener.event(new WatchEvent.ReadAgain("It has begun."));
    assertEquals(Value.of("one"), slots.slot.get(A, SOON).orElseThrow().value());
    slots.slot.leaves(face);
    FolderStore.close(real);
    slots.bringBack();
    assertEquals(Value.of("one"), slots.slot.get(A, SOON).orElseThrow().value());
  }

  @Test
  void oneThatIsNeverReadableGoesAwayAtOnce() throws Exception {
    slots.slot.put(A, Value.of("one"), SOON);
    slots.takeAway();
    var real = FolderStore.open(place);
    var face = new Late(real).face();
    slots.slot.came(face);
    await(() -> slots.slot.status().problem().contains("cannot be read yet"));
    slots.slot.leaves(face);
    FolderStore.close(real);
    slots.bringBack();
    assertEquals(Value.of("one"), slots.slot.get(A, SOON).orElseThrow().value());
  }

  @Test
  void aWatchMissesNothingAndHearsNothingTwice() throws Exception {
    var events = new LinkedBlockingQueue<WatchEvent>();
    var versions = new ArrayList<Version>();
    try (var _ = slots.slot.watch(Prefix.of("/test/"), events::add)) {
      for (int round = 0; round < 50; round++) {
        versions.add(slots.slot.put(round % 2 == 0 ? A : B, Value.of("v" + round), SOON));
        slots.replace();
      }
      for (var last = Version.NONE; last.compareTo(versions.getLast()) < 0; ) {
        var event = events.poll(1, TimeUnit.MINUTES);
        switch (event) {
          case WatchEvent.Current current -> {
            assertEquals(Version.NONE, last, "told anew what is there");
            last = current.listing().at();
          }
          case WatchEvent.Changed changed -> {
            int next = versions.indexOf(last) + 1;
            assertEquals(versions.get(next), changed.at());
            last = changed.at();
          }
          case WatchEvent.ReadAgain again -> throw new AssertionError(again.why());
          case null -> throw new AssertionError("nothing came after " + last);
        }
      }
    }
    assertEquals(0, slots.slot.status().watches());
  }

  @Test
  void aLeaseIsHeldByOneStoreAfterTheOther() throws Exception {
    var lost = new CompletableFuture<String>();
    var lease = slots.slot.grant(SOON, (_, why) -> lost.complete(why), SOON);
    var empty = slots.slot.grant(SOON, (_, why) -> lost.complete(why), SOON);
    slots.slot.commit(Transaction.begin().put(A, Value.of("mine"), lease.id()).end(), SOON);
    for (int round = 0; round < 3; round++) slots.replace();
    slots.slot.commit(Transaction.begin().put(B, Value.of("mine"), empty.id()).end(), SOON);
    assertTrue(lease.isHeld() && empty.isHeld());
    lease.revoke(SOON);
    assertTrue(slots.slot.get(A, SOON).isEmpty());
    assertTrue(slots.slot.get(B, SOON).isPresent());
    assertFalse(lost.isDone(), () -> lost.join());
  }

  @Test
  void anotherStoreIsTakenAsItIsAndEveryoneIsTold() throws Exception {
    var lost = new CompletableFuture<String>();
    var events = new LinkedBlockingQueue<WatchEvent>();
    slots.slot.put(A, Value.of("one"), SOON);
    var lease = slots.slot.grant(SOON, (_, why) -> lost.complete(why), SOON);
    var _ = slots.slot.watch(Prefix.ALL, events::add);
    slots.takeAway();
    slots.bring(Files.createDirectory(folder.resolve("elsewhere")));
    assertTrue(slots.slot.get(A, SOON).isEmpty());
    assertTrue(lost.get(1, TimeUnit.MINUTES).contains("Another"));
    assertFalse(lease.isHeld());
    WatchEvent last = null;
    while (!(last instanceof WatchEvent.ReadAgain)) last = events.poll(1, TimeUnit.MINUTES);
  }
}
