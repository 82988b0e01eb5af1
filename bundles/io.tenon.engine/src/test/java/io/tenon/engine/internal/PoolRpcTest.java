package io.tenon.engine.internal;

import static io.grpc.Status.Code.ABORTED;
import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.DATA_LOSS;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INTERNAL;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.grpc.Status.Code.PERMISSION_DENIED;
import static io.grpc.Status.Code.RESOURCE_EXHAUSTED;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.CreatePoolRequest;
import io.tenon.engine.api.CreateReplicaRequest;
import io.tenon.engine.api.CreateReplicaSnapshotRequest;
import io.tenon.engine.api.CreateSnapshotCloneRequest;
import io.tenon.engine.api.DestroyPoolRequest;
import io.tenon.engine.api.DestroyReplicaRequest;
import io.tenon.engine.api.DestroySnapshotRequest;
import io.tenon.engine.api.GrowPoolRequest;
import io.tenon.engine.api.ImportPoolRequest;
import io.tenon.engine.api.ListPoolOptions;
import io.tenon.engine.api.ListReplicaOptions;
import io.tenon.engine.api.ListSnapshotsRequest;
import io.tenon.engine.api.NexusCreateSnapshotReplicaDescriptor;
import io.tenon.engine.api.NexusCreateSnapshotRequest;
import io.tenon.engine.api.Pool;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.PoolState;
import io.tenon.engine.api.PoolType;
import io.tenon.engine.api.Replica;
import io.tenon.engine.api.ReplicaRpcGrpc;
import io.tenon.engine.api.ResizeReplicaRequest;
import io.tenon.engine.api.SetReplicaEntityIdRequest;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.ShareReplicaRequest;
import io.tenon.engine.api.SnapshotRpcGrpc;
import io.tenon.linux.Errno;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** PoolRpc, ReplicaRpc and SnapshotRpc as a client sees them. */
class PoolRpcTest {
  private static final String DISK = "malloc:///disk?size_mb=64";
  private static final long MIB = 1 << 20;
  private static final String R1 = "11111111-2222-4333-8444-000000000001";
  private static final String S1 = "11111111-2222-4333-8444-000000000002";
  private static final String C1 = "11111111-2222-4333-8444-000000000003";
  private static final String NONE = "11111111-2222-4333-8444-000000000009";

  private TestNode node;
  private PoolRpcGrpc.PoolRpcBlockingStub pools;
  private ReplicaRpcGrpc.ReplicaRpcBlockingStub replicas;
  private SnapshotRpcGrpc.SnapshotRpcBlockingStub snapshots;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    pools = node.patient(PoolRpcGrpc.newBlockingStub(node.channel()));
    replicas = node.patient(ReplicaRpcGrpc.newBlockingStub(node.channel()));
    snapshots = node.patient(SnapshotRpcGrpc.newBlockingStub(node.channel()));
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private static CreatePoolRequest.Builder request() {
    return CreatePoolRequest.newBuilder().setName("fast0").addDisks(DISK).setClusterSize((int) MIB);
  }

  private Pool create() {
    return pools.createPool(request().build());
  }

  private static CreateReplicaRequest.Builder replica(long size) {
    return CreateReplicaRequest.newBuilder()
        .setName(R1)
        .setUuid(R1)
        .setPooluuid("fast0")
        .setThin(true)
        .setSize(size);
  }

  private Replica snapshotAndClone() {
    var _ =
        snapshots.createReplicaSnapshot(
            CreateReplicaSnapshotRequest.newBuilder()
                .setReplicaUuid(R1)
                .setSnapshotUuid(S1)
                .setSnapshotName("snap")
                .setEntityId("vol")
                .setTxnId("1")
                .build());
    return snapshots.createSnapshotClone(
        CreateSnapshotCloneRequest.newBuilder()
            .setSnapshotUuid(S1)
            .setCloneName("clone")
            .setCloneUuid(C1)
            .build());
  }

