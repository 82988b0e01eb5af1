package io.tenon.engine.internal;

import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Empty;
import io.tenon.engine.api.CreatePoolRequest;
import io.tenon.engine.api.CreateReplicaRequest;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.ReplicaRpcGrpc;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.ShareReplicaRequest;
import io.tenon.engine.api.StreamWipeOptions;
import io.tenon.engine.api.TestRpcGrpc;
import io.tenon.engine.api.WipeOptions;
import io.tenon.engine.api.WipeReplicaRequest;
import io.tenon.engine.api.WipeReplicaResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** TestRpc as a client sees it. */
class TestRpcTest {
  private static final long MIB = 1 << 20;
  private static final String R1 = "11111111-2222-4333-8444-000000000001";
  private static final String NONE = "11111111-2222-4333-8444-000000000009";

  private TestNode node;
  private ReplicaRpcGrpc.ReplicaRpcBlockingStub replicas;
  private TestRpcGrpc.TestRpcBlockingStub tests;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    replicas = node.patient(ReplicaRpcGrpc.newBlockingStub(node.channel()));
    tests = node.patient(TestRpcGrpc.newBlockingStub(node.channel()));
    var _ =
        node.patient(PoolRpcGrpc.newBlockingStub(node.channel()))
            .createPool(
                CreatePoolRequest.newBuilder()
                    .setName("fast0")
                    .addDisks("malloc:///disk?size_mb=64")
                    .build());
    var _ =
        replicas.createReplica(
            CreateReplicaRequest.newBuilder()
                .setName("r1")
                .setUuid(R1)
                .setPooluuid("fast0")
                .setSize(8 * MIB)
                .build());
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private static WipeReplicaRequest.Builder request(WipeOptions.WipeMethod method, long chunk) {
    return WipeReplicaRequest.newBuilder()
        .setUuid(R1)
        .setWipeOptions(
            StreamWipeOptions.newBuilder()
                .setOptions(WipeOptions.newBuilder().setWipeMethod(method))
                .setChunkSize(chunk));
  }

  private List<WipeReplicaResponse> wipe(WipeReplicaRequest.Builder request) {
    var messages = new ArrayList<WipeReplicaResponse>();
    tests.wipeReplica(request.build()).forEachRemaining(messages::add);
    return messages;
  }

  @Test
  void eachChunkHasAMessageAndOneComesBefore() {
    var messages = wipe(request(WipeOptions.WipeMethod.WRITE_ZEROES, 3 * MIB));
    assertEquals(4, messages.size());
    assertEquals(0, messages.getFirst().getWipedBytes());
    var last = messages.getLast();
    assertEquals(R1, last.getUuid());
    assertEquals(8 * MIB, last.getTotalBytes());
    assertEquals(8 * MIB, last.getWipedBytes());
    assertEquals(3, last.getWipedChunks());
    assertEquals(3, last.getTotalChunks());
    assertEquals(2 * MIB, last.getLastChunkSize());
    assertEquals(0, last.getRemainingBytes());
    assertFalse(last.hasCrc32());
  }

  @Test
  void theChecksumOfAWipedReplicaIsThatOfZeroes() {
    var _ = wipe(request(WipeOptions.WipeMethod.WRITE_ZEROES, 0));
    var messages = wipe(request(WipeOptions.WipeMethod.CHECKSUM, 0));
    assertEquals(2, messages.size());
    var zeroes = new CRC32C();
    zeroes.update(new byte[(int) (8 * MIB)]);
    assertTrue(messages.getLast().hasCrc32());
    assertEquals((int) zeroes.getValue(), messages.getLast().getCrc32());
  }

  @Test
  void whatCannotBeDoneIsRefused() {
    refused(NOT_FOUND, () -> wipe(request(WipeOptions.WipeMethod.NONE, 0).setUuid(NONE)));
    refused(NOT_FOUND, () -> wipe(request(WipeOptions.WipeMethod.NONE, 0).setPoolName("other")));
    refused(INVALID_ARGUMENT, () -> wipe(request(WipeOptions.WipeMethod.NONE, 100)));
    var unknown = request(WipeOptions.WipeMethod.NONE, 0);
    unknown.getWipeOptionsBuilder().getOptionsBuilder().setWipeMethodValue(77);
    refused(INVALID_ARGUMENT, () -> wipe(unknown));
    var _ =
        replicas.shareReplica(
            ShareReplicaRequest.newBuilder().setUuid(R1).setShare(ShareProtocol.NVMF).build());
    refused(FAILED_PRECONDITION, () -> wipe(request(WipeOptions.WipeMethod.WRITE_ZEROES, 0)));
    assertEquals(2, wipe(request(WipeOptions.WipeMethod.NONE, 0)).size());
  }

  @Test
  void itsFeaturesAreListed() {
    var features = tests.getFeatures(Empty.getDefaultInstance());
    assertEquals(5, features.getWipeMethodsCount());
    assertEquals(List.of(WipeOptions.CheckSumAlgorithm.Crc32c), features.getCksumAlgsList());
  }
}
