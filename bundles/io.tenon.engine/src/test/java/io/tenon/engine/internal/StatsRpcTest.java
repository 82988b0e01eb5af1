package io.tenon.engine.internal;

import static io.grpc.Status.Code.NOT_FOUND;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Empty;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestVolume;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.CreatePoolRequest;
import io.tenon.engine.api.CreateReplicaRequest;
import io.tenon.engine.api.IoStats;
import io.tenon.engine.api.ListStatsOption;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.ReplicaRpcGrpc;
import io.tenon.engine.api.StatsRpcGrpc;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What went through a pool, a replica on it, and a nexus on that. */
class StatsRpcTest {
  private static final String REPLICA = "abcdef01-2222-4333-8444-555555555500";
  private static final String NEXUS = "abcdef01-2222-4333-8444-555555555501";
  private static final long MIB = 1 << 20;
  private static final ListStatsOption ALL = ListStatsOption.getDefaultInstance();

  private TestNode node;
  private StatsRpcGrpc.StatsRpcBlockingStub stats;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    stats = node.patient(StatsRpcGrpc.newBlockingStub(node.channel()));
    var _ =
        node.patient(PoolRpcGrpc.newBlockingStub(node.channel()))
            .createPool(
                CreatePoolRequest.newBuilder()
                    .setName("fast0")
                    .addDisks("malloc:///disk?size_mb=64")
                    .build());
    var _ =
        node.patient(ReplicaRpcGrpc.newBlockingStub(node.channel()))
            .createReplica(
                CreateReplicaRequest.newBuilder()
                    .setName("rep")
                    .setUuid(REPLICA)
                    .setPooluuid("fast0")
                    .setSize(32 * MIB)
                    .setThin(true)
                    .setEntityId("vol-1")
                    .build());
    var _ =
        node.nexus()
            .createNexus(
                CreateNexusRequest.newBuilder()
                    .setName("vol-1")
                    .setUuid(NEXUS)
                    .setSize(16 * MIB)
                    .setMinCntlId(1)
                    .setMaxCntlId(2)
                    .addChildren("bdev:///rep")
                    .build());
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private static ListStatsOption named(String name) {
    return ListStatsOption.newBuilder().setName(name).build();
  }

  private TestVolume volume() {
    return new TestVolume(node.devices().find("vol-1").orElseThrow(), node.reactor());
  }

  private IoStats nexus() {
    return stats.getNexusIoStats(named("vol-1")).getStats(0);
  }

  private IoStats replica() {
    return stats.getReplicaIoStats(named("rep")).getStats(0).getStats();
  }

  private IoStats pool() {
    return stats.getPoolIoStats(named("fast0")).getStats(0);
  }

  @Test
  void whatAHostDoesIsCountedOnEveryLevelAndResetEverywhere() {
    var _ = stats.resetIoStats(Empty.getDefaultInstance());
    assertEquals(0, pool().getNumReadOps() + pool().getNumWriteOps());
    try (var volume = volume()) {
      assertEquals(IoStatus.SUCCESS, volume.write(0, new byte[8192]));
      assertEquals(IoStatus.SUCCESS, volume.write(64, new byte[512]));
      assertEquals(IoStatus.SUCCESS, volume.read(0, 4));
      assertEquals(IoStatus.OUT_OF_RANGE, volume.read(1 << 30, 1));
      assertEquals(IoStatus.SUCCESS, volume.unmap(0, 8));
    }
    for (var level : List.of(nexus(), replica())) {
      assertEquals(2, level.getNumWriteOps(), level.toString());
      assertEquals(8704, level.getBytesWritten());
      assertEquals(1, level.getNumReadOps());
      assertEquals(2048, level.getBytesRead());
      assertEquals(1, level.getNumUnmapOps());
      assertEquals(4096, level.getBytesUnmapped());
    }
    assertTrue(pool().getNumWriteOps() >= 2, pool().toString());
    assertTrue(pool().getBytesWritten() >= 8704, pool().toString());

    var _ = stats.resetIoStats(Empty.getDefaultInstance());
    for (var level : List.of(nexus(), replica(), pool())) {
      assertEquals(
          IoStats.newBuilder()
              .setName(level.getName())
              .setUuid(level.getUuid())
              .setTickRate(1_000_000_000)
              .build(),
          level);
    }
  }

  @Test
  void latenciesAreWithinTheirExtremes() {
    try (var volume = volume()) {
      for (int i = 0; i < 100; i++) assertEquals(IoStatus.SUCCESS, volume.write(i, new byte[512]));
    }
    var nexus = nexus();
    assertEquals(100, nexus.getNumWriteOps());
    assertTrue(
        nexus.getMinWriteLatencyTicks() * 100 <= nexus.getWriteLatencyTicks()
            && nexus.getWriteLatencyTicks() <= nexus.getMaxWriteLatencyTicks() * 100,
        nexus.toString());
  }

  @Test
  void eachIsListedWithItsNameUuidAndOwner() {
    assertEquals(List.of("fast0"), names(stats.getPoolIoStats(ALL).getStatsList()));
    assertEquals(List.of("vol-1"), names(stats.getNexusIoStats(ALL).getStatsList()));
    assertEquals(NEXUS, nexus().getUuid());
    var replica = stats.getReplicaIoStats(ALL).getStats(0);
    assertEquals("vol-1", replica.getEntityId());
    assertEquals(REPLICA, replica.getStats().getUuid());
    assertEquals("rep", replica.getStats().getName());
  }

  private static List<String> names(List<IoStats> stats) {
    return stats.stream().map(IoStats::getName).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nobody", "vol", "\u0000", "../fast0"})
  void whoAsksForWhatIsNotThereGetsNothingOrForNexusesARefusal(String name) {
    assertEquals(0, stats.getPoolIoStats(named(name)).getStatsCount());
    assertEquals(0, stats.getReplicaIoStats(named(name)).getStatsCount());
    refused(NOT_FOUND, () -> stats.getNexusIoStats(named(name)));
  }
}
