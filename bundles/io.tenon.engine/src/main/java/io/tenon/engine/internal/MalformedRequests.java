package io.tenon.engine.internal;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** A request that is no message of its type is an invalid argument; gRPC alone would end the call as UNKNOWN, by a bug. */
final class MalformedRequests implements ServerInterceptor {
  private MalformedRequests() {}

  /** Takes bytes to the interceptor, so that it is there when they are parsed. */
  static ServerServiceDefinition refusedBy(ServerServiceDefinition service) {
    return ServerInterceptors.intercept(
        ServerInterceptors.useInputStreamMessages(service), new MalformedRequests());
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      private boolean refused;

      @Override
      public void onMessage(Q message) {
        try {
          super.onMessage(message);
        } catch (StatusRuntimeException e) {
          if (!(e.getCause() instanceof InvalidProtocolBufferException malformed)) throw e;
          refused = true;
          String method = call.getMethodDescriptor().getFullMethodName();
          call.close(
              Status.INVALID_ARGUMENT
                  .withDescription(
                      "The request is no message of %s. %s"
                          .formatted(method, malformed.getMessage()))
                  .withCause(e),
              new Metadata());
        }
      }

      @Override
      public void onHalfClose() {
        if (!refused) super.onHalfClose();
      }
    };
  }
}
