package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.engine.api.CreateSnapshotRebuildRequest;
import io.tenon.engine.api.DestroySnapshotRebuildRequest;
import io.tenon.engine.api.ListSnapshotRebuildRequest;
import io.tenon.engine.api.ListSnapshotRebuildResponse;
import io.tenon.engine.api.SnapshotRebuild;
import io.tenon.engine.api.SnapshotRebuildRpcGrpc;
import io.tenon.pool.SnapshotRebuildInfo;
import io.tenon.pool.SnapshotRebuildSpec;
import io.tenon.pool.SnapshotRebuilds;
import java.util.Optional;
import java.util.UUID;

/** {@code mayastor.v1.SnapshotRebuildRpc}: replicas that are filled with what snapshots hold. */
final class SnapshotRebuildRpcService extends SnapshotRebuildRpcGrpc.SnapshotRebuildRpcImplBase {
  private final SnapshotRebuilds rebuilds;

  SnapshotRebuildRpcService(SnapshotRebuilds rebuilds) {
    this.rebuilds = rebuilds;
  }

  @Override
  public void createSnapshotRebuild(
      CreateSnapshotRebuildRequest request, StreamObserver<SnapshotRebuild> observer) {
    answer(
        observer,
        () -> {
          if (request.hasBitmap()) {
            throw Answers.invalid(
                "Snapshot rebuild %s was not begun: bitmaps are not offered. All of the snapshot is copied."
                    .formatted(request.getUuid()));
          }
          return message(
              rebuilds.create(
                  new SnapshotRebuildSpec(
                      Uuids.parse(request.getUuid()),
                      request.getReplicaUri(),
                      uuid(request.getReplicaUuid()),
                      request.getSnapshotUri(),
                      uuid(request.getSnapshotUuid()))));
        });
  }

  private static Optional<UUID> uuid(String text) throws StatusException {
    return text.isEmpty() ? Optional.empty() : Optional.of(Uuids.parse(text));
  }

  /** As Mayastor does, by the replica's uuid alone, and takes that for the uuid of the rebuild. */
  @Override
  public void listSnapshotRebuild(
      ListSnapshotRebuildRequest request, StreamObserver<ListSnapshotRebuildResponse> observer) {
    answer(
        observer,
        () -> {
          var list = ListSnapshotRebuildResponse.newBuilder();
          if (request.hasReplicaUuid()) {
            var uuid = Uuids.parse(request.getReplicaUuid());
            list.addRebuilds(
                message(
                    rebuilds
                        .find(uuid)
                        .orElseThrow(
                            () -> Answers.notFound("There is no snapshot rebuild " + uuid + "."))));
          } else {
            for (var rebuild : rebuilds.all()) list.addRebuilds(message(rebuild));
          }
          return list.build();
        });
  }

  @Override
  public void destroySnapshotRebuild(
      DestroySnapshotRebuildRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          rebuilds.destroy(Uuids.parse(request.getUuid()));
          return Empty.getDefaultInstance();
        });
  }

  private static SnapshotRebuild message(SnapshotRebuildInfo rebuild) {
    var spec = rebuild.spec();
    var message =
        SnapshotRebuild.newBuilder()
            .setUuid(rebuild.uuid().toString())
            .setReplicaUuid(spec.replica().map(UUID::toString).orElse(""))
            .setSnapshotUuid(spec.snapshot().map(UUID::toString).orElse(""))
            .setReplicaUri(spec.replicaUri())
            .setSnapshotUri(spec.snapshotUri())
            .setStatus(
                switch (rebuild.state()) {
                  case RUNNING -> SnapshotRebuild.RebuildStatus.Running;
                  case SUCCESSFUL -> SnapshotRebuild.RebuildStatus.Successful;
                  case FAILED -> SnapshotRebuild.RebuildStatus.Failed;
                })
            .setTotal(rebuild.totalBytes())
            .setRebuilt(rebuild.doneBytes())
            .setRemaining(rebuild.remainingBytes())
            .setStartTimestamp(NexusMessages.timestamp(rebuild.startedAt()));
    rebuild.endedAt().ifPresent(at -> message.setEndTimestamp(NexusMessages.timestamp(at)));
    return message.build();
  }
}