  @Test
  void aPoolIsMadeListedGrownAndDestroyed() {
    var pool = create();
    assertEquals(63 * MIB, pool.getCapacity());
    assertEquals(MIB, pool.getClusterSize());
    assertEquals(PoolState.POOL_ONLINE, pool.getState());
    assertEquals(DISK, pool.getDisks(0));
    assertEquals(1, pools.listPools(ListPoolOptions.getDefaultInstance()).getPoolsCount());
    var grown = pools.growPool(GrowPoolRequest.newBuilder().setName("fast0").build());
    assertEquals(grown.getPreviousPool(), grown.getCurrentPool());
    refused(ALREADY_EXISTS, this::create);
    var _ = pools.destroyPool(DestroyPoolRequest.newBuilder().setName("fast0").build());
    refused(
        NOT_FOUND,
        "fast0",
        () -> pools.destroyPool(DestroyPoolRequest.newBuilder().setName("fast0").build()));
  }

  @Test
  void whatCannotBeAPoolIsRefused() {
    refused(INVALID_ARGUMENT, () -> pools.createPool(request().clearDisks().build()));
    refused(INVALID_ARGUMENT, () -> pools.createPool(request().addDisks(DISK).build()));
    refused(INTERNAL, () -> pools.createPool(request().setClusterSize(512 << 10).build()));
    refused(
        FAILED_PRECONDITION, () -> pools.createPool(request().setPooltype(PoolType.Lvm).build()));
    refused(
        NOT_FOUND,
        () -> pools.createPool(request().clearDisks().addDisks("/nowhere/disk.img").build()));
    refused(
        INVALID_ARGUMENT,
        () ->
            pools.importPool(
                ImportPoolRequest.newBuilder().setName("fast0").addDisks(DISK).build()));
  }

  @Test
  void replicasAnswerWithTheCodesOfMayastor() {
    refused(FAILED_PRECONDITION, "fast0", () -> replicas.createReplica(replica(MIB).build()));
    var _ = create();
    refused(INVALID_ARGUMENT, () -> replicas.createReplica(replica(64 * MIB).build()));
    var made =
        replicas.createReplica(
            replica(4 * MIB).setEntityId("vol").setShare(ShareProtocol.NVMF).build());
    assertEquals(TestNode.TARGET + "nqn.2019-05.io.openebs:" + R1 + "?uuid=" + R1, made.getUri());
    assertEquals("vol", made.getEntityId());
    refused(ALREADY_EXISTS, () -> replicas.createReplica(replica(MIB).build()));
    var thick = replica(60 * MIB).setUuid(C1).setName("thick").setThin(false).build();
    var _ = replicas.createReplica(thick);
    refused(
        RESOURCE_EXHAUSTED,
        () -> replicas.createReplica(thick.toBuilder().setUuid(S1).setName("more").build()));
    var resize = ResizeReplicaRequest.newBuilder().setUuid(R1).setRequestedSize(6 * MIB);
    assertEquals(6 * MIB, replicas.resizeReplica(resize.build()).getSize());
    refused(
        RESOURCE_EXHAUSTED,
        () -> replicas.resizeReplica(resize.setRequestedSize(64 * MIB).build()));
    var share = ShareReplicaRequest.newBuilder().setUuid(R1).addAllowedHosts("nqn.a");
    refused(INVALID_ARGUMENT, () -> replicas.shareReplica(share.build()));
    var shared = replicas.shareReplica(share.setShare(ShareProtocol.NVMF).build());
    assertEquals("nqn.a", shared.getAllowedHosts(0));
  }

