package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import io.grpc.stub.StreamObserver;
import io.tenon.engine.api.JsonRpcGrpc;
import io.tenon.engine.api.JsonRpcRequest;
import io.tenon.engine.api.JsonRpcResponse;

/**
 * {@code mayastor.v1.JsonRpc}. With Mayastor it reaches into SPDK, past its own API; there is no SPDK here. It answers as an SPDK that has no
 * method but the one that lists its methods, so that tools that ask first go on without.
 */
final class JsonRpcService extends JsonRpcGrpc.JsonRpcImplBase {
  private static final String LISTS_METHODS = "rpc_get_methods";

  @Override
  public void jsonRpcCall(JsonRpcRequest request, StreamObserver<JsonRpcResponse> observer) {
    answer(
        observer,
        () -> {
          if (!request.getMethod().equals(LISTS_METHODS)) {
            throw Answers.notFound(
                "There is no JSON-RPC method %s: such methods are SPDK's, and this engine has none inside. Use the services of API v1."
                    .formatted(request.getMethod()));
          }
          String params = request.getParams().strip();
          if (!params.isEmpty() && !(params.startsWith("{") && params.endsWith("}"))) {
            throw Answers.invalid(
                "The params of %s are no JSON object. Give none.".formatted(LISTS_METHODS));
          }
          return JsonRpcResponse.newBuilder()
              .setResult("[\n  \"" + LISTS_METHODS + "\"\n]")
              .build();
        });
  }
}
