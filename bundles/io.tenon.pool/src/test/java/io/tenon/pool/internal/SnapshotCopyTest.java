package io.tenon.pool.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Foreground;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A snapshot is copied as fast as the disk is while hosts are silent, and they hardly feel it when they are not. */
class SnapshotCopyTest {
  private static final long MOST_EVENTS = 50_000_000;
  private static final long SECOND_NS = 1_000_000_000;
  private static final long BLOCKS = 1L << 20;

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SplittableRandom chance = world.chance();
  private final SimReactors node = world.node("node", 2);
  private final Spindle spindle = new Spindle(world, node);
  private final DeviceSlot replica = spindle.device("replica", BLOCKS, BLOCKS);
  private DeviceSlot source = spindle.device("snapshot", BLOCKS, BLOCKS);
  private DeviceSlot destination = spindle.device("filled", BLOCKS, BLOCKS);
  private SnapshotCopy copy;
  private CompletableFuture<String> ended;

  private Foreground hosts() {
    var reactor = node.all().getLast();
    return new ReplicaLatencies(() -> List.of(replica), node.main()::execute, reactor);
  }

  private void begin(Foreground hosts) {
    copy = new SnapshotCopy(source, destination, node.all().getLast(), hosts);
    ended = copy.start().toCompletableFuture();
  }

  private void runToTheEnd() throws Exception {
    assertTrue(world.runUntil(() -> ended.isDone(), MOST_EVENTS), "it comes to its end");
    assertEquals("", ended.get());
    assertEquals(BLOCKS * 512, copy.copiedBytes());
  }

  /** 4 KiB reads and writes, several at a time, with a pause after each. */
  private final class Host {
    private long ios;
    private long ns;
    private boolean stopped;

    void start(Arena arena, int depth) {
      var reactor = node.main();
      reactor.execute(
          () -> {
            var channel = replica.channel(reactor);
            for (int i = 0; i < depth; i++) {
              new Slot(reactor, channel, arena.allocate(4096, 4096).address()).next();
            }
          });
    }

    private final class Slot extends IoRequest {
      private final Reactor reactor;
      private final IoChannel channel;
      private final long memory;
      private long begunNs;

      Slot(Reactor reactor, IoChannel channel, long memory) {
        this.reactor = reactor;
        this.channel = channel;
        this.memory = memory;
      }

      void next() {
        if (stopped) return;
        begunNs = world.nowNs();
        long lba = chance.nextLong(BLOCKS / 8) * 8;
        if (chance.nextInt(3) == 0) prepareWrite(lba, 8, memory, 4096);
        else prepareRead(lba, 8, memory, 4096);
        channel.submit(this);
      }

      @Override
      protected void completed(IoStatus status) {
        assertEquals(IoStatus.SUCCESS, status);
        ios++;
        ns += world.nowNs() - begunNs;
        reactor.schedule(1 + (long) (1_000_000 * chance.nextDouble()), this::next);
      }
    }

    /** Since the last time. */
    double meanNs() {
      double mean = (double) ns / ios;
      ios = 0;
      ns = 0;
      return mean;
    }
  }

  @Test
  void withoutHostsItIsAsFastAsTheDisk() throws Exception {
    begin(hosts());
    long beganNs = world.nowNs();
    runToTheEnd();
    double pieceNs = 2 * (60_000 + 20_000 + (64 << 10));
    double bestNs = BLOCKS * 512.0 / (64 << 10) * pieceNs / 4;
    double tookNs = world.nowNs() - beganNs;
    assertTrue(bestNs / tookNs >= 0.85, "%.0f of %.0f ns".formatted(bestNs, tookNs));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 16})
  void hostsOfOtherReplicasHardlyFeelIt(int depth) throws Exception {
    try (var arena = Arena.ofConfined()) {
      var host = new Host();
      host.start(arena, depth);
      world.runFor(2 * SECOND_NS, MOST_EVENTS);
      double aloneNs = host.meanNs();
      begin(hosts());
      world.runFor(SECOND_NS, MOST_EVENTS);
      double _ = host.meanNs();
      long before = copy.copiedBytes();
      world.runFor(2 * SECOND_NS, MOST_EVENTS);
      double togetherNs = host.meanNs();
      assertTrue(togetherNs <= 1.5 * aloneNs, "%f ns, %f ns".formatted(aloneNs, togetherNs));
      // It goes on all the same: at least 4 MiB a second.
      long copied = copy.copiedBytes() - before;
      assertTrue(ended.isDone() || copied >= 8L << 20, copied + " bytes were copied");
      host.stopped = true;
      runToTheEnd();
    }
  }

  @Test
  void withoutAPaceTheyWould() throws Exception {
    try (var arena = Arena.ofConfined()) {
      var host = new Host();
      host.start(arena, 4);
      world.runFor(2 * SECOND_NS, MOST_EVENTS);
      double aloneNs = host.meanNs();
      begin(new ReplicaLatencies(List::of, node.main()::execute, node.all().getLast()));
      world.runUntil(() -> ended.isDone(), MOST_EVENTS);
      double togetherNs = host.meanNs();
      assertTrue(togetherNs > 1.5 * aloneNs, "%f ns, %f ns".formatted(aloneNs, togetherNs));
      host.stopped = true;
      world.run(MOST_EVENTS);
    }
  }

  @Test
  void whatTheSnapshotDoesNotHoldIsNotReadAndWhatTheReplicaDoesNotIsNotWritten() throws Exception {
    source = spindle.device("thin", BLOCKS, 5000);
    destination = spindle.device("new", BLOCKS, 300_000);
    begin(hosts());
    runToTheEnd();
    assertEquals(5000 * 512, source.counters(IoOperation.READ).bytes());
    assertEquals(5000 * 512, destination.counters(IoOperation.WRITE).bytes());
    assertEquals(295_000 * 512, destination.counters(IoOperation.WRITE_ZEROES).bytes());
    assertEquals(1, destination.counters(IoOperation.FLUSH).operations());
  }

  @Test
  void itIsStoppedBetweenTwoPieces() throws Exception {
    begin(hosts());
    world.runFor(SECOND_NS / 10, MOST_EVENTS);
    assertFalse(ended.isDone());
    copy.stop();
    world.run(MOST_EVENTS);
    assertEquals("It was stopped by request.", ended.get());
    assertTrue(copy.copiedBytes() > 0 && copy.copiedBytes() < BLOCKS * 512);
  }
}
