package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tenon.block.FaultInjections;
import io.tenon.engine.api.AddFaultInjectionRequest;
import io.tenon.engine.api.FaultInjection;
import io.tenon.engine.api.ListFaultInjectionsReply;
import io.tenon.engine.api.ListFaultInjectionsRequest;
import io.tenon.engine.api.RemoveFaultInjectionRequest;
import io.tenon.engine.api.TestFeatures;
import io.tenon.engine.api.TestRpcGrpc;
import io.tenon.engine.api.WipeOptions;
import io.tenon.engine.api.WipeReplicaRequest;
import io.tenon.engine.api.WipeReplicaResponse;
import io.tenon.pool.Pools;
import io.tenon.pool.WipeProgress;
import io.tenon.pool.WipeSpec;
import io.tenon.pool.WipeWatcher;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;

/** {@code mayastor.v1.TestRpc}: wiping replicas, and faults that are played on I/O. */
final class TestRpcService extends TestRpcGrpc.TestRpcImplBase {
  private final Pools pools;
  private final FaultInjections faults;
  private final InstantSource clock;

  TestRpcService(Pools pools, FaultInjections faults, InstantSource clock) {
    this.pools = pools;
    this.faults = faults;
    this.clock = clock;
  }

  @Override
  public void getFeatures(Empty request, StreamObserver<TestFeatures> observer) {
    answer(
        observer,
        () ->
            TestFeatures.newBuilder()
                .addAllWipeMethods(
                    Arrays.stream(WipeSpec.Method.values())
                        .map(method -> WipeOptions.WipeMethod.valueOf(method.name()))
                        .toList())
                .addCksumAlgs(WipeOptions.CheckSumAlgorithm.Crc32c)
                .build());
  }

  @Override
  public void addFaultInjection(AddFaultInjectionRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          var _ = faults.inject(request.getUri());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void removeFaultInjection(
      RemoveFaultInjectionRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          faults.removeInjected(request.getUri());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void listFaultInjections(
      ListFaultInjectionsRequest request, StreamObserver<ListFaultInjectionsReply> observer) {
    answer(
        observer,
        () ->
            ListFaultInjectionsReply.newBuilder()
                .addAllInjections(
                    faults.injected().stream()
                        .map(
                            fault ->
                                FaultInjection.newBuilder()
                                    .setUri(fault.uri())
                                    .setDeviceName(fault.device())
                                    .setIsActive(fault.isActive())
                                    .build())
                        .toList())
                .build());
  }

  /** A message before the first chunk and one after each. */
  @Override
  public void wipeReplica(
      WipeReplicaRequest request, StreamObserver<WipeReplicaResponse> observer) {
    Answers.stream(
        observer,
        () -> {
          String what = "Replica %s was not wiped".formatted(request.getUuid());
          var uuid = Uuids.parse(request.getUuid());
          var replica =
              pools
                  .findReplica(uuid)
                  .orElseThrow(
                      () ->
                          Answers.notFound(what + ": it was not found in any pool of this node."));
          var options = request.getWipeOptions().getOptions();
          var pool = replica.pool();
          boolean right =
              switch (request.getPoolCase()) {
                case POOL_NAME -> pool.name().equals(request.getPoolName());
                case POOL_UUID -> pool.uuid().toString().equalsIgnoreCase(request.getPoolUuid());
                case POOL_NOT_SET -> true;
              };
          if (!right) throw Answers.notFound("%s: it is in pool %s.".formatted(what, pool.name()));
          var method = options.getWipeMethod();
          if (method == WipeOptions.WipeMethod.UNRECOGNIZED) {
            throw Answers.invalid(
                "%s: wipe method %d is not offered.".formatted(what, options.getWipeMethodValue()));
          }
          if (options.getCksumAlg() == WipeOptions.CheckSumAlgorithm.UNRECOGNIZED) {
            throw Answers.invalid(
                "%s: checksum %d is not offered.".formatted(what, options.getCksumAlgValue()));
          }
          long chunk = request.getWipeOptions().getChunkSize();
          replica.wipe(
              new WipeSpec(
                  WipeSpec.Method.valueOf(method.name()), chunk, options.getWritePattern()),
              new Watcher(request.getUuid(), observer));
        });
  }

  private final class Watcher implements WipeWatcher {
    private final String uuid;
    private final StreamObserver<WipeReplicaResponse> observer;
    private final Instant begun = clock.instant();

    Watcher(String uuid, StreamObserver<WipeReplicaResponse> observer) {
      this.uuid = uuid;
      this.observer = observer;
    }

    @Override
    public boolean goesOn() {
      return !(observer instanceof ServerCallStreamObserver<?> call && call.isCancelled());
    }

    @Override
    public void wiped(WipeProgress progress) {
      if (!goesOn()) return;
      var since = Duration.between(begun, clock.instant());
      var message =
          WipeReplicaResponse.newBuilder()
              .setUuid(uuid)
              .setTotalBytes(progress.totalBytes())
              .setChunkSize(progress.chunkBytes())
              .setLastChunkSize(progress.lastChunkBytes())
              .setTotalChunks(progress.totalChunks())
              .setWipedBytes(progress.wipedBytes())
              .setWipedChunks(progress.wipedChunks())
              .setRemainingBytes(progress.totalBytes() - progress.wipedBytes())
              .setSince(
                  com.google.protobuf.Duration.newBuilder()
                      .setSeconds(since.getSeconds())
                      .setNanos(since.getNano()));
      progress.checksum().ifPresent(message::setCrc32);
      observer.onNext(message.build());
    }
  }
}
