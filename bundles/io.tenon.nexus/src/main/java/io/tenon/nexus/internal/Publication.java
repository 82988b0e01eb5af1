package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.TargetException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How hosts see a nexus: its subsystem, who of them may connect, and whether their I/O has to wait. Changed by who has the nexus' turn; read by any
 * thread.
 */
final class Publication {
  private static final Logger log = LoggerFactory.getLogger(Publication.class);

  private final NexusSpec spec;
  private final DeviceSlot slot;
  private final NvmeTarget target;
  private final boolean ana;

  private volatile @Nullable Subsystem subsystem;
  private volatile @Nullable String uri;
  private volatile Set<String> hosts = Set.of();
  private volatile boolean paused;

  Publication(NexusSpec spec, DeviceSlot slot, Surroundings node) {
    this.spec = spec;
    this.slot = slot;
    target = node.target();
    ana = node.ana();
  }

  /** Hosts stayed when the nexus before has left. */
  void takeUp(LeftNexus.Share left) {
    paused = left.paused();
    hosts = left.hosts();
    uri = left.uri().orElse(null);
    if (uri != null) subsystem = findShare();
  }

  private @Nullable Subsystem findShare() {
    for (Subsystem one : target.subsystems()) if (one.device() == slot) return one;
    return null;
  }

  LeftNexus.Share left() {
    return new LeftNexus.Share(hosts, uri(), paused);
  }

  Optional<String> uri() {
    return Optional.ofNullable(uri);
  }

  Set<String> hosts() {
    return hosts;
  }

  Optional<AnaState> anaState() {
    var shared = subsystem;
    return shared == null ? Optional.empty() : Optional.of(shared.anaState());
  }

  /**
   * Lets hosts in, or others than before.
   *
   * @param allowed their NQNs; empty for any
   * @return its share URI
   */
  String to(Set<String> allowed) throws NexusException {
    var shared = subsystem;
    if (shared != null) shared.hosts(allowed);
    else shared = share(allowed);
    var uris = target.shareUris(shared);
    if (uris.isEmpty()) {
      end();
      throw new NexusException(
          Kind.INTERNAL,
          "Nexus " + spec.name() + " was not published.",
          "No transport listens.",
          "Install a transport, such as NVMe/TCP.");
    }
    hosts = Collections.unmodifiableSet(new LinkedHashSet<>(allowed));
    uri = uris.getFirst();
    log.info(
        "nexus {}: published as {} for {}",
        spec.name(),
        uris.getFirst(),
        allowed.isEmpty() ? "any host" : allowed);
    return uris.getFirst();
  }

  private Subsystem share(Set<String> allowed) throws NexusException {
    try {
      var options =
          new ShareOptions(
              allowed,
              spec.minControllerId(),
              spec.maxControllerId(),
              ana,
              NvmeTarget.Origin.NEXUS,
              Optional.of(reservationFile()));
      var shared = target.share(slot, options);
      subsystem = shared;
      return shared;
    } catch (TargetException e) {
      throw new NexusException(
          switch (e.kind()) {
            case ALREADY_SHARED, DEVICE_IN_USE -> Kind.ALREADY_SHARED;
            case INVALID_ARGUMENT -> Kind.INVALID_ARGUMENT;
            case LIMIT, RESERVATIONS -> Kind.INTERNAL;
          },
          "Nexus " + spec.name() + " was not published.",
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy(),
          e);
    }
  }

  private Path reservationFile() {
    return ShareOptions.fileOfNexus(spec.uuid());
  }

  void anaState(AnaState state) throws NexusException {
    AnaChange.make(spec.name(), subsystem, state);
  }

  /** Hosts' I/O waits until the end. Done when what was in flight has ended. */
  CompletableFuture<Void> pause() {
    var shared = subsystem;
    if (shared == null || paused) return CompletableFuture.completedFuture(null);
    paused = true;
    return shared.pause().toCompletableFuture();
  }

  /** Hosts are disconnected; waits for what is in flight. */
  void end() {
    var shared = subsystem;
    if (shared == null) return;
    target.unshare(shared);
    subsystem = null;
    paused = false;
    uri = null;
    hosts = Set.of();
    log.info("nexus {}: unpublished", spec.name());
  }

  /** What hosts have reserved to survive a restart does not. */
  void forgetReservations() {
    try {
      target.forgetReservations(reservationFile());
    } catch (TargetException e) {
      // Only who makes a nexus of this uuid again would see them.
      log.warn("nexus {}: {}", spec.name(), e.getMessage());
    }
  }
}
