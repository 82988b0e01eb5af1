package io.tenon.nexus;

import io.tenon.block.DeviceSlot;
import io.tenon.block.ReservationClaim;
import io.tenon.nvme.AnaState;
import java.time.Instant;
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

  /** As asked for at creation, or at the last {@link #resize}. */
  long sizeBytes();

  /**
   * Grows it while hosts use it, and tells them. The children have the size already; what they hold in the new blocks is what is read
   * there until it is written. A rebuild under way copies the new blocks as well. Nothing happens when it has this size.
   *
   * @param sizeBytes what the children hold behind their metadata area limits it, as at creation
   * @throws NexusException when it would not become larger, or a child has no room for more
   */
  void resize(long sizeBytes) throws NexusException;

  NexusState state();

  /** Since when it is in its state. */
  Instant since();

  /** Why it is in its state, a sentence. */
  String why();

  /** In the order of their coming. */
  List<ChildInfo> children();

  /**
   * Adds a child, which takes all changes from now on and serves no reads until a rebuild has completed it.
   *
   * @param rebuild begin that at once; if not, {@link #startRebuild} does
   * @throws NexusException when it cannot be had, does not fit, or is a child already
   */
  void addChild(String uri, boolean rebuild) throws NexusException;

  /**
   * Its data stays as it is. Idempotent: unknown children are none.
   *
   * @throws NexusException when it is the last healthy one
   */
  void removeChild(String uri) throws NexusException;

  /** How a child is taken out. */
  enum Fault {
    /** For a while; what it misses is logged. */
    OFFLINE,
    /** As if its device had failed: it may be brought online again, or removed. */
    IO_ERROR,
    /** For good: all that can be done is to remove it. */
    PERMANENT
  }

  /**
   * Takes a child out of the I/O path. One that is out already stays as it is, unless it is to be so for good.
   *
   * @throws NexusException when it is the last healthy one
   */
  void faultChild(String uri, Fault how) throws NexusException;

  /**
   * Brings a child that is out back, and starts its rebuild: of what it has missed when that is known and it is the same device, else of
   * everything. For one that is in it does nothing.
   */
  void onlineChild(String uri) throws NexusException;

  /** Starts to complete a child that is {@link ChildState#OUT_OF_SYNC}. */
  void startRebuild(String uri) throws NexusException;

  /** Ends a rebuild; the child stays out of sync and goes on taking changes. */
  void stopRebuild(String uri) throws NexusException;

  /** Idempotent, as is {@link #resumeRebuild}. */
  void pauseRebuild(String uri) throws NexusException;

  void resumeRebuild(String uri) throws NexusException;

  /** Those under way. */
  List<RebuildInfo> rebuilds();

  /** Those that are over, newest first; the last 128. */
  List<RebuildInfo> rebuildHistory();

  /** What is recorded of its children; empty when it records nothing. */
  Optional<RecordInfo> record();

  /** How it keeps other nodes from its children, where it was asked to. */
  Optional<ReservationClaim> reservation();

  /** Of the children that it was asked to reserve. */
  List<ReservationInfo> reservations();

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

  /** What hosts are told of the way through this node; empty when it is not published. */
  Optional<AnaState> anaState();

  /**
   * Tells hosts what the way through this node is worth. When this returns no I/O that began before is in flight; publishing it
   * again begins with {@link AnaState#OPTIMIZED}.
   *
   * @throws NexusException when it is not published, or hosts of this node are not told of ANA states
   */
  void anaState(AnaState state) throws NexusException;

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
