package io.tenon.nvme;

import io.tenon.block.DeviceSlot;
import io.tenon.block.ReservationStatus;
import io.tenon.reactor.Reactor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/** The node's NVMe-oF target: its subsystems and who may reach them. A service. Any thread, unless said otherwise. */
@ProviderType
public interface NvmeTarget {
  /** Prefix of the NQN of every shared device, before the device's name. */
  String NQN_PREFIX = "nqn.2019-05.io.openebs:";

  /**
   * Shares a device as namespace 1 of a subsystem of its own.
   *
   * @throws TargetException when the NQN is taken, an option is out of range, or the device is claimed
   */
  Subsystem share(DeviceSlot device, ShareOptions options) throws TargetException;

  /** Disconnects all hosts and forgets the subsystem; waits for what is in flight, so never on a reactor. */
  void unshare(Subsystem subsystem);

  /**
   * Whether hosts had registered with the device, which is not shared now, when a share of it ended, and had not left. They do not hear of that when they
   * are frozen, nor of later shares to which nobody came.
   */
  boolean wasReserved(DeviceSlot device);

  /**
   * Deletes what was kept of reservations, because the device is destroyed: the file of a {@link ShareOptions#reservationFile},
   * or a folder with all in it. Without an effect when there is nothing.
   *
   * @throws TargetException when it cannot be deleted
   */
  void forgetReservations(Path kept) throws TargetException;

  /** In the order of their NQNs, without the discovery subsystem. */
  List<Subsystem> subsystems();

  Optional<Subsystem> find(String nqn);

  /** Share URIs of a subsystem on every transport: {@code nvmf+tcp://10.0.0.1:8420/nqn…}. */
  List<String> shareUris(Subsystem subsystem);

  /** For a transport, on the reactor of a new connection. */
  NvmeQueue accept(QueueTransport connection, Reactor reactor);

  /**
   * Keeps what a transport leaves until a successor asks, or the deadline is over: then it ends. Hosts that nobody hears meanwhile
   * stay as long as their keep-alive allows.
   */
  void handOver(TransportHandover left);

  /** For a transport that comes: what its predecessor has left. Whoever takes it goes on with it, ends it or hands it over again. */
  Optional<TransportHandover> takeOver(String uriScheme);

  /** As {@link #handOver(TransportHandover)}, of one subsystem alone. The transport that it came from is there still. */
  void handOver(SubsystemHandover left);

  /** What was left of one subsystem alone. */
  Optional<SubsystemHandover> takeOver(String uriScheme, String nqn);

  /**
   * Of each kind of transport what one of them has left last, of all subsystems and of one alone, in the order of their leaving; kept when it
   * was taken over, or is over.
   */
  List<Handover> handovers();

  /**
   * What a transport has left, for who wants to know what hosts felt of it.
   *
   * @param number counts all that were left, of any kind
   */
  record Handover(long number, String uriScheme, List<ConnectionPause> connections) {
    public Handover {
      connections = List.copyOf(connections);
    }
  }

  /**
   * How a device is shared.
   *
   * @param hosts NQNs that may connect; empty for any
   * @param minControllerId 1 to 0xFFEF
   * @param maxControllerId {@code minControllerId} to 0xFFEF
   * @param ana the subsystem reports asymmetric namespace access
   * @param origin what kind of device it is, for retry delays
   * @param reservationFile where its reservations are kept over restarts, below the node's folder for them; empty: they are not
   */
  record ShareOptions(
      Set<String> hosts,
      int minControllerId,
      int maxControllerId,
      boolean ana,
      Origin origin,
      Optional<Path> reservationFile) {
    public static final int MIN_CONTROLLER_ID = 1;
    public static final int MAX_CONTROLLER_ID = 0xFFEF;

    /** Its reservations end with the share. */
    public ShareOptions(
        Set<String> hosts, int minControllerId, int maxControllerId, boolean ana, Origin origin) {
      this(hosts, minControllerId, maxControllerId, ana, origin, Optional.empty());
    }

    public ShareOptions withHosts(Set<String> nqns) {
      return new ShareOptions(nqns, minControllerId, maxControllerId, ana, origin, reservationFile);
    }

    /** As Mayastor names it. */
    public static Path fileOfReplica(UUID pool, UUID replica) {
      return Path.of("pool", pool.toString(), "replica", replica + ".json");
    }

    /** Of a device that is neither; Mayastor keeps none of those. */
    public static Path fileOfDevice(UUID device) {
      return Path.of("device", device + ".json");
    }

    /** As Mayastor names it. */
    public static Path fileOfNexus(UUID nexus) {
      return Path.of("nexus", nexus + ".json");
    }

    public ShareOptions {
      hosts = Collections.unmodifiableSet(new LinkedHashSet<>(hosts));
    }

    public static ShareOptions anyHost() {
      return new ShareOptions(Set.of(), MIN_CONTROLLER_ID, MAX_CONTROLLER_ID, false, Origin.DEVICE);
    }
  }

  /** Kind of what is shared. */
  enum Origin {
    DEVICE,
    NEXUS,
    REPLICA
  }

  /** A shared device. */
  @ProviderType
  interface Subsystem {
    String nqn();

    DeviceSlot device();

    String serial();

    UUID namespaceUuid();

    ShareOptions options();

    /** New hosts are let in first; hosts that are not listed any more are disconnected. */
    void hosts(Set<String> nqns);

    AnaState anaState();

    void anaState(AnaState state) throws TargetException;

    /** Who has registered, and who of them holds the namespace. */
    ReservationStatus reservations();

    /** Connected controllers, in the order of their ids. */
    List<ControllerInfo> controllers();

    /** Admits no new I/O and completes when what was in flight has ended. Counted: as many resumes as pauses. */
    java.util.concurrent.CompletionStage<Void> pause();

    void resume();
  }

  /**
   * A connected controller, for people.
   *
   * @param queues I/O queues
   * @param keepAliveMs 0 when there is none
   */
  record ControllerInfo(
      int id, String hostNqn, UUID hostId, String peer, int queues, long keepAliveMs) {}
}
