package io.tenon.engine.internal;

import io.tenon.engine.api.Pool;
import io.tenon.engine.api.PoolMetadataInfo;
import io.tenon.engine.api.PoolState;
import io.tenon.engine.api.PoolType;
import io.tenon.engine.api.Replica;
import io.tenon.engine.api.ReplicaSpaceUsage;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.SnapshotInfo;
import io.tenon.pool.PoolInfo;
import io.tenon.pool.ReplicaInfo;

/** Pools, replicas and snapshots as API v1 shows them. */
final class PoolMessages {
  private PoolMessages() {}

  static Pool message(PoolInfo pool) {
    return Pool.newBuilder()
        .setUuid(pool.uuid().toString())
        .setName(pool.name())
        .addDisks(pool.disk())
        .setState(
            switch (pool.state()) {
              case ONLINE -> PoolState.POOL_ONLINE;
              case SUSPENDED -> PoolState.POOL_FAULTED;
            })
        .setCapacity(pool.capacityBytes())
        .setUsed(pool.usedBytes())
        .setPooltype(PoolType.Lvs)
        .setCommitted(pool.committedBytes())
        .setClusterSize((int) pool.clusterBytes())
        .setPageSize(pool.metadataPageBytes())
        .setDiskCapacity(pool.diskBytes())
        .setMdInfo(
            PoolMetadataInfo.newBuilder()
                .setMdPageSize(pool.metadataPageBytes())
                .setMdPages(pool.metadataPages())
                .setMdUsedPages(pool.metadataUsedPages()))
        .build();
  }

  static Replica message(ReplicaInfo replica) {
    var message =
        Replica.newBuilder()
            .setName(replica.name())
            .setUuid(replica.uuid().toString())
            .setPooluuid(replica.poolUuid().toString())
            .setPoolname(replica.poolName())
            .setSize(replica.sizeBytes())
            .setThin(replica.thin())
            .setShare(replica.shared() ? ShareProtocol.NVMF : ShareProtocol.NONE)
            .setUri(replica.uri())
            .setUsage(usage(replica))
            .addAllAllowedHosts(replica.allowedHosts())
            .setIsSnapshot(replica.kind() == ReplicaInfo.Kind.SNAPSHOT)
            .setIsClone(replica.kind() == ReplicaInfo.Kind.CLONE)
            .setPooltype(PoolType.Lvs);
    replica.sourceSnapshot().ifPresent(source -> message.setSnapshotUuid(source.toString()));
    replica.entityId().ifPresent(message::setEntityId);
    return message.build();
  }

  private static ReplicaSpaceUsage usage(ReplicaInfo replica) {
    var usage = replica.usage();
    var message =
        ReplicaSpaceUsage.newBuilder()
            .setCapacityBytes(replica.sizeBytes())
            .setAllocatedBytes(usage.allocatedBytes())
            .setClusterSize(usage.clusterBytes())
            .setNumClusters(usage.clusters())
            .setNumAllocatedClusters(usage.allocatedClusters())
            .setAllocatedBytesSnapshots(usage.ancestorBytes())
            .setNumAllocatedClustersSnapshots(usage.ancestorClusters());
    if (usage.ancestorClustersSinceClone().isPresent()) {
      message.setAllocatedBytesSnapshotFromClone(usage.referencedBytes());
    }
    return message.build();
  }

  static SnapshotInfo snapshot(ReplicaInfo replica, io.tenon.pool.SnapshotInfo snapshot) {
    var message =
        SnapshotInfo.newBuilder()
            .setSnapshotUuid(replica.uuid().toString())
            .setSnapshotName(replica.name())
            .setSnapshotSize(replica.usage().allocatedBytes())
            .setNumClones(snapshot.clones())
            .setSourceUuid(snapshot.source().map(Object::toString).orElse(""))
            .setSourceSize(replica.sizeBytes())
            .setPoolUuid(replica.poolUuid().toString())
            .setPoolName(replica.poolName())
            .setEntityId(snapshot.entityId())
            .setTxnId(snapshot.txnId())
            .setValidSnapshot(snapshot.valid())
            .setReadyAsSource(false)
            .setReferencedBytes(replica.usage().referencedBytes())
            .setDiscardedSnapshot(snapshot.discarded());
    snapshot.createdAt().ifPresent(time -> message.setTimestamp(NexusMessages.timestamp(time)));
    return message.build();
  }
}
