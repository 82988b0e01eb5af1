package io.tenon.engine.internal;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.tenon.block.BlockDevices;
import io.tenon.error.TenonException;
import io.tenon.nexus.Nexuses;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.nvme.NvmeTarget;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.condition.Condition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for gRPC calls and hands each to its service on a virtual thread of its own, since services may block.
 * Says that it is ready by a {@link Condition} {@code tenon.ready.grpc}.
 */
@Component(
    service = {},
    configurationPid = {"io.tenon.node", "io.tenon.engine"})
@Capability(namespace = "tenon.ready", name = "grpc")
public final class GrpcServer {
  private static final Logger log = LoggerFactory.getLogger(GrpcServer.class);

  /** Calls that are still running get this long when the engine stops. */
  private static final long GRACE_SECONDS = 5;

  private final HealthStatusManager health = new HealthStatusManager();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  private final List<InitiatorControllers> initiators = new CopyOnWriteArrayList<>();

  private final Server server;
  private final ServiceRegistration<Condition> ready;

  @Activate
  public GrpcServer(
      BundleContext context,
      EngineConfig config,
      @Reference BlockDevices devices,
      @Reference NvmeTarget target,
      @Reference Nexuses nexuses)
      throws TenonException {
    var identity = NodeIdentity.of(config, FrameworkUtil.getBundle(GrpcServer.class).getVersion());
    this.server =
        start(
            config,
            List.of(
                new BdevService(devices, target).bindService(),
                new NexusService(nexuses, config.default_deadline_ms()).bindService(),
                new HostService(identity, initiators, new SystemDisks(Path.of("/")))
                    .bindService()));
    identity.listensOn(address(config), server.getPort());
    String address = identity.grpcEndpoint();
    this.ready =
        context.registerService(
            Condition.class,
            Condition.INSTANCE,
            FrameworkUtil.asDictionary(
                Map.of(Condition.CONDITION_ID, "tenon.ready.grpc", "tenon.address", address)));
    log.info("gRPC API v1 on {}", address);
  }

  private Server start(EngineConfig config, List<ServerServiceDefinition> services)
      throws TenonException {
    var address = address(config);
    var builder =
        NettyServerBuilder.forAddress(address)
            .executor(threads)
            .permitKeepAliveWithoutCalls(true)
            .permitKeepAliveTime(1, TimeUnit.SECONDS)
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance());
    for (var service : LaterMethods.completed(services)) builder.addService(service);
    try {
      return builder.build().start();
    } catch (IOException e) {
      threads.close();
      throw new TenonException(
          "The engine does not listen on " + address + ".",
          deepestMessage(e) + ".",
          "Free the address, or set another: --grpc ADDRESS:PORT.",
          e);
    }
  }

  private static InetSocketAddress address(EngineConfig config) throws TenonException {
    try {
      return new InetSocketAddress(InetAddress.getByName(config.address()), config.port());
    } catch (UnknownHostException e) {
      throw new TenonException(
          "The engine does not listen on " + config.address() + ".",
          "It is not an IP address of this machine.",
          "Set an address of this machine: --grpc ADDRESS:PORT.",
          e);
    }
  }

  private static String deepestMessage(Throwable thrown) {
    var cause = thrown;
    while (cause.getCause() != null) cause = cause.getCause();
    return String.valueOf(cause.getMessage());
  }

  @Deactivate
  void close() throws InterruptedException {
    ready.unregister();
    health.enterTerminalState();
    server.shutdown();
    if (!server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
      server.shutdownNow();
      server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
    }
    threads.shutdownNow();
  }
}
