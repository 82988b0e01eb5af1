package io.tenon.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.linux.Memory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SimWorldTest {
  private static final long MOST_EVENTS = 100_000;

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("node", 2);
  private final List<String> story = new ArrayList<>();

  private void on(int reactor, Runnable task) {
    node.all().get(reactor).execute(task);
    world.run(MOST_EVENTS);
  }

  @Test
  void messagesArriveInTheOrderOfSendingWhoeverSendsThem() {
    for (int i = 0; i < 50; i++) {
      int number = i;
      var from = node.all().get(i % 2);
      from.execute(() -> from.execute(() -> {}));
      node.main().execute(() -> story.add("" + number));
    }
    world.run(MOST_EVENTS);
    assertEquals(50, story.size());
    for (int i = 0; i < 50; i++) assertEquals("" + i, story.get(i));
  }

  @Test
  void aTimerIsNeverEarlyAndACancelledOneNeverRuns() {
    on(
        0,
        () -> {
          long begun = world.nowNs();
          node.main().schedule(5000, () -> assertTrue(world.nowNs() >= begun + 5000, "early"));
          node.main().schedule(10, () -> story.add("cancelled")).cancel();
        });
    assertEquals(List.of(), story);
  }

  @Test
  void aNodeThatHasCrashedDoesNothingMore() {
    node.main().schedule(100, () -> story.add("before"));
    node.main().schedule(10_000, () -> story.add("after"));
    world.schedule(5000, () -> node.crash(true));
    world.run(MOST_EVENTS);
    assertEquals(List.of("before"), story);
  }

  @Test
  void aFrozenNodeDoesLaterWhatItMissedInTheOrderInWhichItWasDue() {
    node.main().schedule(9000, () -> story.add("second at " + world.nowNs()));
    node.main().schedule(3000, () -> story.add("first at " + world.nowNs()));
    new SimThreads(node).start(() -> story.add("thread after " + (world.nowNs() >= 50_000)));
    node.freeze(50_000);
    world.run(MOST_EVENTS);
    assertEquals(List.of("first at 50000", "second at 50000", "thread after true"), story);
  }

  @Test
  void aBufferThatIsGivenBackTwiceInAnotherSizeOrWrittenAfterwardsIsFound() {
    var pool = node.main().buffers();
    on(0, () -> pool.give(pool.take(4096), 4096));
    assertEquals(0, node.buffersTaken());
    assertThrows(
        AssertionError.class,
        () ->
            on(
                0,
                () -> {
                  long twice = pool.take(100);
                  pool.give(twice, 100);
                  pool.give(twice, 100);
                }));
    assertThrows(AssertionError.class, () -> on(0, () -> pool.give(pool.take(100), 200)));
    assertThrows(
        AssertionError.class,
        () ->
            on(
                0,
                () -> {
                  long late = pool.take(4096);
                  pool.give(late, 4096);
                  Memory.putLong(late, 1);
                  for (int i = 0; i < 10; i++) pool.give(pool.take(4096), 4096);
                }));
    assertThrows(AssertionError.class, () -> pool.take(100), "from no reactor");
  }

  @Test
  void anEmptyPoolTellsWhenThereIsSomethingAgain() {
    node.bufferBytes(8192);
    on(
        0,
        () -> {
          var pool = node.main().buffers();
          long one = pool.take(4096);
          long two = pool.take(4096);
          assertEquals(0, pool.take(4096));
          pool.whenAvailable(() -> story.add("again"));
          pool.give(one, 4096);
          pool.give(two, 4096);
        });
    assertEquals(List.of("again"), story);
  }

  @Test
  void whatBlocksWaitsInVirtualTime() {
    var threads = new SimThreads(node);
    var told = new CompletableFuture<String>();
    threads.start(
        () -> {
          try {
            threads.sleep(500);
            story.add(told.get() + " at " + world.nowNs() / 1_000_000_000);
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
    node.main().schedule(3_000_000_000L, () -> told.complete("told"));
    long realNs = System.nanoTime();
    world.run(MOST_EVENTS);
    assertEquals(List.of("told at 3"), story);
    assertTrue(System.nanoTime() - realNs < 2_000_000_000L, "it took real time");
  }

  @Test
  void aThreadOfACrashedNodeEndsWhereItIsAndAFailedOneEndsTheRun() {
    var threads = new SimThreads(node);
    threads.start(
        () -> {
          throw new IllegalStateException("a bug");
        });
    var found = assertThrows(AssertionError.class, () -> world.run(MOST_EVENTS));
    assertTrue(found.getMessage().contains("a bug"), found.getMessage());

    threads.start(() -> story.add("ran"));
    node.crash(true);
    world.run(MOST_EVENTS);
    assertEquals(List.of(), story);
  }

  @Test
  void aMonitorThatTheRealWorldHoldsForAWhileChangesNothing() throws Exception {
    var threads = new SimThreads(world);
    var monitor = new Object();
    var held = new CountDownLatch(1);
    var wanted = new CountDownLatch(1);
    var real =
        Thread.ofPlatform()
            .start(
                () -> {
                  synchronized (monitor) {
                    held.countDown();
                    awaitBlocked(wanted);
                  }
                });
    held.await();
    threads.start(
        () -> {
          simulated = Thread.currentThread();
          wanted.countDown();
          synchronized (monitor) {
            story.add("one at " + world.nowNs());
          }
        });
    world.schedule(20_000, () -> story.add("other at " + world.nowNs()));
    world.run(MOST_EVENTS);
    real.join();
    assertEquals(2, story.size(), () -> story.toString());
    assertEquals("other at 20000", story.getLast());
  }

  @Test
  void aMonitorThatIsFreeAgainInThatInstantIsNotWaitedForForEver() throws Exception {
    var threads = new SimThreads(world);
    var monitor = new Object();
    var over = new AtomicBoolean();
    var real =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!over.get()) {
                    synchronized (monitor) {
                      Thread.onSpinWait();
                    }
                    Thread.onSpinWait();
                  }
                });
    var times = new AtomicInteger();
    try {
      threads.start(
          () -> {
            while (times.get() < 20_000) {
              synchronized (monitor) {
                times.incrementAndGet();
              }
            }
          });
      world.run(MOST_EVENTS);
    } finally {
      over.set(true);
      real.join();
    }
    assertEquals(20_000, times.get());
  }

  private volatile @Nullable Thread simulated;

  /** Until the simulated thread has come to the monitor. */
  private void awaitBlocked(CountDownLatch wanted) {
    try {
      wanted.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    long endNs = System.nanoTime() + 30_000_000_000L;
    while (simulated.getState() != Thread.State.BLOCKED) {
      if (System.nanoTime() > endNs) throw new AssertionError("it did not wait for the monitor");
      Thread.onSpinWait();
    }
  }

  @Test
  void aMonitorThatIsHeldWhileWaitingIsFound() {
    var threads = new SimThreads(world, Duration.ofMillis(50));
    var monitor = new Object();
    var never = new CompletableFuture<Void>();
    for (int i = 0; i < 2; i++) {
      threads.start(
          () -> {
            synchronized (monitor) {
              never.join();
            }
          });
    }
    var found = assertThrows(AssertionError.class, () -> world.run(MOST_EVENTS));
    assertTrue(found.getMessage().contains("aMonitorThatIsHeldWhileWaiting"), found.getMessage());
  }

  @Test
  void aRealTimeOutWakesNobody() throws Exception {
    var threads = new SimThreads(world);
    var never = new CompletableFuture<String>();
    threads.start(
        () -> {
          try {
            story.add("is told " + never.get(20, TimeUnit.MILLISECONDS));
          } catch (Exception e) {
            story.add("waits no more: " + e);
          }
        });
    world.run(MOST_EVENTS);
    // The machine's timers go in the order of their times, and this one began later.
    Thread.ofVirtual().start(() -> LockSupport.parkNanos(40_000_000)).join();
    world.run(MOST_EVENTS);
    assertEquals(List.of(), story);
  }

  @Test
  void tasksThatAreRunOneByOneDoNotMeet() {
    var oneByOne = new SimThreads(world).oneByOne();
    var gate = new CompletableFuture<Void>();
    oneByOne.execute(
        () -> {
          gate.join();
          story.add("first");
        });
    oneByOne.execute(() -> story.add("second"));
    world.schedule(1_000_000, () -> gate.complete(null));
    world.run(MOST_EVENTS);
    assertEquals(List.of("first", "second"), story);
  }

  @Test
  void aLoopWithoutEndIsFound() {
    node.main().execute(this::again);
    var found = assertThrows(AssertionError.class, () -> world.run(1000));
    assertTrue(found.getMessage().contains("no end"), found.getMessage());
  }

  private void again() {
    node.main().execute(this::again);
  }

  @Test
  void aFailureNamesItsSeedAndARunThatDiffersIsRefused() {
    var failed =
        assertThrows(
            AssertionError.class,
            () ->
                Seeds.run(
                    77,
                    seed -> {
                      throw new IllegalStateException("broken");
                    }));
    assertTrue(failed.getMessage().endsWith("replay with -Dseed=77"), failed.getMessage());
    long[] runs = {0};
    var twoWays =
        assertThrows(AssertionError.class, () -> Seeds.runTwice(5, seed -> seed + runs[0]++));
    assertTrue(twoWays.getMessage().contains("two ways"), twoWays.getMessage());
    assertEquals(5, Seeds.runTwice(5, seed -> seed));
  }

  @Test
  void theTraceTellsOrdersApart() {
    var one = new Trace();
    var other = new Trace();
    one.note(1);
    one.note(2);
    other.note(2);
    other.note(1);
    assertNotEquals(one.hash(), other.hash());
  }
}
