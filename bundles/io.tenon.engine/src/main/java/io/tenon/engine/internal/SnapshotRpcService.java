package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.block.SnapshotSpec;
import io.tenon.engine.api.CreateReplicaSnapshotRequest;
import io.tenon.engine.api.CreateReplicaSnapshotResponse;
import io.tenon.engine.api.CreateSnapshotCloneRequest;
import io.tenon.engine.api.DestroySnapshotRequest;
import io.tenon.engine.api.ListSnapshotCloneRequest;
import io.tenon.engine.api.ListSnapshotCloneResponse;
import io.tenon.engine.api.ListSnapshotsRequest;
import io.tenon.engine.api.ListSnapshotsResponse;
import io.tenon.engine.api.NexusCreateSnapshotReplicaStatus;
import io.tenon.engine.api.NexusCreateSnapshotRequest;
import io.tenon.engine.api.NexusCreateSnapshotResponse;
import io.tenon.engine.api.SnapshotRpcGrpc;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSnapshot;
import io.tenon.nexus.Nexuses;
import io.tenon.pool.Pool;
import io.tenon.pool.Pools;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.SnapshotInfo;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.UUID;

/** {@code mayastor.v1.SnapshotRpc}: snapshots and clones of replicas, and snapshots of all replicas of a nexus at once. */
final class SnapshotRpcService extends SnapshotRpcGrpc.SnapshotRpcImplBase {
  private final Pools pools;
  private final Nexuses nexuses;
  private final InstantSource clock;

  SnapshotRpcService(Pools pools, Nexuses nexuses, InstantSource clock) {
    this.pools = pools;
    this.nexuses = nexuses;
    this.clock = clock;
  }

  @Override
  public void createReplicaSnapshot(
      CreateReplicaSnapshotRequest request,
      StreamObserver<CreateReplicaSnapshotResponse> observer) {
    answer(
        observer,
        () -> {
          boolean complete =
              !request.getSnapshotName().isEmpty()
                  && !request.getEntityId().isEmpty()
                  && !request.getTxnId().isEmpty();
          if (!complete) {
            throw Answers.invalid(
                "No snapshot of %s was made: its name, entity id or txn id is empty. Give all three."
                    .formatted(request.getReplicaUuid()));
          }
          var uuid = Uuids.parse(request.getSnapshotUuid());
          var made =
              existing(request.getReplicaUuid())
                  .snapshot(
                      new SnapshotSpec(
                          request.getSnapshotName(),
                          uuid,
                          request.getEntityId(),
                          request.getTxnId(),
                          clock.instant()));
          var info = made.info();
          var answer =
              CreateReplicaSnapshotResponse.newBuilder().setReplicaUuid(request.getReplicaUuid());
          info.snapshot()
              .ifPresent(snapshot -> answer.setSnapshot(PoolMessages.snapshot(info, snapshot)));
          return answer.build();
        });
  }

  /** A replica that has none does not fail the call: what became of each is in the answer, as an error number. */
  @Override
  public void createNexusSnapshot(
      NexusCreateSnapshotRequest request, StreamObserver<NexusCreateSnapshotResponse> observer) {
    answer(
        observer,
        () -> {
          var nexus =
              nexuses
                  .findByUuid(Uuids.parse(request.getNexusUuid()))
                  .orElseThrow(
                      () ->
                          Answers.notFound(
                              "No nexus %s is on this node.".formatted(request.getNexusUuid())));
          var taken = snapshot(nexus, order(request));
          var answer =
              NexusCreateSnapshotResponse.newBuilder()
                  .setNexus(NexusMessages.message(nexus))
                  .setSnapshotTimestamp(NexusMessages.timestamp(taken.createdAt()));
          taken
              .outcomes()
              .forEach(
                  (replica, failure) ->
                      answer.addReplicasDone(
                          NexusCreateSnapshotReplicaStatus.newBuilder()
                              .setReplicaUuid(replica.toString())
                              .setStatusCode(failure.map(why -> why.kind().errno()).orElse(0))));
          for (var skipped : taken.skipped()) answer.addReplicasSkipped(skipped.toString());
          return answer.build();
        });
  }

