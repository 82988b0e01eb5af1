package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.ListPoolOptions;
import io.tenon.engine.api.ListReplicaOptions;
import io.tenon.engine.api.NexusRpcGrpc;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.ReplicaRpcGrpc;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Asks the node's API for its nexuses, pools and replicas, again and again over one connection. They must all be there each time; who is told UNAVAILABLE
 * asks again, and anything else ends it.
 */
final class ConnectedClient implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 120;

  private final ManagedChannel channel;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final AtomicInteger disconnects = new AtomicInteger();
  private final AtomicInteger asksAgain = new AtomicInteger();
  private final AtomicLong done = new AtomicLong();
  private volatile boolean stopping;
  private volatile long longestNs;

  /**
   * @param endpoint address and port
   */
  ConnectedClient(String endpoint) {
    channel = NettyChannelBuilder.forTarget("dns:///" + endpoint).usePlaintext().build();
    ask();
    assertEquals(ConnectivityState.READY, channel.getState(false));
    channel.notifyWhenStateChanged(ConnectivityState.READY, disconnects::incrementAndGet);
    Thread.ofPlatform().name("asks the API").start(this::run);
  }

  private void run() {
    try {
      while (!stopping) {
        long startNs = System.nanoTime();
        ask();
        longestNs = Math.max(longestNs, System.nanoTime() - startNs);
        done.incrementAndGet();
      }
      ended.complete(null);
    } catch (RuntimeException | AssertionError e) {
      ended.completeExceptionally(e);
    }
  }

  private void ask() {
    while (true) {
      try {
        askOnce();
        return;
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) throw e;
        asksAgain.incrementAndGet();
      }
    }
  }

  private void askOnce() {
    var nexuses =
        NexusRpcGrpc.newBlockingStub(channel)
            .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .listNexus(ListNexusOptions.getDefaultInstance());
    assertEquals("nexuses", 1, nexuses.getNexusListCount());
    var pools =
        PoolRpcGrpc.newBlockingStub(channel)
            .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .listPools(ListPoolOptions.getDefaultInstance());
    assertEquals("pools", 1, pools.getPoolsCount());
    var replicas =
        ReplicaRpcGrpc.newBlockingStub(channel)
            .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .listReplicas(ListReplicaOptions.getDefaultInstance());
    assertEquals("replicas", 1, replicas.getReplicasCount());
  }

  /** Waits until so many more rounds were answered. */
  void goesOn(int more) throws Exception {
    long wanted = done.get() + more;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (done.get() < wanted) {
      if (ended.isDone()) ended.get();
      if (System.nanoTime() > deadline) throw new TimeoutException("the API does not answer");
      Thread.onSpinWait();
    }
  }

  void mustHaveStayedConnected() {
    assertEquals("disconnects", 0, disconnects.get());
    assertEquals(ConnectivityState.READY, channel.getState(false));
  }

  /** How often it was told UNAVAILABLE. */
  int asksAgain() {
    return asksAgain.get();
  }

  long longestMs() {
    return TimeUnit.NANOSECONDS.toMillis(longestNs);
  }

  @Override
  public void close() throws Exception {
    stopping = true;
    try {
      ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } finally {
      channel.shutdownNow();
      assertTrue(channel.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
  }
}
