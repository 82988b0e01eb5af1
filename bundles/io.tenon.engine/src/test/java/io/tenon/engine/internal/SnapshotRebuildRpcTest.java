package io.tenon.engine.internal;

import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.grpc.Status.Code.OUT_OF_RANGE;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.engine.api.AddFaultInjectionRequest;
import io.tenon.engine.api.CreatePoolRequest;
import io.tenon.engine.api.CreateReplicaRequest;
import io.tenon.engine.api.CreateReplicaSnapshotRequest;
import io.tenon.engine.api.CreateSnapshotRebuildRequest;
import io.tenon.engine.api.DestroySnapshotRebuildRequest;
import io.tenon.engine.api.JsonRpcGrpc;
import io.tenon.engine.api.JsonRpcRequest;
import io.tenon.engine.api.ListReplicaOptions;
import io.tenon.engine.api.ListSnapshotRebuildRequest;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.Replica;
import io.tenon.engine.api.ReplicaRpcGrpc;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.ShareReplicaRequest;
import io.tenon.engine.api.SnapshotRebuild;
import io.tenon.engine.api.SnapshotRebuild.RebuildStatus;
import io.tenon.engine.api.SnapshotRebuildBitmap;
import io.tenon.engine.api.SnapshotRebuildRpcGrpc;
import io.tenon.engine.api.SnapshotRpcGrpc;
import io.tenon.engine.api.TestRpcGrpc;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A replica that is filled with what a snapshot of another one holds. */
class SnapshotRebuildRpcTest {
  private static final String JOB = "abcdef01-2222-4333-8444-555555555600";
  private static final String SOURCE = "abcdef01-2222-4333-8444-555555555601";
  private static final String COPY = "abcdef01-2222-4333-8444-555555555602";
  private static final String SMALL = "abcdef01-2222-4333-8444-555555555603";
  private static final String SNAPSHOT = "abcdef01-2222-4333-8444-555555555604";
  private static final String UNKNOWN = "abcdef01-2222-4333-8444-5555555556ff";
  private static final long MIB = 1 << 20;
  private static final int DATA_BLOCKS = 8192;
  private static final int PART = 128;

  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    pool("one");
    pool("two");
    replica("source", SOURCE, "one", 32);
    replica("copy", COPY, "two", 32);
    replica("small", SMALL, "two", 16);
    write();
    var _ =
        node.patient(SnapshotRpcGrpc.newBlockingStub(node.channel()))
            .createReplicaSnapshot(
                CreateReplicaSnapshotRequest.newBuilder()
                    .setReplicaUuid(SOURCE)
                    .setSnapshotUuid(SNAPSHOT)
                    .setSnapshotName("snap")
                    .setEntityId("vol")
                    .setTxnId("1")
                    .build());
    // What comes after the snapshot is none of it.
    try (var volume = volume("source")) {
      assertEquals(IoStatus.SUCCESS, volume.write(0, new byte[4096]));
    }
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private void pool(String name) {
    var _ =
        node.patient(PoolRpcGrpc.newBlockingStub(node.channel()))
            .createPool(
                CreatePoolRequest.newBuilder()
                    .setName(name)
                    .addDisks("malloc:///disk-" + name + "?size_mb=96")
                    .build());
  }

  private void replica(String name, String uuid, String pool, int mib) {
    var _ =
        node.patient(ReplicaRpcGrpc.newBlockingStub(node.channel()))
            .createReplica(
                CreateReplicaRequest.newBuilder()
                    .setName(name)
                    .setUuid(uuid)
                    .setPooluuid(pool)
                    .setSize(mib * MIB)
                    .setThin(true)
                    .build());
  }

  private TestVolume volume(String device) {
    return new TestVolume(node.devices().find(device).orElseThrow(), node.reactor());
  }

  private static byte[] part(int block) {
    var content = new byte[PART * 512];
    new Random(block).nextBytes(content);
    return content;
  }

  private void write() {
    try (var volume = volume("source")) {
      for (int block = 0; block < DATA_BLOCKS; block += PART) {
        assertEquals(IoStatus.SUCCESS, volume.write(block, part(block)));
      }
    }
  }

