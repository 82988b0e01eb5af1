package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class WaitTest {
  private static final long MOST_EVENTS = 100_000;
  private static final long SECOND_NS = 1_000_000_000;

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("node", 1);
  private final Reactor reactor = node.main();
  private String heard = "";

  /** What a caller says when its wait is over. */
  private interface Caller {
    String waits() throws Exception;
  }

  private void inThread(Caller caller) {
    new SimThreads(node)
        .start(
            () -> {
              try {
                heard = caller.waits();
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    assertTrue(world.runUntil(() -> !heard.isEmpty(), MOST_EVENTS), "it waits for ever");
  }

  @Test
  void aWaitIsOverByTheReactorsClock() {
    inThread(
        () -> {
          try {
            var _ = Wait.on(new CompletableFuture<String>(), reactor, 10);
            return "an answer of nobody";
          } catch (TimeoutException e) {
            return "late";
          }
        });

    assertEquals("late", heard);
    assertEquals(10, world.nowNs() / SECOND_NS);
  }

  @Test
  void whoIsAnsweredWaitsNoLonger() {
    var what = new CompletableFuture<String>();
    reactor.schedule(SECOND_NS, () -> what.complete("done"));

    inThread(() -> Wait.on(what, reactor, 10));

    assertEquals("done", heard);
    assertEquals(1, world.nowNs() / SECOND_NS);
  }

  @Test
  void aMarkIsGivenUpByTheReactorsClockWhenTheDiskDoesNotAnswer() {
    var geometry = new Geometry(512, 20_000);
    var losesAll = new SimDisk.Faults(0, 1000, 0, 0, 1, 0, 0, 0, true);
    var disk =
        new SimDisk(
            "disk", geometry, new SimMedium(), world, losesAll, SimDisk.Observer.NOBODY, false);
    disk.patience(1000 * SECOND_NS);
    var slot = new DeviceSlot(disk, "sim:///disk", world.clock(), reactor::execute);
    var mark = new ChildMark(reactor, new UUID(1, 1), world.clock());

    inThread(
        () -> {
          mark.put("sim:///disk", slot);
          return "over";
        });

    assertEquals(10, world.nowNs() / SECOND_NS);
  }
}
