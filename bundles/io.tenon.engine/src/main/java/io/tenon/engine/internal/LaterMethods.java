package io.tenon.engine.internal;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The parts of API v1 that this version does not have. They are served all the same, so that a caller reads a sentence
 * instead of guessing: every such call ends with UNIMPLEMENTED.
 */
final class LaterMethods {
  private static final List<ServiceDescriptor> ALL =
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

  /** Methods of services that are served, which are not. */
  private static final Map<String, Set<String>> MISSING =
      Map.of(
          TestRpcGrpc.SERVICE_NAME,
          Set.of("AddFaultInjection", "RemoveFaultInjection", "ListFaultInjections"));

  private LaterMethods() {}

  /** All services of API v1: {@code served} as they are, and the rest as refusals. */
  static List<ServerServiceDefinition> completed(List<ServerServiceDefinition> served) {
    var byName = new HashMap<String, ServerServiceDefinition>();
    for (var service : served) byName.put(service.getServiceDescriptor().getName(), service);
    var complete = new ArrayList<ServerServiceDefinition>();
    for (var descriptor : ALL) {
      var builder = ServerServiceDefinition.builder(descriptor);
      var service = byName.get(descriptor.getName());
      var missing = MISSING.getOrDefault(descriptor.getName(), Set.of());
      for (var method : descriptor.getMethods()) {
        if (service == null || missing.contains(method.getBareMethodName())) {
          refuse(builder, method);
        } else {
          builder.addMethod(service.getMethod(method.getFullMethodName()));
        }
      }
      complete.add(builder.build());
    }
    return complete;
  }

  private static <Q, R> void refuse(
      ServerServiceDefinition.Builder builder, MethodDescriptor<Q, R> method) {
    var status =
        Status.UNIMPLEMENTED.withDescription(
            "This version of Tenon does not offer %s of %s. Upgrade the node, or do without it."
                .formatted(method.getBareMethodName(), method.getServiceName()));
    builder.addMethod(
        method,
        new ServerCallHandler<Q, R>() {
          @Override
          public ServerCall.Listener<Q> startCall(ServerCall<Q, R> call, Metadata headers) {
            call.close(status, new Metadata());
            return new ServerCall.Listener<>() {};
          }
        });
  }
}