  @Test
  void aReplicaThatIsGoneIsToldFromOneWhosePoolIsNotLoaded() {
    var destroy = DestroyReplicaRequest.newBuilder().setUuid(NONE).setPoolName("fast0");
    refused(FAILED_PRECONDITION, () -> replicas.destroyReplica(destroy.build()));
    var _ = create();
    var gone =
        assertThrows(StatusRuntimeException.class, () -> replicas.destroyReplica(destroy.build()));
    assertEquals(NOT_FOUND, gone.getStatus().getCode());
    var trailers = gone.getTrailers();
    assertNotNull(trailers);
    assertEquals("0", trailers.get(ReplicaRpcService.REALLY_GONE));
    var _ = replicas.createReplica(replica(MIB).build());
    var _ =
        pools.createPool(
            request().setName("other").clearDisks().addDisks("malloc:///o?size_mb=64").build());
    refused(
        ABORTED, () -> replicas.destroyReplica(destroy.setUuid(R1).setPoolName("other").build()));
    var _ = replicas.destroyReplica(destroy.setPoolName("fast0").build());
    assertEquals(0, listed(ListReplicaOptions.getDefaultInstance()));
  }

  @Test
  void snapshotsAndClonesAreListedAsAskedForAndGoTogether() {
    var _ = create();
    var _ = replicas.createReplica(replica(4 * MIB).build());
    var clone = snapshotAndClone();
    assertTrue(clone.getIsClone());
    assertEquals(S1, clone.getSnapshotUuid());
    assertEquals(3, listed(ListReplicaOptions.getDefaultInstance()));
    var query = ListReplicaOptions.Query.newBuilder();
    assertEquals(0, listed(ListReplicaOptions.newBuilder().setQuery(query).build()));
    query.setClone(true).setReplica(true);
    assertEquals(2, listed(ListReplicaOptions.newBuilder().setQuery(query).build()));
    var listed = snapshots.listSnapshot(ListSnapshotsRequest.getDefaultInstance()).getSnapshots(0);
    assertEquals(1, listed.getNumClones());
    assertEquals(R1, listed.getSourceUuid());
    assertTrue(listed.getValidSnapshot());
    assertFalse(listed.getReadyAsSource());
    refused(
        DATA_LOSS,
        () ->
            replicas.setReplicaEntityId(
                SetReplicaEntityIdRequest.newBuilder().setUuid(S1).setEntityId("v").build()));
    refused(
        PERMISSION_DENIED,
        () ->
            replicas.resizeReplica(
                ResizeReplicaRequest.newBuilder().setUuid(S1).setRequestedSize(MIB).build()));
    var destroy = DestroySnapshotRequest.newBuilder().setSnapshotUuid(S1).setPoolName("fast0");
    var _ = snapshots.destroySnapshot(destroy.build());
    refused(
        NOT_FOUND,
        () ->
            snapshots.createSnapshotClone(
                CreateSnapshotCloneRequest.newBuilder()
                    .setSnapshotUuid(S1)
                    .setCloneName("again")
                    .setCloneUuid(NONE)
                    .build()));
    var discarded = ListSnapshotsRequest.Query.newBuilder().setDiscarded(true);
    assertEquals(
        1,
        snapshots
            .listSnapshot(ListSnapshotsRequest.newBuilder().setQuery(discarded).build())
            .getSnapshotsCount());
    var _ = replicas.destroyReplica(DestroyReplicaRequest.newBuilder().setUuid(C1).build());
    assertEquals(1, listed(ListReplicaOptions.getDefaultInstance()));
  }

  private int listed(ListReplicaOptions options) {
    return replicas.listReplicas(options).getReplicasCount();
  }

  private static final String NEXUS = "abcdef01-2222-4333-8444-555555555501";
  private static final String R2 = "11111111-2222-4333-8444-000000000011";
  private static final String S2 = "11111111-2222-4333-8444-000000000012";

  /** Two replicas, in two pools, and a nexus over both. */
  private void nexusOverTwoReplicas() {
    create();
    var _ =
        pools.createPool(
            request().setName("fast1").setDisks(0, "malloc:///disk1?size_mb=64").build());
    var _ = replicas.createReplica(replica(16 * MIB).build());
    var _ =
        replicas.createReplica(
            replica(16 * MIB).setName(R2).setUuid(R2).setPooluuid("fast1").build());
    var _ =
        node.nexus()
            .createNexus(
                CreateNexusRequest.newBuilder()
                    .setName("vol")
                    .setUuid(NEXUS)
                    .setSize(8 * MIB)
                    .setMinCntlId(1)
                    .setMaxCntlId(2)
                    .addChildren("bdev:///" + R1 + "?uuid=" + R1)
                    .addChildren("bdev:///" + R2 + "?uuid=" + R2)
                    .build());
  }

