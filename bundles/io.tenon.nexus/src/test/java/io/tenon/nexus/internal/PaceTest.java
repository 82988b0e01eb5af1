package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevice;
import io.tenon.block.CopyPace;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.RebuildState;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A rebuild is as fast as disks are while hosts are silent, and hosts hardly feel it when they are not. */
class PaceTest {
  private static final Geometry GEOMETRY = new Geometry(512, (5L << 20) / 512 + (1L << 20));
  private static final long MOST_EVENTS = 50_000_000;
  private static final long SECOND_NS = 1_000_000_000;

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SplittableRandom chance = world.chance();
  private final SimReactors node = world.node("node", 2);
  private final List<Disk> disks = new ArrayList<>();
  private long longest;
  private long nsPerByte = 1;
  private NexusDevice nexus = nexus(new NexusParts());

  /** Does four things at a time, each in a while that depends on its length and on chance; usually a gigabyte a second for each. */
  private final class Disk implements BlockDevice {
    private static final long BASE_NS = 60_000;
    private final String name;
    private final long[] busyUntilNs = new long[4];

    Disk(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public UUID uuid() {
      return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Geometry geometry() {
      return GEOMETRY;
    }

    @Override
    public String productName() {
      return "Disk with a queue";
    }

    @Override
    public boolean supports(IoOperation operation) {
      return operation == IoOperation.READ || operation == IoOperation.WRITE;
    }

    @Override
    public IoChannel channel(Reactor reactor) {
      return new IoChannel() {
        @Override
        protected void take(IoRequest request) {
          longest = Math.max(longest, request.lengthBytes());
          reactor.schedule(
              endNs(request) - world.nowNs(), () -> request.complete(IoStatus.SUCCESS));
        }

        @Override
        public void close() {}
      };
    }

    private long endNs(IoRequest request) {
      int first = 0;
      for (int i = 1; i < busyUntilNs.length; i++) {
        if (busyUntilNs[i] < busyUntilNs[first]) first = i;
      }
      long jitterNs = (long) (-20_000 * Math.log(1 - chance.nextDouble()));
      busyUntilNs[first] =
          Math.max(world.nowNs(), busyUntilNs[first])
              + BASE_NS
              + nsPerByte * request.lengthBytes()
              + jitterNs;
      return busyUntilNs[first];
    }

    @Override
    public void listener(DeviceListener listener) {}

    @Override
    public void close() {}
  }

  private Child child(int index) {
    var disk = new Disk("disk" + index);
    disks.add(disk);
    String uri = "aio:///disk" + index;
    return new Child(
        "sim", index, uri, new DeviceSlot(disk, uri, world.clock(), node.main()::execute));
  }

  private NexusDevice nexus(NexusParts parts) {
    return new NexusDevice(
        new NexusDevice.Plan(
            "sim",
            new UUID(1, 1),
            new DataArea((5L << 20) / 512, new Geometry(512, (1L << 20) - 100)),
            List.of(child(0), child(1)),
            ReadPolicy.ROUND_ROBIN,
            node.all(),
            64,
            RetirementRecord.NOTHING,
            world.clock(),
            new ServedNexus.Watcher(node.main()::execute),
            parts));
  }

  private void rebuildAnother() {
    var spare = child(2);
    var operators = new Operators(nexus);
    node.main()
        .execute(
            () -> {
              try {
                operators.add(spare.uri(), spare.slot(), true);
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
  }

  /** 4 KiB reads and writes, several at a time, with a pause after each. */
  private final class Host {
    private final List<Long> latencies = new ArrayList<>();
    private boolean stopped;

    void start(Arena arena, int depth, long pauseNs) {
      for (Reactor reactor : node.all()) {
        reactor.execute(
            () -> {
              var channel = nexus.channel(reactor);
              for (int i = 0; i < depth; i++) {
                new Slot(reactor, channel, arena.allocate(4096, 4096).address(), pauseNs).next();
              }
            });
      }
    }

    private final class Slot extends IoRequest {
      private final Reactor reactor;
      private final IoChannel channel;
      private final long memory;
      private final long pauseNs;
      private long begunNs;

      Slot(Reactor reactor, IoChannel channel, long memory, long pauseNs) {
        this.reactor = reactor;
        this.channel = channel;
        this.memory = memory;
        this.pauseNs = pauseNs;
      }

      void next() {
        if (stopped) return;
        begunNs = world.nowNs();
        long lba = chance.nextLong(nexus.geometry().blockCount() / 8) * 8;
        if (lba + 8 > nexus.geometry().blockCount()) lba = 0;
        if (chance.nextInt(3) == 0) prepareWrite(lba, 8, memory, 4096);
        else prepareRead(lba, 8, memory, 4096);
        channel.submit(this);
      }

      @Override
      protected void completed(IoStatus status) {
        assertEquals(IoStatus.SUCCESS, status);
        latencies.add(world.nowNs() - begunNs);
        reactor.schedule(1 + (long) (2 * pauseNs * chance.nextDouble()), this::next);
      }
    }

    long slowestOfHundred() {
      var sorted = latencies.stream().sorted().toList();
      latencies.clear();
      return sorted.get(sorted.size() * 99 / 100);
    }
  }

  @Test
  void withoutHostsItCopiesAsFastAsFastDisksCan() {
    copiesAsFastAsTheSlowerDiskCan();
    assertEquals(256 << 10, longest);
  }

  /** 188 MiB a second: hosts who come back would wait 20 ms for what is under way, were it more. */
  @Test
  void withoutHostsItCopiesAsFastAsSlowDisksCan() {
    nsPerByte = 20;
    copiesAsFastAsTheSlowerDiskCan();
    assertEquals(64 << 10, longest);
  }

  private void copiesAsFastAsTheSlowerDiskCan() {
    rebuildAnother();
    long beganNs = world.nowNs();
    assertTrue(world.runUntil(() -> !history().isEmpty(), MOST_EVENTS));
    assertEquals(RebuildState.COMPLETED, history().getFirst().state());
    double bytes = (double) GEOMETRY.blockCount() * 512;
    double pieceNs = 60_000 + 20_000 + nsPerByte * (64 << 10);
    double bestNs = bytes / (64 << 10) * pieceNs / 4;
    double tookNs = world.nowNs() - beganNs;
    assertTrue(bestNs / tookNs >= 0.9, "%.0f of %.0f ns".formatted(bestNs, tookNs));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 16})
  void hostsHardlyFeelIt(int depth) {
    try (var arena = Arena.ofConfined()) {
      var host = new Host();
      host.start(arena, depth, 500_000);
      world.runFor(2 * SECOND_NS, MOST_EVENTS);
      long aloneNs = host.slowestOfHundred();
      longest = 0;
      rebuildAnother();
      world.runFor(SECOND_NS, MOST_EVENTS);
      host.latencies.clear();
      world.runFor(3 * SECOND_NS, MOST_EVENTS);
      long togetherNs = host.slowestOfHundred();
      assertEquals(64 << 10, longest);
      var rebuild = nexus.membership().rebuilds().infos();
      long copied =
          rebuild.isEmpty()
              ? history().getFirst().blocksTransferred()
              : rebuild.getFirst().blocksTransferred();
      assertTrue(
          togetherNs <= 1.5 * aloneNs,
          "%d ns alone, %d ns together, %d blocks copied".formatted(aloneNs, togetherNs, copied));
      // It goes on all the same: at least 4 MiB a second.
      assertTrue(copied * 512 >= 16L << 20, copied + " blocks were copied");
      host.stopped = true;
      assertTrue(world.runUntil(() -> !history().isEmpty(), MOST_EVENTS), "it comes to its end");
    }
  }

  /** A hundred I/Os a second: too few of them meet a copy to say anything within a second. */
  @Test
  void aHostThatDoesLittleHoldsItUpForSecondsOnly() {
    try (var arena = Arena.ofConfined()) {
      var host = new Host();
      host.start(arena, 1, 20_000_000);
      world.runFor(2 * SECOND_NS, MOST_EVENTS);
      rebuildAnother();
      world.runFor(8 * SECOND_NS, MOST_EVENTS);
      assertEquals(1, history().size(), () -> "still: " + nexus.membership().rebuilds().infos());
      host.stopped = true;
      world.run(MOST_EVENTS);
    }
  }

  @Test
  void withoutAPaceTheyWould() {
    nexus =
        nexus(
            new NexusParts() {
              @Override
              CopyPace pace(Reactor home, List<Lane> lanes, Runnable pump) {
                return new CopyPace(home, new LaneLatencies(lanes), pump) {
                  @Override
                  public boolean isFullSpeed() {
                    return true;
                  }
                };
              }
            });
    try (var arena = Arena.ofConfined()) {
      var host = new Host();
      host.start(arena, 4, 500_000);
      world.runFor(SECOND_NS, MOST_EVENTS);
      long aloneNs = host.slowestOfHundred();
      rebuildAnother();
      assertTrue(world.runUntil(() -> !history().isEmpty(), MOST_EVENTS));
      long togetherNs = host.slowestOfHundred();
      assertTrue(togetherNs > 1.5 * aloneNs, "%d ns, %d ns".formatted(aloneNs, togetherNs));
      host.stopped = true;
      world.run(MOST_EVENTS);
    }
  }

  private List<RebuildInfo> history() {
    return nexus.membership().rebuilds().history();
  }
}
