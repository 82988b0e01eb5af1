package io.tenon.engine.internal;

import static io.grpc.Status.Code.NOT_FOUND;
import static io.grpc.Status.Code.UNIMPLEMENTED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Empty;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.tenon.engine.api.BdevRpcGrpc;
import io.tenon.engine.api.HostRpcGrpc;
import io.tenon.engine.api.JsonRpcGrpc;
import io.tenon.engine.api.NexusRpcGrpc;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.ReplicaRpcGrpc;
import io.tenon.engine.api.SnapshotRebuildRpcGrpc;
import io.tenon.engine.api.SnapshotRpcGrpc;
import io.tenon.engine.api.StatsRpcGrpc;
import io.tenon.engine.api.TestRpcGrpc;
import io.tenon.error.TenonException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What all services have in common: reflection, health, and that every method of API v1 is there. */
class GrpcListenerTest {
  private static final List<ServiceDescriptor> SERVICES =
      List.of(
          BdevRpcGrpc.getServiceDescriptor(),
          HostRpcGrpc.getServiceDescriptor(),
          JsonRpcGrpc.getServiceDescriptor(),
          NexusRpcGrpc.getServiceDescriptor(),
          PoolRpcGrpc.getServiceDescriptor(),
          ReplicaRpcGrpc.getServiceDescriptor(),
          SnapshotRebuildRpcGrpc.getServiceDescriptor(),
          SnapshotRpcGrpc.getServiceDescriptor(),
          StatsRpcGrpc.getServiceDescriptor(),
          TestRpcGrpc.getServiceDescriptor());

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static TestNode node;

  @BeforeAll
  static void start() throws Exception {
    node = new TestNode();
  }

  @AfterAll
  static void stop() throws Exception {
    node.close();
  }

  static List<String> methods() {
    var names = new ArrayList<String>();
    for (var service : SERVICES) {
      for (var method : service.getMethods()) names.add(method.getFullMethodName());
    }
    return names;
  }

  /** Without any field. */
  private static Status call(String method) {
    var empty = ProtoUtils.marshaller(Empty.getDefaultInstance());
    var descriptor = MethodDescriptor.newBuilder(empty, empty).setFullMethodName(method);
    try {
      ClientCalls.blockingUnaryCall(
          node.channel(),
          descriptor.setType(MethodDescriptor.MethodType.UNARY).build(),
          CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
          Empty.getDefaultInstance());
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void everyMethodAnswersEvenAnEmptyRequest(String method) {
    assertTrue(
        Set.of(Status.Code.OK, Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND)
            .contains(call(method).getCode()),
        () -> method + ": " + call(method));
  }

  @Test
  void reflectionTellsAllServices() throws Exception {
    var response = reflect(ServerReflectionRequest.newBuilder().setListServices("").build());
    var names = new TreeSet<String>();
    for (var service : response.getListServicesResponse().getServiceList()) {
      names.add(service.getName());
    }
    var expected =
        new TreeSet<>(Set.of("grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"));
    for (var service : SERVICES) expected.add(service.getName());
    assertEquals(expected, names);
  }

  @Test
  void reflectionDescribesAServiceWithFieldsAsMayastorNumbersThem() throws Exception {
    var asked =
        ServerReflectionRequest.newBuilder().setFileContainingSymbol("mayastor.v1.NexusRpc");
    var files = reflect(asked.build()).getFileDescriptorResponse();
    assertTrue(files.getFileDescriptorProtoCount() > 0);
    var nexus = FileDescriptorProto.parseFrom(files.getFileDescriptorProto(0));
    assertEquals("mayastor.v1", nexus.getPackage());
    var create =
        nexus.getMessageTypeList().stream()
            .filter(message -> message.getName().equals("CreateNexusRequest"))
            .findFirst()
            .orElseThrow();
    var fields = new ArrayList<String>();
    for (var field : create.getFieldList()) fields.add(field.getName() + "=" + field.getNumber());
    assertEquals(
        List.of(
            "name=1",
            "uuid=2",
            "size=3",
            "minCntlId=4",
            "maxCntlId=5",
            "resvKey=6",
            "preemptKey=7",
            "children=8",
            "nexusInfoKey=9",
            "resvType=10",
            "preemptPolicy=11"),
        fields);
  }

  private static ServerReflectionResponse reflect(ServerReflectionRequest request)
      throws Exception {
    var response = new CompletableFuture<ServerReflectionResponse>();
    var requests =
        ServerReflectionGrpc.newStub(node.channel())
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse value) {
                    response.complete(value);
                  }

                  @Override
                  public void onError(Throwable thrown) {
                    response.completeExceptionally(thrown);
                  }

                  @Override
                  public void onCompleted() {}
                });
    requests.onNext(request);
    var answered = response.get(20, TimeUnit.SECONDS);
    requests.onCompleted();
    return answered;
  }

  private static ServingStatus health(TestNode of, String service) {
    return of.patient(HealthGrpc.newBlockingStub(of.channel()))
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "mayastor.v1.BdevRpc", "mayastor.v1.NexusRpc", "mayastor.v1.HostRpc"})
  void healthIsServingForTheNodeAndForEachServiceThatItOffers(String service) {
    assertEquals(ServingStatus.SERVING, health(node, service));
  }

  @Test
  void healthOfAServiceThatIsNotOfferedIsNotFound() {
    var status =
        assertThrows(StatusRuntimeException.class, () -> health(node, "mayastor.v1.Nothing"));
    assertEquals(NOT_FOUND, status.getStatus().getCode());
  }

  @Test
  void anAddressThatIsTakenIsRefusedWithTheReason() {
    var taken = new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port());
    var refusal = assertThrows(TenonException.class, () -> new GrpcListener(taken, List.of(), 0));
    assertTrue(refusal.what().contains(String.valueOf(node.port())), refusal.what());
    assertTrue(refusal.why().contains("in use"), refusal.why());
  }

  /** A thread that goes on after its bundle has stopped runs into classes that are no more. */
  @Test
  void noThreadOfAListenerOutlivesIt() throws Exception {
    var before = socketThreads();
    var other = new TestNode();
    try {
      assertEquals(ServingStatus.SERVING, health(other, ""));
      assertTrue(socketThreads().size() > before.size());
    } finally {
      other.close();
    }
    for (var left : socketThreads()) {
      if (before.contains(left)) continue;
      left.join(PATIENCE);
      assertFalse(left.isAlive(), left.getName());
    }
  }

  private static Set<Thread> socketThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("tenon-grpc"))
        .collect(Collectors.toSet());
  }

  @Test
  void whoAsksForAServiceThatNobodyKnowsReadsUnimplemented() {
    assertEquals(UNIMPLEMENTED, call("mayastor.v1.Nothing/Do").getCode());
  }
}
