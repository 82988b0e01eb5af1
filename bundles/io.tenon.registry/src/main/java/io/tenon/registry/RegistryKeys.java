package io.tenon.registry;

import io.tenon.metadata.Key;
import java.util.UUID;

/**
 * Where a cluster's facts lie.
 *
 * @param clusterUid of the Kubernetes cluster, or what stands for it
 * @param namespace in which the product is installed
 */
public record RegistryKeys(String clusterUid, String namespace) {
  private String prefix() {
    return "/openebs.io/mayastor/apis/v0/clusters/" + clusterUid + "/namespaces/" + namespace;
  }

  /** Of the target of a volume. */
  public Key nexusInfo(UUID volume, UUID nexus) {
    return Key.of(prefix() + "/volume/" + volume + "/nexus/" + nexus + "/info");
  }

  /** Of a nexus without a volume. */
  public Key nexusInfo(UUID nexus) {
    return Key.of(prefix() + "/nexus/" + nexus + "/info");
  }

  /** As product v1 had it, and as an io-engine writes when it is told no key. */
  public static Key oldNexusInfo(UUID nexus) {
    return Key.of(nexus.toString());
  }
}
