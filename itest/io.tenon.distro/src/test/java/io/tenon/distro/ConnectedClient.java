package io.tenon.distro;

import static org.junit.Assert.assertEquals;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.ListPoolOptions;
import io.tenon.engine.api.ListReplicaOptions;
import io.tenon.engine.api.NexusRpcGrpc;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.ReplicaRpcGrpc;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Asks the node's API for its nexuses, pools and replicas, again and again over one connection. They must all be there each time; who is told UNAVAILABLE
 * asks again, and anything else ends it.
 */
final class ConnectedClient implements AutoCloseable {
  private final ManagedChannel channel;
  private final AtomicInteger disconnects = new AtomicInteger();
  final RepeatedCall calls;

  /**
   * @param endpoint address and port
   */
  ConnectedClient(String endpoint) {
    channel = NettyChannelBuilder.forTarget("dns:///" + endpoint).usePlaintext().build();
    ask();
    assertEquals(ConnectivityState.READY, channel.getState(false));
    channel.notifyWhenStateChanged(ConnectivityState.READY, disconnects::incrementAndGet);
    calls = new RepeatedCall(channel, this::ask);
  }

  private void ask() {
    var nexuses =
        NexusRpcGrpc.newBlockingStub(channel)
            .withDeadlineAfter(Eventually.PATIENCE_SECONDS, TimeUnit.SECONDS)
            .listNexus(ListNexusOptions.getDefaultInstance());
    assertEquals("nexuses", 1, nexuses.getNexusListCount());
    var pools =
        PoolRpcGrpc.newBlockingStub(channel)
            .withDeadlineAfter(Eventually.PATIENCE_SECONDS, TimeUnit.SECONDS)
            .listPools(ListPoolOptions.getDefaultInstance());
    assertEquals("pools", 1, pools.getPoolsCount());
    var replicas =
        ReplicaRpcGrpc.newBlockingStub(channel)
            .withDeadlineAfter(Eventually.PATIENCE_SECONDS, TimeUnit.SECONDS)
            .listReplicas(ListReplicaOptions.getDefaultInstance());
    assertEquals("replicas", 1, replicas.getReplicasCount());
  }

  void mustHaveStayedConnected() {
    assertEquals("disconnects", 0, disconnects.get());
    assertEquals(ConnectivityState.READY, channel.getState(false));
  }

  @Override
  public void close() throws Exception {
    calls.close();
  }
}