  private SnapshotRebuildRpcGrpc.SnapshotRebuildRpcBlockingStub rebuilds() {
    return node.patient(SnapshotRebuildRpcGrpc.newBlockingStub(node.channel()));
  }

  private SnapshotRebuild create(Consumer<CreateSnapshotRebuildRequest.Builder> change) {
    var request =
        CreateSnapshotRebuildRequest.newBuilder()
            .setUuid(JOB)
            .setReplicaUuid(COPY)
            .setSnapshotUuid(SNAPSHOT)
            .setReplicaUri("bdev:///copy?uuid=" + COPY)
            .setSnapshotUri("bdev:///snap");
    change.accept(request);
    return rebuilds().createSnapshotRebuild(request.build());
  }

  private SnapshotRebuild list(String uuid) {
    return rebuilds()
        .listSnapshotRebuild(ListSnapshotRebuildRequest.newBuilder().setReplicaUuid(uuid).build())
        .getRebuilds(0);
  }

  private int count() {
    return rebuilds()
        .listSnapshotRebuild(ListSnapshotRebuildRequest.getDefaultInstance())
        .getRebuildsCount();
  }

  private void destroy(String uuid) {
    var _ =
        rebuilds()
            .destroySnapshotRebuild(
                DestroySnapshotRebuildRequest.newBuilder().setUuid(uuid).build());
  }

  private SnapshotRebuild ended() {
    Waiting.until(
        "it has ended",
        () -> list(JOB).getStatus() != RebuildStatus.Running,
        () -> list(JOB).toString());
    return list(JOB);
  }

  private void inject(String uri) {
    var _ =
        node.patient(TestRpcGrpc.newBlockingStub(node.channel()))
            .addFaultInjection(AddFaultInjectionRequest.newBuilder().setUri(uri).build());
  }

  private Replica copy() {
    return node.patient(ReplicaRpcGrpc.newBlockingStub(node.channel()))
        .listReplicas(
            ListReplicaOptions.newBuilder()
                .setUuid(com.google.protobuf.StringValue.of(COPY))
                .build())
        .getReplicas(0);
  }

  @Test
  void theReplicaHoldsWhatTheSnapshotHeldAndNoMoreThanThat() throws Exception {
    var begun = create(request -> {});
    assertEquals(COPY, begun.getReplicaUuid());
    assertEquals(SNAPSHOT, begun.getSnapshotUuid());
    assertEquals("bdev:///snap", begun.getSnapshotUri());
    var ended = ended();
    assertEquals(RebuildStatus.Successful, ended.getStatus(), ended.toString());
    assertEquals(32 * MIB, ended.getTotal());
    assertEquals(32 * MIB, ended.getRebuilt());
    assertEquals(0, ended.getRemaining());
    assertTrue(ended.hasEndTimestamp() && ended.hasStartTimestamp());
    try (var volume = volume("copy")) {
      for (int block = 0; block < DATA_BLOCKS; block += PART) {
        assertEquals(IoStatus.SUCCESS, volume.read(block, PART));
        assertArrayEquals(part(block), volume.content(PART), "block " + block);
      }
    }
    long clusters = copy().getUsage().getNumAllocatedClusters();
    assertTrue(
        clusters * copy().getUsage().getClusterSize() <= 2 * DATA_BLOCKS * 512L,
        clusters + " clusters");
  }

  @Test
  void theSameUuidIsTheSameRebuildAndIsForgottenWhenDestroyed() throws Exception {
    var begun = create(request -> {});
    assertEquals(
        begun.getStartTimestamp(),
        create(request -> request.setSnapshotUri("")).getStartTimestamp());
    assertEquals(1, count());
    var _ = ended();
    destroy(JOB);
    assertEquals(0, count());
    refused(NOT_FOUND, JOB, () -> destroy(JOB));
    refused(NOT_FOUND, JOB, () -> list(JOB));
    var _ = create(request -> {});
    assertEquals(RebuildStatus.Successful, ended().getStatus());
  }

