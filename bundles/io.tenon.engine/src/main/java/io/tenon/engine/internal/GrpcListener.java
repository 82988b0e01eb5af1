package io.tenon.engine.internal;

import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.tenon.error.TenonException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * An address at which API v1 answers, with reflection and health. Each call runs on a virtual thread of its own, since
 * services may block.
 */
final class GrpcListener {
  /** Calls that are still running get this long when the engine stops. */
  private static final long GRACE_SECONDS = 5;

  /** They only move bytes; calls have threads of their own. */
  private static final int SOCKET_THREADS = 2;

  private final HealthStatusManager health = new HealthStatusManager();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * Its own: those that gRPC shares end some time after the last server, when the bundles that their threads run in have
   * stopped already.
   */
  private final EventLoopGroup sockets =
      new MultiThreadIoEventLoopGroup(
          SOCKET_THREADS, new DefaultThreadFactory("tenon-grpc", true), NioIoHandler.newFactory());

  private final Server server;
  private final List<Offered> services;
  private final Runnable healthTold = this::tellHealth;

  /**
   * @param services all of API v1
   * @param partWaitMs calls wait so long for a part that is away
   * @throws TenonException when the address cannot be had
   */
  GrpcListener(InetSocketAddress address, List<Offered> services, long partWaitMs)
      throws TenonException {
    this.services = List.copyOf(services);
    var builder =
        NettyServerBuilder.forAddress(address)
            .executor(threads)
            .bossEventLoopGroup(sockets)
            .workerEventLoopGroup(sockets)
            .channelType(NioServerSocketChannel.class)
            .permitKeepAliveWithoutCalls(true)
            .permitKeepAliveTime(1, TimeUnit.SECONDS)
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance());
    for (var service : services) {
      builder.addService(MalformedRequests.refusedBy(WhileThere.serves(service, partWaitMs)));
    }
    try {
      this.server = builder.build().start();
    } catch (IOException e) {
      threads.close();
      sockets.shutdownGracefully(0, GRACE_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
      throw new TenonException(
          "The engine does not listen on " + address + ".",
          deepestMessage(e) + ".",
          "Free the address, or set another: --grpc ADDRESS:PORT.",
          e);
    }
    for (var service : services) {
      for (var part : service.needs()) part.whenMoved(healthTold);
    }
    tellHealth();
  }

  private synchronized void tellHealth() {
    for (var service : services) {
      health.setStatus(
          service.name(), service.isServing() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }
  }

  private static String deepestMessage(Throwable thrown) {
    var cause = thrown;
    while (cause.getCause() != null) cause = cause.getCause();
    return String.valueOf(cause.getMessage());
  }

  /** The one that the system chose when 0 was asked for. */
  int port() {
    return server.getPort();
  }

  /** Lets running calls end, within bounds. */
  void close() throws InterruptedException {
    for (var service : services) {
      for (var part : service.needs()) part.forget(healthTold);
    }
    health.enterTerminalState();
    server.shutdown();
    if (!server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
      server.shutdownNow();
      server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
    }
    threads.shutdownNow();
    sockets.shutdownGracefully(0, GRACE_SECONDS, TimeUnit.SECONDS).await();
  }
}