  private static NexusSnapshot.Order order(NexusCreateSnapshotRequest request)
      throws StatusException {
    boolean complete =
        !request.getSnapshotName().isEmpty()
            && !request.getEntityId().isEmpty()
            && !request.getTxnId().isEmpty();
    if (!complete) {
      throw Answers.invalid(
          "No snapshot of nexus %s was taken: its name, entity id or txn id is empty. Give all three."
              .formatted(request.getNexusUuid()));
    }
    var uuids = new LinkedHashMap<UUID, Optional<UUID>>();
    for (var replica : request.getReplicasList()) {
      var uuid = Uuids.parse(replica.getReplicaUuid());
      Optional<UUID> snapshot = Optional.empty();
      if (!replica.getSkip()) {
        if (!replica.hasSnapshotUuid()) {
          throw notTaken(request, "replica %s has no snapshot uuid".formatted(uuid));
        }
        snapshot = Optional.of(Uuids.parse(replica.getSnapshotUuid()));
      }
      if (uuids.put(uuid, snapshot) != null) {
        throw notTaken(request, "replica %s is named twice".formatted(uuid));
      }
    }
    return new NexusSnapshot.Order(
        request.getSnapshotName(), request.getEntityId(), request.getTxnId(), uuids);
  }

  /** Whatever is wrong with the replicas is INTERNAL in Mayastor. */
  private static StatusException notTaken(NexusCreateSnapshotRequest request, String why) {
    return Status.INTERNAL
        .withDescription(
            "No snapshot of nexus %s was taken: %s.".formatted(request.getNexusUuid(), why))
        .asException();
  }

  private static NexusSnapshot snapshot(Nexus nexus, NexusSnapshot.Order order)
      throws StatusException {
    try {
      return nexus.snapshot(order);
    } catch (NexusException e) {
      throw Status.INTERNAL.withDescription(e.getMessage()).withCause(e).asException();
    }
  }

  private Replica existing(String uuid) throws StatusException {
    return pools
        .findReplica(Uuids.parse(uuid))
        .orElseThrow(
            () -> Answers.notFound("No replica or snapshot %s is in any pool.".formatted(uuid)));
  }

  @Override
  public void listSnapshot(
      ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
    answer(
        observer,
        () -> {
          var list = ListSnapshotsResponse.newBuilder();
          for (Pool pool : pools.all()) {
            for (ReplicaInfo replica : pool.replicas()) {
              replica
                  .snapshot()
                  .filter(snapshot -> passes(request, replica, snapshot))
                  .ifPresent(
                      snapshot -> list.addSnapshots(PoolMessages.snapshot(replica, snapshot)));
            }
          }
          return list.build();
        });
  }

  /** Asking for invalid ones brings the valid ones: so it is in Mayastor, and callers count on it. */
  private static boolean passes(
      ListSnapshotsRequest filter, ReplicaInfo replica, SnapshotInfo snapshot) {
    var query = filter.getQuery();
    if (query.hasInvalid() && query.getInvalid() != snapshot.valid()) return false;
    if (query.hasDiscarded() && query.getDiscarded() != snapshot.discarded()) return false;
    String uuid = replica.uuid().toString();
    if (filter.hasSnapshotUuid() && !uuid.equalsIgnoreCase(filter.getSnapshotUuid())) return false;
    String source = snapshot.source().map(Object::toString).orElse("");
    return !filter.hasSourceUuid() || source.equalsIgnoreCase(filter.getSourceUuid());
  }

  @Override
  public void destroySnapshot(DestroySnapshotRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          String pool = request.hasPoolName() ? request.getPoolName() : request.getPoolUuid();
          ReplicaRpcService.destroy(pools, request.getSnapshotUuid(), pool, "Snapshot");
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void createSnapshotClone(
      CreateSnapshotCloneRequest request, StreamObserver<io.tenon.engine.api.Replica> observer) {
    answer(
        observer,
        () -> {
          var uuid = Uuids.parse(request.getCloneUuid());
          var clone =
              existing(request.getSnapshotUuid())
                  .cloneTo(request.getCloneName(), uuid, clock.instant());
          return PoolMessages.message(clone.info());
        });
  }

  @Override
  public void listSnapshotClone(
      ListSnapshotCloneRequest request, StreamObserver<ListSnapshotCloneResponse> observer) {
    answer(
        observer,
        () -> {
          var list = ListSnapshotCloneResponse.newBuilder();
          for (Pool pool : pools.all()) {
            for (ReplicaInfo replica : pool.replicas()) {
              if (replica.sourceSnapshot().isEmpty()) continue;
              String source = replica.sourceSnapshot().get().toString();
              boolean wanted =
                  !request.hasSnapshotUuid() || source.equalsIgnoreCase(request.getSnapshotUuid());
              if (wanted) list.addReplicas(PoolMessages.message(replica));
            }
          }
          return list.build();
        });
  }
}