  private static NexusCreateSnapshotRequest.Builder snapshotOfBoth() {
    return NexusCreateSnapshotRequest.newBuilder()
        .setNexusUuid(NEXUS)
        .setEntityId("vol")
        .setTxnId("1")
        .setSnapshotName("snap")
        .addReplicas(ofReplica(R1).setSnapshotUuid(S1))
        .addReplicas(ofReplica(R2).setSnapshotUuid(S2));
  }

  private static NexusCreateSnapshotReplicaDescriptor.Builder ofReplica(String uuid) {
    return NexusCreateSnapshotReplicaDescriptor.newBuilder().setReplicaUuid(uuid);
  }

  @Test
  void allReplicasOfANexusTakeASnapshotAtTheSameMoment() {
    nexusOverTwoReplicas();
    var answer = snapshots.createNexusSnapshot(snapshotOfBoth().build());
    assertEquals(NEXUS, answer.getNexus().getUuid());
    assertEquals(2, answer.getReplicasDoneCount());
    for (var done : answer.getReplicasDoneList()) assertEquals(0, done.getStatusCode());
    var listed =
        snapshots.listSnapshot(ListSnapshotsRequest.getDefaultInstance()).getSnapshotsList();
    assertEquals(2, listed.size());
    for (var snapshot : listed) {
      assertEquals(answer.getSnapshotTimestamp(), snapshot.getTimestamp());
      assertEquals("snap", snapshot.getSnapshotName());
      assertEquals("vol", snapshot.getEntityId());
    }
  }

  @Test
  void aReplicaThatTookNoneIsToldByItsErrorNumberAndTheCallIsOk() {
    nexusOverTwoReplicas();
    var _ = snapshots.createNexusSnapshot(snapshotOfBoth().build());
    var request = snapshotOfBoth().setSnapshotName("snap2");
    request.getReplicasBuilder(1).setSnapshotUuid(C1);
    var answer = snapshots.createNexusSnapshot(request.build());
    var codes = answer.getReplicasDoneList().stream().map(done -> done.getStatusCode()).toList();
    assertEquals(List.of(Errno.EEXIST, 0), codes);
  }

  @Test
  void aReplicaIsLeftOutOnlyByRequest() {
    nexusOverTwoReplicas();
    var skipping = snapshotOfBoth();
    skipping.getReplicasBuilder(1).setSkip(true);
    var answer = snapshots.createNexusSnapshot(skipping.build());
    assertEquals(List.of(R2), answer.getReplicasSkippedList());
    assertEquals(1, answer.getReplicasDoneCount());

    var missing = snapshotOfBoth().removeReplicas(1).build();
    refused(INTERNAL, R2, () -> snapshots.createNexusSnapshot(missing));
    var twice = snapshotOfBoth().addReplicas(ofReplica(R1).setSnapshotUuid(C1)).build();
    refused(INTERNAL, "twice", () -> snapshots.createNexusSnapshot(twice));
    var without = snapshotOfBoth();
    without.getReplicasBuilder(0).clearSnapshotUuid();
    refused(INTERNAL, "no snapshot uuid", () -> snapshots.createNexusSnapshot(without.build()));
    var nobody = snapshotOfBoth().setNexusUuid(NONE).build();
    refused(NOT_FOUND, NONE, () -> snapshots.createNexusSnapshot(nobody));
    var nameless = snapshotOfBoth().setSnapshotName("").build();
    refused(INVALID_ARGUMENT, "name", () -> snapshots.createNexusSnapshot(nameless));
  }
}
