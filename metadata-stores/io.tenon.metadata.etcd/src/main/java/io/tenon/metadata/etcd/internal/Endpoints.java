package io.tenon.metadata.etcd.internal;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.tenon.error.TenonException;
import io.tenon.metadata.etcd.internal.Settings.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The members of the cluster, and which one is used: the one that worked last. */
final class Endpoints implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Endpoints.class);

  /** etcd closes connections on which it is asked more often than every 5 s; gRPC does so at most every 10 s. */
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);

  private static final Duration KEEP_ALIVE_WITHIN = Duration.ofSeconds(5);

  /** A page of 100 values of the greatest length, and room. */
  static final int MOST_ANSWER_BYTES = 64 << 20;

  /** One member. */
  record Endpoint(int index, Address address, ManagedChannel channel) {
    /** Has it try to connect now and not when its patience allows. */
    void wakeUp() {
      if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
        channel.resetConnectBackoff();
      }
    }
  }

  private final EventLoopGroup sockets =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("tenon-etcd", true), NioIoHandler.newFactory());
  private final List<Endpoint> all = new ArrayList<>();
  private final AtomicInteger current = new AtomicInteger();

  Endpoints(Settings settings) throws TenonException {
    var tls = tls(settings);
    for (Address address : settings.endpoints()) {
      var builder =
          NettyChannelBuilder.forAddress(address.host(), address.port())
              .eventLoopGroup(sockets)
              .channelType(NioSocketChannel.class)
              .directExecutor()
              .disableRetry()
              .disableServiceConfigLookUp()
              .maxInboundMessageSize(MOST_ANSWER_BYTES)
              .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
              .keepAliveTimeout(KEEP_ALIVE_WITHIN.toSeconds(), TimeUnit.SECONDS)
              .withOption(
                  ChannelOption.CONNECT_TIMEOUT_MILLIS,
                  Math.toIntExact(settings.connectWithin().toMillis()));
      if (tls == null) builder.usePlaintext();
      else builder.sslContext(tls);
      all.add(new Endpoint(all.size(), address, builder.build()));
    }
  }

  private static @Nullable SslContext tls(Settings settings) throws TenonException {
    if (!settings.endpoints().getFirst().tls()) return null;
    try {
      var builder = GrpcSslContexts.forClient();
      settings.ca().ifPresent(ca -> builder.trustManager(ca.toFile()));
      settings
          .identity()
          .ifPresent(
              identity ->
                  builder.keyManager(identity.certificate().toFile(), identity.key().toFile()));
      return builder.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new TenonException(
          "The etcd metadata store was not opened: its TLS settings cannot be used.",
          e.getMessage() + ".",
          "Check tls.ca, tls.cert and tls.key in etc/io.tenon.metadata.etcd.cfg: PEM files, the key in PKCS 8.",
          e);
    }
  }

  int count() {
    return all.size();
  }

  /** The one to ask now. */
  Endpoint current() {
    var endpoint = all.get(current.get());
    endpoint.wakeUp();
    return endpoint;
  }

  /** Others are asked from now on; nothing happens when somebody has said so before. */
  void failed(Endpoint endpoint, String why) {
    if (count() > 1 && current.compareAndSet(endpoint.index(), (endpoint.index() + 1) % count())) {
      log.warn(
          "etcd at {} failed ({}); going on with {}", endpoint.address(), why, current().address());
    }
  }

  boolean isClosed() {
    return sockets.isShuttingDown();
  }

  @Override
  public void close() {
    for (Endpoint endpoint : all) endpoint.channel().shutdownNow();
    var _ = sockets.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
