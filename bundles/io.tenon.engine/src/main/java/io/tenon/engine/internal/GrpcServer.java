package io.tenon.engine.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.FaultInjections;
import io.tenon.error.TenonException;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.nvme.NvmeTarget;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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

/** Serves the node's API, and says that it does by a {@link Condition} {@code tenon.ready.grpc}. */
@Component(
    service = {},
    configurationPid = {"io.tenon.node", "io.tenon.engine"})
@Capability(namespace = "tenon.ready", name = "grpc")
public final class GrpcServer {
  private static final Logger log = LoggerFactory.getLogger(GrpcServer.class);
  private static final int HIGHEST_PORT = 0xFFFF;

  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  private final List<InitiatorControllers> initiators = new CopyOnWriteArrayList<>();

  private final GrpcListener listener;
  private final ServiceRegistration<Condition> ready;

  @Activate
  public GrpcServer(
      BundleContext context,
      EngineConfig config,
      @Reference BlockDevices devices,
      @Reference FaultInjections faults,
      @Reference NvmeTarget target,
      @Reference MovingParts parts)
      throws TenonException {
    var identity = NodeIdentity.of(config, FrameworkUtil.getBundle(GrpcServer.class).getVersion());
    var remembered = new RememberedPort(context.getDataFile("port").toPath());
    var asked = address(config);
    var address = remembered.of(asked);
    var nexuses = parts.nexuses();
    var pools = parts.pools();
    var rebuilds = parts.snapshotRebuilds();
    var clock = InstantSource.system();
    this.listener =
        new GrpcListener(
            address,
            List.of(
                Offered.of(new BdevService(devices, target)),
                Offered.of(
                    new NexusService(nexuses.face(), config.default_deadline_ms(), clock), nexuses),
                Offered.of(new PoolRpcService(pools.face()), pools),
                Offered.of(new ReplicaRpcService(pools.face()), pools),
                Offered.of(
                    new SnapshotRpcService(pools.face(), nexuses.face(), clock), pools, nexuses),
                Offered.of(new SnapshotRebuildRpcService(rebuilds.face()), rebuilds),
                Offered.of(new JsonRpcService()),
                Offered.of(
                    new StatsRpcService(devices, pools.face(), nexuses.face()), pools, nexuses),
                Offered.of(new TestRpcService(pools.face(), faults, clock), pools),
                Offered.of(new HostService(identity, initiators, new SystemDisks(Path.of("/"))))),
            config.part_wait_ms());
    identity.listensOn(address, listener.port());
    if (asked.getPort() == 0) remembered.keep(listener.port());
    String endpoint = identity.grpcEndpoint();
    this.ready =
        context.registerService(
            Condition.class,
            Condition.INSTANCE,
            FrameworkUtil.asDictionary(
                Map.of(Condition.CONDITION_ID, "tenon.ready.grpc", "tenon.address", endpoint)));
    log.info("gRPC API v1 on {}", endpoint);
  }

  private static InetSocketAddress address(EngineConfig config) throws TenonException {
    if (config.port() < 0 || config.port() > HIGHEST_PORT) {
      throw new TenonException(
          "The engine does not listen on port " + config.port() + ".",
          "Ports go from 0, which lets the system choose, to " + HIGHEST_PORT + ".",
          "Set another: --grpc ADDRESS:PORT.");
    }
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

  @Deactivate
  void close() throws InterruptedException {
    ready.unregister();
    listener.close();
  }
}
