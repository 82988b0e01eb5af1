package io.tenon.engine.internal;

import com.google.protobuf.StringValue;
import io.tenon.engine.api.APIVersion;
import io.tenon.engine.api.MayastorBugFixes;
import io.tenon.engine.api.MayastorFeatures;
import io.tenon.engine.api.RegisterRequest;
import java.net.InetSocketAddress;
import java.util.UUID;
import org.osgi.framework.Version;

/** Who this node is: what it tells the core agent and whoever asks. A new instance uuid at each start. */
final class NodeIdentity {
  private static final String HOST_NQN_PREFIX = "nqn.2019-05.io.openebs:node-name:";

  private final String name;
  private final String hostNqn;
  private final String version;
  private final UUID instance = UUID.randomUUID();
  private volatile String grpcEndpoint = "";

  private NodeIdentity(String name, String hostNqn, String version) {
    this.name = name;
    this.hostNqn = hostNqn;
    this.version = version;
  }

  static NodeIdentity of(EngineConfig config, Version bundle) {
    String hostNqn =
        config.hostnqn().isEmpty() ? HOST_NQN_PREFIX + config.name() : config.hostnqn();
    return new NodeIdentity(
        config.name(),
        hostNqn,
        "v%d.%d.%d".formatted(bundle.getMajor(), bundle.getMinor(), bundle.getMicro()));
  }

  void listensOn(InetSocketAddress asked, int boundPort) {
    String host = asked.getAddress().getHostAddress();
    boolean ipv6 = host.indexOf(':') >= 0;
    this.grpcEndpoint = (ipv6 ? "[" + host + "]" : host) + ":" + boundPort;
  }

  String grpcEndpoint() {
    return grpcEndpoint;
  }

  String version() {
    return version;
  }

  boolean reportsAna() {
    return "1".equals(System.getenv("NEXUS_NVMF_ANA_ENABLE"));
  }

  /** What the node sends in {@code Registration.Register}. */
  RegisterRequest registration() {
    return RegisterRequest.newBuilder()
        .setId(name)
        .setGrpcEndpoint(grpcEndpoint)
        .setInstanceUuid(StringValue.of(instance.toString()))
        .addApiVersion(APIVersion.V1)
        .setHostnqn(StringValue.of(hostNqn))
        .setFeatures(
            MayastorFeatures.newBuilder()
                .setAsymmetricNamespaceAccess(reportsAna())
                .setLogicalVolumeManager(false)
                .setSnapshotRebuild("true".equals(System.getenv("ENABLE_SNAPSHOT_REBUILD")))
                .setRdmaCapableIoEngine(false))
        .setBugfixes(MayastorBugFixes.newBuilder().setNexusRebuildReplicaAncestry(true))
        .setVersion(version)
        .build();
  }
}
