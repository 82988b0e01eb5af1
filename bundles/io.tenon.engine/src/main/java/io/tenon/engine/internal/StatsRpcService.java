package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoOperation;
import io.tenon.engine.api.IoStats;
import io.tenon.engine.api.ListStatsOption;
import io.tenon.engine.api.NexusIoStatsResponse;
import io.tenon.engine.api.PoolIoStatsResponse;
import io.tenon.engine.api.ReplicaIoStats;
import io.tenon.engine.api.ReplicaIoStatsResponse;
import io.tenon.engine.api.StatsRpcGrpc;
import io.tenon.nexus.Nexuses;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaInfo;
import java.util.ArrayList;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code mayastor.v1.StatsRpc}: what went through the block devices of pools, nexuses and replicas, as their slots count it. A tick
 * is a nanosecond.
 */
final class StatsRpcService extends StatsRpcGrpc.StatsRpcImplBase {
  static final long TICK_RATE = 1_000_000_000;

  /** Reactors answer in a round, unless something is very wrong. */
  private static final long RESET_WITHIN_S = 10;

  private final BlockDevices devices;
  private final Pools pools;
  private final Nexuses nexuses;

  StatsRpcService(BlockDevices devices, Pools pools, Nexuses nexuses) {
    this.devices = devices;
    this.pools = pools;
    this.nexuses = nexuses;
  }

  private static boolean isWanted(ListStatsOption request, String name) {
    return !request.hasName() || request.getName().equals(name);
  }

  /** Of a pool, that is its disk's. One whose disk is gone has none. */
  @Override
  public void getPoolIoStats(
      ListStatsOption request, StreamObserver<PoolIoStatsResponse> observer) {
    answer(
        observer,
        () -> {
          var response = PoolIoStatsResponse.newBuilder();
          for (var pool : pools.all()) {
            if (!isWanted(request, pool.name())) continue;
            devices
                .find(pool.info().disk())
                .ifPresent(disk -> response.addStats(stats(pool.name(), pool.uuid(), disk)));
          }
          return response.build();
        });
  }

  @Override
  public void getNexusIoStats(
      ListStatsOption request, StreamObserver<NexusIoStatsResponse> observer) {
    answer(
        observer,
        () -> {
          var response = NexusIoStatsResponse.newBuilder();
          for (var nexus : nexuses.all()) {
            if (!isWanted(request, nexus.name())) continue;
            response.addStats(stats(nexus.name(), nexus.uuid(), nexus.device()));
          }
          if (request.hasName() && response.getStatsCount() == 0) {
            throw Answers.notFound("There is no nexus %s.".formatted(request.getName()));
          }
          return response.build();
        });
  }

  /** Snapshots are none. */
  @Override
  public void getReplicaIoStats(
      ListStatsOption request, StreamObserver<ReplicaIoStatsResponse> observer) {
    answer(
        observer,
        () -> {
          var response = ReplicaIoStatsResponse.newBuilder();
          for (var pool : pools.all()) {
            for (var info : pool.replicas()) {
              if (info.kind() == ReplicaInfo.Kind.SNAPSHOT || !isWanted(request, info.name())) {
                continue;
              }
              pool.findReplica(info.uuid())
                  .flatMap(replica -> replica.device())
                  .ifPresent(slot -> response.addStats(stats(info, slot)));
            }
          }
          return response.build();
        });
  }

  private static ReplicaIoStats stats(ReplicaInfo replica, DeviceSlot slot) {
    var stats = ReplicaIoStats.newBuilder().setStats(stats(replica.name(), replica.uuid(), slot));
    replica.entityId().ifPresent(stats::setEntityId);
    return stats.build();
  }

  private static IoStats stats(String name, UUID uuid, DeviceSlot slot) {
    var read = slot.counters(IoOperation.READ);
    var write = slot.counters(IoOperation.WRITE);
    var unmap = slot.counters(IoOperation.UNMAP);
    return IoStats.newBuilder()
        .setName(name)
        .setUuid(uuid.toString())
        .setNumReadOps(read.operations())
        .setBytesRead(read.bytes())
        .setReadLatencyTicks(read.totalNs())
        .setMinReadLatencyTicks(read.shortestNs())
        .setMaxReadLatencyTicks(read.longestNs())
        .setNumWriteOps(write.operations())
        .setBytesWritten(write.bytes())
        .setWriteLatencyTicks(write.totalNs())
        .setMinWriteLatencyTicks(write.shortestNs())
        .setMaxWriteLatencyTicks(write.longestNs())
        .setNumUnmapOps(unmap.operations())
        .setBytesUnmapped(unmap.bytes())
        .setUnmapLatencyTicks(unmap.totalNs())
        .setMinUnmapLatencyTicks(unmap.shortestNs())
        .setMaxUnmapLatencyTicks(unmap.longestNs())
        .setTickRate(TICK_RATE)
        .build();
  }

  /** Of all block devices. */
  @Override
  public void resetIoStats(Empty request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          var resets = new ArrayList<CompletableFuture<Void>>();
          for (var slot : devices.all()) resets.add(slot.resetCounters().toCompletableFuture());
          await(CompletableFuture.allOf(resets.toArray(CompletableFuture[]::new)));
          return Empty.getDefaultInstance();
        });
  }

  private static void await(CompletableFuture<Void> reset) throws StatusException {
    try {
      reset.get(RESET_WITHIN_S, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw failed("A reactor has not answered for %d s.".formatted(RESET_WITHIN_S), e);
    } catch (ExecutionException e) {
      throw failed(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("The wait was interrupted.", e);
    }
  }

  private static StatusException failed(String why, Exception cause) {
    return Status.INTERNAL
        .withDescription("Not all counters were reset: " + why + " Try again.")
        .withCause(cause)
        .asException();
  }
}
