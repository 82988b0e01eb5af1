package io.tenon.engine.internal;

import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.engine.api.AddFaultInjectionRequest;
import io.tenon.engine.api.ChildAction;
import io.tenon.engine.api.ChildOperationRequest;
import io.tenon.engine.api.ChildState;
import io.tenon.engine.api.ChildStateReason;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.CreatePoolRequest;
import io.tenon.engine.api.CreateReplicaRequest;
import io.tenon.engine.api.FaultInjection;
import io.tenon.engine.api.ListFaultInjectionsRequest;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.Nexus;
import io.tenon.engine.api.NexusState;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.RemoveFaultInjectionRequest;
import io.tenon.engine.api.ReplicaRpcGrpc;
import io.tenon.engine.api.TestRpcGrpc;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults by gRPC, and what they do to a nexus of two replicas. */
class FaultInjectionRpcTest {
  private static final String NEXUS = "abcdef01-2222-4333-8444-555555555501";
  private static final long MIB = 1 << 20;

  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private TestRpcGrpc.TestRpcBlockingStub tests() {
    return node.patient(TestRpcGrpc.newBlockingStub(node.channel()));
  }

  private void add(String uri) {
    var _ = tests().addFaultInjection(AddFaultInjectionRequest.newBuilder().setUri(uri).build());
  }

  private void remove(String uri) {
    var _ =
        tests().removeFaultInjection(RemoveFaultInjectionRequest.newBuilder().setUri(uri).build());
  }

  private List<FaultInjection> list() {
    return tests()
        .listFaultInjections(ListFaultInjectionsRequest.getDefaultInstance())
        .getInjectionsList();
  }

  private void replica(int number) {
    var _ =
        node.patient(PoolRpcGrpc.newBlockingStub(node.channel()))
            .createPool(
                CreatePoolRequest.newBuilder()
                    .setName("pool" + number)
                    .addDisks("malloc:///disk" + number + "?size_mb=64")
                    .build());
    var _ =
        node.patient(ReplicaRpcGrpc.newBlockingStub(node.channel()))
            .createReplica(
                CreateReplicaRequest.newBuilder()
                    .setName("rep" + number)
                    .setUuid("abcdef01-2222-4333-8444-55555555560" + number)
                    .setPooluuid("pool" + number)
                    .setSize(32 * MIB)
                    .setThin(true)
                    .build());
  }

  private void nexus() {
    replica(1);
    replica(2);
    var _ =
        node.nexus()
            .createNexus(
                CreateNexusRequest.newBuilder()
                    .setName("vol")
                    .setUuid(NEXUS)
                    .setSize(16 * MIB)
                    .setMinCntlId(1)
                    .setMaxCntlId(2)
                    .addChildren("bdev:///rep1")
                    .addChildren("bdev:///rep2")
                    .build());
  }

  private Nexus theNexus() {
    return node.nexus().listNexus(ListNexusOptions.getDefaultInstance()).getNexusList(0);
  }

  private Nexus when(NexusState state) {
    Waiting.until(
        "it is " + state, () -> theNexus().getState() == state, () -> theNexus().toString());
    return theNexus();
  }

  @Test
  void aChildWhoseWritesFailIsFaultedAndAfterwardsRebuilt() throws Exception {
    nexus();
    String fault = "inject://rep2?domain=nexus_child&op=write&stage=completion&method=status";
    add(fault);
    try (var volume = new TestVolume(node.devices().find("vol").orElseThrow(), node.reactor())) {
      for (int block = 0; block < 64; block += 8) {
        assertEquals(IoStatus.SUCCESS, volume.write(block, new byte[4096]));
      }
    }
    var degraded = when(NexusState.NEXUS_DEGRADED);
    assertEquals(ChildState.CHILD_STATE_FAULTED, degraded.getChildren(1).getState());
    assertEquals(
        ChildStateReason.CHILD_STATE_REASON_IO_FAILURE, degraded.getChildren(1).getStateReason());
    assertEquals(ChildState.CHILD_STATE_ONLINE, degraded.getChildren(0).getState());

    remove(fault);
    var _ =
        node.nexus()
            .childOperation(
                ChildOperationRequest.newBuilder()
                    .setNexusUuid(NEXUS)
                    .setUri("bdev:///rep2")
                    .setAction(ChildAction.Online)
                    .build());
    var _ = when(NexusState.NEXUS_ONLINE);
  }

  @Test
  void whatIsInjectedIsListedUntilItIsRemoved() throws Exception {
    assertEquals(List.of(), list());
    String now = "inject://disk?op=read";
    String later = "inject://disk?op=write&begin_at=3600000";
    add(now);
    add(later);
    assertEquals(List.of(now, later), list().stream().map(FaultInjection::getUri).toList());
    assertEquals("disk", list().getFirst().getDeviceName());
    assertTrue(list().getFirst().getIsActive());
    assertFalse(list().getLast().getIsActive());
    refused(ALREADY_EXISTS, now, () -> add(now));
    remove(now);
    assertEquals(List.of(later), list().stream().map(FaultInjection::getUri).toList());
    refused(NOT_FOUND, now, () -> remove(now));
  }

  @Test
  void aDeviceThatComesLaterAndOneThatComesAgainHaveTheirFaults() throws Exception {
    add("inject://late?stage=submission&op=write");
    for (int round = 0; round < 2; round++) {
      var slot = node.devices().create("malloc:///late?size_mb=8");
      try (var volume = new TestVolume(slot, node.reactor())) {
        assertEquals(IoStatus.IO_ERROR, volume.write(0, new byte[512]));
        assertEquals(IoStatus.SUCCESS, volume.read(0, 1));
      }
      node.devices().destroy(slot);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"submission", "completion"})
  void aDelayedWriteEndsLaterAndWell(String stage) throws Exception {
    var slot = node.devices().create("malloc:///slow?size_mb=8");
    try (var volume = new TestVolume(slot, node.reactor())) {
      add("inject://slow?op=write&method=delay-200&stage=" + stage);
      long begun = System.nanoTime();
      assertEquals(IoStatus.SUCCESS, volume.write(0, new byte[512]));
      assertTrue(System.nanoTime() - begun >= 200_000_000L);
      assertEquals(IoStatus.SUCCESS, volume.read(0, 1));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "inject://",
        "inject://a?colour=red",
        "malloc:///a",
        "inject://a?begin_at=2&end_at=1"
      })
  void whatIsNoFaultIsRefused(String uri) {
    refused(INVALID_ARGUMENT, () -> add(uri));
    assertEquals(List.of(), list());
  }
}
