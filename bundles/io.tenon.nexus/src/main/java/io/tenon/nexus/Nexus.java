package io.tenon.nexus;

import io.tenon.block.DeviceSlot;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/** A nexus of this node. Any thread but a reactor's. */
@ProviderType
public interface Nexus {
  String name();

  UUID uuid();

  /** As asked for at creation. */
  long sizeBytes();

  NexusState state();

  /** In the order of creation. */
  List<ChildInfo> children();

  /** Its block device, as listed in {@link io.tenon.block.BlockDevices}. */
  DeviceSlot device();

  /**
   * Makes it reachable over NVMe-oF; when it is already, only the hosts change.
   *
   * @param hosts NQNs that may connect; empty for any
   * @return the share URI
   */
  String publish(Set<String> hosts) throws NexusException;

  /** Idempotent. */
  void unpublish() throws NexusException;

  Optional<String> shareUri();

  /** As given to {@link #publish}. */
  Set<String> allowedHosts();

  /** Uuids of the children's devices, in their order; of replicas, when the volume is on pools. */
  List<UUID> replicas();

  /**
   * Has every child take a snapshot at the same moment, while hosts wait. One that failed leaves those of the others, for the
   * caller to delete.
   *
   * @throws NexusException when nothing was begun: a child is not healthy, missing in the order or unknown; the nexus has stopped
   */
  NexusSnapshot snapshot(NexusSnapshot.Order order) throws NexusException;

  /** Admits no more I/O: hosts wait. Only {@link #destroy} follows. Idempotent. */
  void shutdown() throws NexusException;

  /** Unpublishes it, waits for what is in flight, closes the children. */
  void destroy() throws NexusException;
}
