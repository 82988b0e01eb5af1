package io.tenon.distro;

import static org.junit.Assert.assertEquals;

import com.google.protobuf.Empty;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.tenon.engine.api.HostRpcGrpc;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Asks the node's API again and again; what it answers with UNAVAILABLE is asked again, and anything else ends it. */
final class CheckedApi implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 120;
  private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(5);

  private final ManagedChannel channel;
  private final HostRpcGrpc.HostRpcBlockingStub host;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final String instance;
  private final AtomicLong done = new AtomicLong();
  private volatile boolean stopping;
  private volatile long longestNs;

  /**
   * @param endpoint address and port
   */
  CheckedApi(String endpoint) {
    int colon = endpoint.lastIndexOf(':');
    var address =
        new InetSocketAddress(
            endpoint.substring(0, colon), Integer.parseInt(endpoint.substring(colon + 1)));
    channel = NettyChannelBuilder.forAddress(address).usePlaintext().build();
    host = HostRpcGrpc.newBlockingStub(channel);
    instance = name();
    Thread.ofPlatform().name("asks the API").start(this::run);
  }

  private String name() {
    return host.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .getMayastorInfo(Empty.getDefaultInstance())
        .getRegistrationInfo()
        .getId();
  }

  private void run() {
    try {
      while (!stopping) ask();
      ended.complete(null);
    } catch (RuntimeException | AssertionError e) {
      ended.completeExceptionally(e);
    }
  }

  private void ask() {
    long startNs = System.nanoTime();
    while (true) {
      try {
        assertEquals(instance, name());
        break;
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) throw e;
        LockSupport.parkNanos(AGAIN_NS);
        channel.resetConnectBackoff();
      }
    }
    longestNs = Math.max(longestNs, System.nanoTime() - startNs);
    done.incrementAndGet();
  }

  /** Waits until so many more questions were answered. */
  void goesOn(int more) throws Exception {
    long wanted = done.get() + more;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (done.get() < wanted) {
      if (ended.isDone()) ended.get();
      if (System.nanoTime() > deadline) throw new TimeoutException("the API does not answer");
      Thread.onSpinWait();
    }
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
      channel.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }
}
