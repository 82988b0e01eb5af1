package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.engine.api.CreateReplicaRequest;
import io.tenon.engine.api.DestroyReplicaRequest;
import io.tenon.engine.api.ListReplicaOptions;
import io.tenon.engine.api.ListReplicasResponse;
import io.tenon.engine.api.PoolType;
import io.tenon.engine.api.ReplicaRpcGrpc;
import io.tenon.engine.api.ResizeReplicaRequest;
import io.tenon.engine.api.SetReplicaEntityIdRequest;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.ShareReplicaRequest;
import io.tenon.engine.api.UnshareReplicaRequest;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.Pools;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.ReplicaSpec;
import java.util.Optional;

/** {@code mayastor.v1.ReplicaRpc}: replicas of the node's pools. */
final class ReplicaRpcService extends ReplicaRpcGrpc.ReplicaRpcImplBase {
  /** Tells a caller that the replica is gone, and not just its pool not loaded. */
  static final Metadata.Key<String> REALLY_GONE =
      Metadata.Key.of("gtm-602", Metadata.ASCII_STRING_MARSHALLER);

  private final Pools pools;

  ReplicaRpcService(Pools pools) {
    this.pools = pools;
  }

  @Override
  public void createReplica(
      CreateReplicaRequest request, StreamObserver<io.tenon.engine.api.Replica> observer) {
    answer(
        observer,
        () -> {
          String what = "Replica " + request.getName() + " was not created";
          checkProtocol(request.getShare(), what, true);
          var hosts = Hosts.checked(request.getAllowedHostsList(), what);
          var uuid = Uuids.parse(request.getUuid());
          var pool = pool(request.getPooluuid(), what);
          var made =
              pool.create(
                  new ReplicaSpec(
                      request.getName(),
                      uuid,
                      request.getSize(),
                      request.getThin(),
                      request.hasEntityId()
                          ? Optional.of(request.getEntityId())
                          : Optional.empty()));
          if (request.getShare() == ShareProtocol.NVMF) {
            try {
              made.share(hosts);
            } catch (PoolException e) {
              made.destroy();
              throw e;
            }
          }
          return PoolMessages.message(made.info());
        });
  }

  private static void checkProtocol(ShareProtocol protocol, String what, boolean none)
      throws StatusException {
    if (protocol == ShareProtocol.NVMF || (none && protocol == ShareProtocol.NONE)) return;
    throw Answers.invalid(
        "%s: share protocol %s is not offered. Use NVMF.".formatted(what, protocol));
  }

  /** By uuid or name. */
  private Pool pool(String nameOrUuid, String what) throws StatusException {
    return pools.all().stream()
        .filter(
            pool ->
                pool.name().equals(nameOrUuid)
                    || pool.uuid().toString().equalsIgnoreCase(nameOrUuid))
        .findFirst()
        .orElseThrow(
            () ->
                Answers.precondition(
                    "%s: pool %s is not loaded. Import it.".formatted(what, nameOrUuid)));
  }

  @Override
  public void destroyReplica(DestroyReplicaRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          String named = request.hasPoolName() ? request.getPoolName() : request.getPoolUuid();
          destroy(pools, request.getUuid(), named, "Replica");
          return Empty.getDefaultInstance();
        });
  }

  /**
   * @param pool name or uuid; empty when none was given
   */
  static void destroy(Pools pools, String uuid, String pool, String kind)
      throws StatusException, PoolException {
    String what = "%s %s was not destroyed".formatted(kind, uuid);
    var id = Uuids.parse(uuid);
    var service = new ReplicaRpcService(pools);
    var expected = pool.isEmpty() ? Optional.<Pool>empty() : Optional.of(service.pool(pool, what));
    var found = pools.findReplica(id);
    if (found.isEmpty()) {
      var trailers = new Metadata();
      trailers.put(REALLY_GONE, "0");
      throw Status.NOT_FOUND
          .withDescription(what + ": it was not found in any pool of this node.")
          .asException(trailers);
    }
    boolean there = expected.map(found.get().pool()::equals).orElse(true);
    if (!there) {
      throw Status.ABORTED
          .withDescription(
              "%s: it is in pool %s, not in %s.".formatted(what, found.get().pool().name(), pool))
          .asException();
    }
    found.get().destroy();
  }

  @Override
  public void listReplicas(
      ListReplicaOptions request, StreamObserver<ListReplicasResponse> observer) {
    answer(
        observer,
        () -> {
          var list = ListReplicasResponse.newBuilder();
          boolean otherType =
              request.getPooltypesCount() > 0 && !request.getPooltypesList().contains(PoolType.Lvs);
          if (otherType) return list.build();
          for (Pool pool : pools.all()) {
            for (ReplicaInfo replica : pool.replicas()) {
              if (passes(request, replica)) list.addReplicas(PoolMessages.message(replica));
            }
          }
          return list.build();
        });
  }

  private static boolean passes(ListReplicaOptions filter, ReplicaInfo replica) {
    if (filter.hasName() && !replica.name().equals(filter.getName().getValue())) return false;
    if (filter.hasPoolname() && !replica.poolName().equals(filter.getPoolname().getValue())) {
      return false;
    }
    String uuid = filter.hasUuid() ? filter.getUuid().getValue() : replica.uuid().toString();
    String pool =
        filter.hasPooluuid() ? filter.getPooluuid().getValue() : replica.poolUuid().toString();
    if (!replica.uuid().toString().equalsIgnoreCase(uuid)) return false;
    if (!replica.poolUuid().toString().equalsIgnoreCase(pool)) return false;
    if (!filter.hasQuery()) return true;
    var query = filter.getQuery();
    return switch (replica.kind()) {
      case REPLICA -> query.getReplica();
      case SNAPSHOT -> query.getSnapshot();
      case CLONE -> query.getClone();
    };
  }

  private Replica existing(String uuid) throws StatusException {
    return pools
        .findReplica(Uuids.parse(uuid))
        .orElseThrow(
            () -> Answers.notFound("Replica %s was not found in any pool.".formatted(uuid)));
  }

  @Override
  public void shareReplica(
      ShareReplicaRequest request, StreamObserver<io.tenon.engine.api.Replica> observer) {
    answer(
        observer,
        () -> {
          String what = "Replica " + request.getUuid() + " was not shared";
          checkProtocol(request.getShare(), what, false);
          var hosts = Hosts.checked(request.getAllowedHostsList(), what);
          var replica = existing(request.getUuid());
          replica.share(hosts);
          return PoolMessages.message(replica.info());
        });
  }

  @Override
  public void unshareReplica(
      UnshareReplicaRequest request, StreamObserver<io.tenon.engine.api.Replica> observer) {
    answer(
        observer,
        () -> {
          var replica = existing(request.getUuid());
          replica.unshare();
          return PoolMessages.message(replica.info());
        });
  }

  @Override
  public void resizeReplica(
      ResizeReplicaRequest request, StreamObserver<io.tenon.engine.api.Replica> observer) {
    answer(
        observer,
        () -> {
          var replica = existing(request.getUuid());
          replica.resize(request.getRequestedSize());
          return PoolMessages.message(replica.info());
        });
  }

  @Override
  public void setReplicaEntityId(
      SetReplicaEntityIdRequest request, StreamObserver<io.tenon.engine.api.Replica> observer) {
    answer(
        observer,
        () -> {
          var replica = existing(request.getUuid());
          try {
            replica.entityId(request.getEntityId());
          } catch (PoolException e) {
            throw Status.DATA_LOSS.withDescription(e.getMessage()).withCause(e).asException();
          }
          return PoolMessages.message(replica.info());
        });
  }
}
