package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import com.google.protobuf.StringValue;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.engine.api.CreatePoolRequest;
import io.tenon.engine.api.DestroyPoolRequest;
import io.tenon.engine.api.ExportPoolRequest;
import io.tenon.engine.api.GrowPoolRequest;
import io.tenon.engine.api.GrowPoolResponse;
import io.tenon.engine.api.ImportPoolRequest;
import io.tenon.engine.api.ListPoolOptions;
import io.tenon.engine.api.ListPoolsResponse;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.PoolType;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.Pools;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** {@code mayastor.v1.PoolRpc}: pools on blobstores; other types are not offered. */
final class PoolRpcService extends PoolRpcGrpc.PoolRpcImplBase {
  private final Pools pools;

  PoolRpcService(Pools pools) {
    this.pools = pools;
  }

  @Override
  public void createPool(
      CreatePoolRequest request, StreamObserver<io.tenon.engine.api.Pool> observer) {
    answer(
        observer,
        () -> {
          var spec =
              new PoolSpec(
                  request.getName(),
                  uuid(request.hasUuid(), request.getUuid()),
                  disk(request.getName(), request.getPooltype(), request.getDisksList()),
                  request.hasClusterSize()
                      ? Optional.of(Integer.toUnsignedLong(request.getClusterSize()))
                      : Optional.empty(),
                  request.getMdArgs().hasMdResvRatio()
                      ? Optional.of(request.getMdArgs().getMdResvRatio())
                      : Optional.empty(),
                  Optional.empty());
          return PoolMessages.message(pools.create(spec).info());
        });
  }

  @Override
  public void importPool(
      ImportPoolRequest request, StreamObserver<io.tenon.engine.api.Pool> observer) {
    answer(
        observer,
        () -> {
          String disk = disk(request.getName(), request.getPooltype(), request.getDisksList());
          var uuid = uuid(request.hasUuid(), request.getUuid());
          return PoolMessages.message(pools.load(disk, request.getName(), uuid).info());
        });
  }

  private static String disk(String pool, PoolType type, List<String> disks)
      throws StatusException {
    if (type != PoolType.Lvs) {
      throw Answers.precondition(
          "Pool %s was not created or imported: pools of type %s are not offered. Use Lvs."
              .formatted(pool, type));
    }
    if (disks.size() == 1) return disks.getFirst();
    throw Answers.invalid(
        "Pool %s was not created or imported: it has %d disks. Give exactly one."
            .formatted(pool, disks.size()));
  }

  private static Optional<UUID> uuid(boolean given, StringValue value) throws StatusException {
    return given ? Optional.of(Uuids.parse(value.getValue())) : Optional.empty();
  }

  @Override
  public void destroyPool(DestroyPoolRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          existing(request.getName(), uuid(request.hasUuid(), request.getUuid())).destroy();
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void exportPool(ExportPoolRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          // Not loaded is not found, as in Mayastor; but the node does not bring it back then.
          if (pools.forget(request.getName())) {
            throw Answers.notFound(
                "Pool %s was not loaded. The node does not wait for it any more."
                    .formatted(request.getName()));
          }
          existing(request.getName(), uuid(request.hasUuid(), request.getUuid())).export();
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void growPool(GrowPoolRequest request, StreamObserver<GrowPoolResponse> observer) {
    answer(
        observer,
        () -> {
          var pool = existing(request.getName(), uuid(request.hasUuid(), request.getUuid()));
          var before = PoolMessages.message(pool.info());
          pool.grow();
          return GrowPoolResponse.newBuilder()
              .setPreviousPool(before)
              .setCurrentPool(PoolMessages.message(pool.info()))
              .build();
        });
  }

  private Pool existing(String name, Optional<UUID> uuid) throws StatusException {
    return pools
        .findByName(name)
        .filter(pool -> uuid.map(pool.uuid()::equals).orElse(true))
        .orElseThrow(
            () ->
                Answers.notFound(
                    "Pool %s%s was not found. List the pools, or import it."
                        .formatted(name, uuid.map(id -> " with uuid " + id).orElse(""))));
  }

  @Override
  public void listPools(ListPoolOptions request, StreamObserver<ListPoolsResponse> observer) {
    answer(
        observer,
        () -> {
          var list = ListPoolsResponse.newBuilder();
          boolean otherType =
              request.hasPooltype() && request.getPooltype().getValue() != PoolType.Lvs;
          if (otherType) return list.build();
          for (Pool pool : pools.all()) {
            if (request.hasName() && !pool.name().equals(request.getName().getValue())) continue;
            boolean other =
                request.hasUuid()
                    && !pool.uuid().toString().equalsIgnoreCase(request.getUuid().getValue());
            if (!other) list.addPools(PoolMessages.message(pool.info()));
          }
          return list.build();
        });
  }
}