  @ParameterizedTest
  @CsvSource({"copy, write, NO_SPACE, no_space", "snap, read, IO_ERROR, io_error"})
  void afterAFaultItHasFailed(String device, String op, String status, String name)
      throws Exception {
    inject("inject://%s?op=%s&method=status-%s".formatted(device, op, name));
    var _ = create(request -> {});
    var ended = ended();
    assertEquals(RebuildStatus.Failed, ended.getStatus());
    assertTrue(ended.getRemaining() > 0, ended.toString());
  }

  @Test
  void oneThatIsUnderWayIsStoppedAndNobodyElseUsesTheReplicaMeanwhile() throws Exception {
    inject("inject://copy?op=write&method=delay-50");
    var _ = create(request -> {});
    assertEquals(RebuildStatus.Running, list(JOB).getStatus());
    refused(
        INVALID_ARGUMENT,
        () ->
            node.patient(ReplicaRpcGrpc.newBlockingStub(node.channel()))
                .shareReplica(
                    ShareReplicaRequest.newBuilder()
                        .setUuid(COPY)
                        .setShare(ShareProtocol.NVMF)
                        .build()));
    refused(FAILED_PRECONDITION, JOB, () -> create(request -> request.setUuid(UNKNOWN)));
    destroy(JOB);
    assertEquals(0, count());
    assertEquals("", node.devices().find("copy").orElseThrow().claimedBy().orElse(""));
  }

  @Test
  void whatDoesNotFitIsRefusedWithMayastorsCodes() {
    creationRefused(INVALID_ARGUMENT, request -> request.setUuid("job"));
    creationRefused(
        INVALID_ARGUMENT, request -> request.setBitmap(SnapshotRebuildBitmap.newBuilder()));
    creationRefused(INVALID_ARGUMENT, request -> request.setReplicaUuid(SMALL));
    creationRefused(INVALID_ARGUMENT, request -> request.setReplicaUuid("?"));
    creationRefused(
        INVALID_ARGUMENT, request -> request.setReplicaUuid("").setReplicaUri("bdev:///disk-one"));
    creationRefused(INVALID_ARGUMENT, request -> request.setSnapshotUri("bdev:///copy"));
    creationRefused(INVALID_ARGUMENT, request -> request.setSnapshotUri("floppy:///a"));
    creationRefused(INVALID_ARGUMENT, request -> request.setSnapshotUri(""));
    creationRefused(
        OUT_OF_RANGE, request -> request.setReplicaUuid(SMALL).setReplicaUri("bdev:///small"));
    creationRefused(FAILED_PRECONDITION, request -> request.setSnapshotUri("bdev:///nobody"));
    creationRefused(
        NOT_FOUND, request -> request.setReplicaUuid("").setReplicaUri("bdev:///nobody"));
    creationRefused(NOT_FOUND, request -> request.setReplicaUuid(UNKNOWN).setReplicaUri(""));
    creationRefused(NOT_FOUND, request -> request.setReplicaUuid("").setReplicaUri(""));
    assertEquals(0, count());
    assertEquals("", node.devices().find("copy").orElseThrow().claimedBy().orElse(""));
  }

  private void creationRefused(
      Status.Code code, Consumer<CreateSnapshotRebuildRequest.Builder> change) {
    refused(code, () -> create(change));
  }

  @Test
  void jsonRpcSaysThatThereIsNoSpdkInside() {
    var json = node.patient(JsonRpcGrpc.newBlockingStub(node.channel()));
    refused(
        NOT_FOUND,
        "bdev_get_bdevs",
        () -> json.jsonRpcCall(JsonRpcRequest.newBuilder().setMethod("bdev_get_bdevs").build()));
    var list = JsonRpcRequest.newBuilder().setMethod("rpc_get_methods");
    assertTrue(json.jsonRpcCall(list.build()).getResult().contains("rpc_get_methods"));
    refused(INVALID_ARGUMENT, () -> json.jsonRpcCall(list.setParams("[").build()));
  }
}
