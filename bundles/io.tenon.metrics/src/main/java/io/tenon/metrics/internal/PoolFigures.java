package io.tenon.metrics.internal;

import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.tenon.block.BlockDevices;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolInfo;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaInfo;
import java.util.ArrayList;
import java.util.List;

/** {@code diskpool_} and {@code replica_}: pools and replicas under the names and labels of Mayastor's exporter. */
final class PoolFigures {
  /** {@code PoolState} of API v1. */
  private static final int ONLINE = 1;

  private static final int FAULTED = 3;

  private PoolFigures() {}

  private record Sizes(Labels labels, PoolInfo info) implements Family.Labelled {}

  static void add(MetricSnapshots.Builder to, String node, Pools pools, BlockDevices devices) {
    var sizes = new ArrayList<Sizes>();
    var disks = new ArrayList<IoFigures.Io>();
    var replicas = new ArrayList<IoFigures.Io>();
    for (Pool pool : pools.all()) {
      var info = pool.info();
      var labels = Labels.of("node", node, "name", pool.name());
      sizes.add(new Sizes(labels, info));
      // One whose disk has gone has no figures of it.
      devices.find(info.disk()).ifPresent(disk -> disks.add(IoFigures.Io.of(labels, disk)));
      addReplicas(replicas, node, pool);
    }
    addSizes(to, sizes);
    IoFigures.add(to, "diskpool", disks);
    IoFigures.add(to, "replica", replicas);
  }

  private static void addReplicas(List<IoFigures.Io> to, String node, Pool pool) {
    for (ReplicaInfo info : pool.replicas()) {
      if (info.kind() == ReplicaInfo.Kind.SNAPSHOT) continue;
      var labels =
          Labels.of(
              "node",
              node,
              "name",
              info.name(),
              "pv_name",
              info.entityId().map(NexusFigures::persistentVolume).orElse(""));
      pool.findReplica(info.uuid())
          .flatMap(replica -> replica.device())
          .ifPresent(slot -> to.add(IoFigures.Io.of(labels, slot)));
    }
  }

  private static void addSizes(MetricSnapshots.Builder to, List<Sizes> pools) {
    to.metricSnapshot(
        Family.gauge(
            "diskpool_total_size_bytes",
            "Capacity of the pool",
            pools,
            pool -> pool.info().capacityBytes()));
    to.metricSnapshot(
        Family.gauge(
            "diskpool_used_size_bytes",
            "Allocated by replicas, clones and snapshots",
            pools,
            pool -> pool.info().usedBytes()));
    to.metricSnapshot(
        Family.gauge(
            "diskpool_committed_size_bytes",
            "What replicas and clones may come to need, and snapshots hold",
            pools,
            pool -> pool.info().committedBytes()));
    to.metricSnapshot(
        Family.gauge(
            "diskpool_status",
            "0 unknown, 1 online, 2 degraded, 3 faulted",
            pools,
            pool ->
                switch (pool.info().state()) {
                  case ONLINE -> ONLINE;
                  case SUSPENDED -> FAULTED;
                }));
  }
}
