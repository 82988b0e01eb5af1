package io.tenon.bench.local;

import com.google.protobuf.Empty;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.tenon.engine.api.HostRpcGrpc;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A question to the node's gRPC API, asked again while there is nobody to answer it. */
final class ApiCall implements CallLoad.Call, AutoCloseable {
  private static final long PATIENCE_S = 60;
  private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(2);

  private final ManagedChannel channel;
  private final HostRpcGrpc.HostRpcBlockingStub host;

  /**
   * @param endpoint address and port
   */
  ApiCall(String endpoint) {
    int colon = endpoint.lastIndexOf(':');
    channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(
                    endpoint.substring(0, colon), Integer.parseInt(endpoint.substring(colon + 1))))
            .usePlaintext()
            .build();
    host = HostRpcGrpc.newBlockingStub(channel);
  }

  @Override
  public void make() {
    while (true) {
      try {
        var _ =
            host.withDeadlineAfter(PATIENCE_S, TimeUnit.SECONDS)
                .getMayastorInfo(Empty.getDefaultInstance());
        return;
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) throw e;
        LockSupport.parkNanos(AGAIN_NS);
        channel.resetConnectBackoff();
      }
    }
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow();
    channel.awaitTermination(PATIENCE_S, TimeUnit.SECONDS);
  }
}
