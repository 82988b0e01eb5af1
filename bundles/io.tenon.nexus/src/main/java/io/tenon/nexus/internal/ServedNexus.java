package io.tenon.nexus.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Handover;
import io.tenon.block.ReservationClaim;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSnapshot;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.RecordInfo;
import io.tenon.nexus.ReservationInfo;
import io.tenon.nvme.AnaState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A nexus with its place in the node: its children's devices, its own slot, its subsystem. Operations go one after the other. */
final class ServedNexus implements Nexus {
  private static final Logger log = LoggerFactory.getLogger(ServedNexus.class);

  /** Longer than any child's I/O time-out: by then everything in flight has been answered. */
  private static final long DRAIN_SECONDS = 150;

  private final NexusSpec spec;
  private final NexusDevice nexus;
  private final DeviceSlot slot;
  private final ChildDevices children;
  private final Publication publication;
  private final BlockDevices devices;
  private final Executor blocking;
  private final Runnable forget;
  private final ChildMark marks;
  private final ChildChanges changes;

  private final Turn turn = new Turn();

  // Changed by who has the turn.
  private volatile long sizeBytes;
  private boolean destroyed;

  /** Its bundle is being replaced: whatever is asked of it is its successor's to do. */
  private volatile boolean hasLeft;

  /** Takes what a nexus does by itself to where blocking is allowed, once it is served. */
  static final class Watcher implements NexusWatcher {
    private final CompletableFuture<ServedNexus> served = new CompletableFuture<>();
    private final Executor blocking;

    Watcher(Executor blocking) {
      this.blocking = blocking;
    }

    @Override
    public void childIsIdle(String nexus, Child child) {
      var slot = child.slot();
      later(nexus, one -> one.children.release(slot));
    }

    @Override
    public void stoppedByItself(String nexus, String why) {
      later(nexus, ServedNexus::standStill);
    }

    @Override
    public void closed(String nexus) {
      later(nexus, ServedNexus::deviceWasClosed);
    }

    private void later(String nexus, Consumer<ServedNexus> task) {
      var _ =
          served
              .thenAcceptAsync(task, blocking)
              .exceptionally(
                  bug -> {
                    log.error("nexus {}: a follow-up failed by a bug", nexus, bug);
                    return null;
                  });
    }
  }

  ServedNexus(
      NexusSpec spec,
      NexusDevice nexus,
      DeviceSlot slot,
      ChildDevices children,
      Surroundings node,
      Watcher watcher,
      Runnable forget) {
    this.spec = spec;
    this.sizeBytes = spec.sizeBytes();
    this.nexus = nexus;
    this.slot = slot;
    this.children = children;
    this.publication = new Publication(spec, slot, node);
    this.devices = node.devices();
    this.blocking = node.blocking();
    this.forget = forget;
    this.marks = new ChildMark(nexus.membership().home(), spec.uuid(), nexus::now);
    this.changes = new ChildChanges(nexus, children, marks);
    nexus.leavesBy(this::handover);
    watcher.served.complete(this);
  }

  /** It goes on where the nexus before has left; its device is in its slot again. */
  void takeUp(LeftNexus left) {
    try (var _ = turn.take()) {
      sizeBytes = left.sizeBytes();
      marks.takeUp(left);
      publication.takeUp(left.share());
      if (left.isStopped()) blocking.execute(this::standStill);
    }
  }

  /**
   * Its bundle is being replaced: I/O waits for the successor, hosts and shares stay. Returns when the successor can have it; what is being done
   * to it just now is waited for.
   */
  void leaveToSuccessor() {
    try (var _ = turn.take()) {
      if (destroyed || hasLeft) return;
      hasLeft = true;
      try {
        var _ =
            devices
                .leave(List.of(slot), "The service of nexus " + name())
                .toCompletableFuture()
                .join();
      } catch (CompletionException e) {
        log.warn("nexus {}: I/O has not ended in time for a successor", name(), e.getCause());
      }
    }
  }

  /** What the device of the nexus leaves in its slot. */
  private Optional<Handover> handover() {
    return new Bequest(spec, nexus, children, marks).make(sizeBytes, publication.left());
  }

  NexusSpec spec() {
    return spec;
  }

  DeviceSlot slot() {
    return slot;
  }

  /** It is what serves this device. */
  boolean isIn(DeviceSlot device) {
    return slot == device && !hasLeft;
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public UUID uuid() {
    return spec.uuid();
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public void resize(long bytes) throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("resized");
      if (isStopped()) throw refused("resized", "It is " + state() + ".");
      if (bytes == sizeBytes) return;
      new Growth(nexus).to(bytes);
      sizeBytes = bytes;
    }
  }

  @Override
  public NexusState state() {
    return nexus.membership().view().state();
  }

  @Override
  public Instant since() {
    return nexus.membership().view().since();
  }

  @Override
  public String why() {
    return nexus.membership().view().why();
  }

  @Override
  public List<ChildInfo> children() {
    return nexus.membership().view().children();
  }

  @Override
  public Optional<RecordInfo> record() {
    return nexus.record().info();
  }

  @Override
  public Optional<ReservationClaim> reservation() {
    return spec.reservation();
  }

  @Override
  public List<ReservationInfo> reservations() {
    return children.reservations().infos();
  }

  @Override
  public DeviceSlot device() {
    return slot;
  }

  @Override
  public Optional<String> shareUri() {
    return publication.uri();
  }

  @Override
  public Set<String> allowedHosts() {
    return publication.hosts();
  }

  @Override
  public String publish(Set<String> allowed) throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("published");
      if (isStopped()) throw refused("published", "It is " + state() + ".");
      return publication.to(allowed);
    }
  }

  @Override
  public void unpublish() throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("unpublished");
      publication.end();
    }
  }

  @Override
  public Optional<AnaState> anaState() {
    return publication.anaState();
  }

  @Override
  public void anaState(AnaState state) throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("given another ANA state");
      if (isStopped()) throw refused("given another ANA state", "It is " + state() + ".");
      publication.anaState(state);
    }
  }

  @Override
  public void shutdown() throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("shut down");
      if (destroyed || state() == NexusState.SHUTDOWN) return;
      endWaitingReads();
      await(publication.pause());
      children.leaveInOrder();
      stop("it was shut down by request");
      children.close();
    }
  }

  @Override
  public void destroy() throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("destroyed");
      end(true);
    }
  }

  /** As {@link #destroy}, but what hosts have reserved to survive a restart is there for the next nexus of this uuid. */
  void leave() throws NexusException {
    try (var _ = turn.take()) {
      end(false);
    }
  }

  /** Those for which its children have not said whose they are: the end would wait for them. */
  private void endWaitingReads() {
    var vigil = nexus.vigil();
    if (vigil != null) vigil.end();
  }

  private void end(boolean forGood) throws NexusException {
    if (destroyed) return;
    endWaitingReads();
    publication.end();
    children.leaveInOrder();
    stop("it was destroyed");
    try {
      devices.destroy(slot);
    } catch (DeviceException e) {
      throw new NexusException(
          Kind.STATE,
          "Nexus " + name() + " was not destroyed.",
          e.what() + (e.why().isEmpty() ? "" : " " + e.why()),
          e.remedy(),
          e);
    }
    destroyed = true;
    children.close();
    if (forGood) publication.forgetReservations();
    forget.run();
    log.info("nexus {}: {}", name(), forGood ? "destroyed" : "has left");
  }

  /** Somebody destroyed the block device: that was the nexus. */
  private void deviceWasClosed() {
    try (var _ = turn.take()) {
      if (destroyed || hasLeft) return;
      destroyed = true;
      children.leaveInOrder();
      try {
        stop("its block device was destroyed");
      } catch (NexusException e) {
        log.error("nexus {}: {}", name(), e.getMessage());
      }
      children.close();
      publication.forgetReservations();
      forget.run();
    }
  }

  /** Hosts of a nexus that has stopped wait until they find another way to the volume. */
  private void standStill() {
    try (var _ = turn.take()) {
      if (hasLeft) return; // Its successor sees that it has stopped.
      try {
        await(publication.pause());
      } catch (NexusException e) {
        log.error("nexus {}: {}", name(), e.getMessage());
      }
      children.close();
    }
  }

  // ---- children

  /**
   * Marks all, and has those rebuilt that are not trusted.
   *
   * @param slots in the order of the spec's children; one may have failed and be released by now
   * @param doubts by URI: why it is not, a sentence
   */
  void letIn(List<DeviceSlot> slots, Map<String, String> doubts) throws NexusException {
    for (int i = 0; i < slots.size(); i++) {
      String uri = spec.childUris().get(i);
      changes.mark(uri, slots.get(i));
      var why = doubts.get(uri);
      if (why != null) changes.letIn(uri, slots.get(i), why);
    }
  }

  @Override
  public void addChild(String uri, boolean rebuild) throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("given a child");
      changes.add(uri, rebuild);
    }
  }

  @Override
  public void removeChild(String uri) throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("deprived of a child");
      changes.remove(uri);
    }
  }

  @Override
  public void faultChild(String uri, Fault how) throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("deprived of a child");
      changes.fault(uri, how);
    }
  }

  @Override
  public void onlineChild(String uri) throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("given a child");
      changes.online(uri);
    }
  }

  @Override
  public void startRebuild(String uri) throws NexusException {
    mustBeHere("rebuilt");
    changes.ask(operators -> operators.start(uri));
  }

  @Override
  public void stopRebuild(String uri) throws NexusException {
    mustBeHere("rebuilt");
    changes.ask(operators -> operators.stop(uri));
  }

  @Override
  public void pauseRebuild(String uri) throws NexusException {
    mustBeHere("rebuilt");
    changes.ask(operators -> operators.pause(uri));
  }

  @Override
  public void resumeRebuild(String uri) throws NexusException {
    mustBeHere("rebuilt");
    changes.ask(operators -> operators.resume(uri));
  }

  @Override
  public List<RebuildInfo> rebuilds() {
    return nexus.membership().rebuilds().infos();
  }

  @Override
  public List<RebuildInfo> rebuildHistory() {
    return nexus.membership().rebuilds().history();
  }

  private void stop(String why) throws NexusException {
    var stopped = new CompletableFuture<Void>();
    nexus.membership().shutDown(why, () -> stopped.complete(null));
    await(stopped);
  }

  private void await(CompletableFuture<?> what) throws NexusException {
    try {
      var _ = Wait.on(what, nexus.membership().home(), DRAIN_SECONDS);
    } catch (TimeoutException e) {
      throw notDrained("I/O is in flight after " + DRAIN_SECONDS + " seconds.", e);
    } catch (ExecutionException e) {
      throw notDrained(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw notDrained("The wait was interrupted.", e);
    }
  }

  private NexusException notDrained(String why, Exception cause) {
    return new NexusException(
        Kind.INTERNAL,
        "Nexus " + name() + " was not stopped.",
        why,
        "Look at its children; try again.",
        cause);
  }

  @Override
  public List<UUID> replicas() {
    return nexus.members().map(child -> child.slot().uuid()).toList();
  }

  @Override
  public NexusSnapshot snapshot(NexusSnapshot.Order order) throws NexusException {
    try (var _ = turn.take()) {
      mustBeHere("snapshotted");
      var round = new SnapshotRound(nexus, slot, blocking);
      var _ = round.check(order);
      round.pause();
      try {
        // Again: what was in flight may have cost a child.
        return round.take(round.check(order), order, nexus.now());
      } finally {
        round.resume();
      }
    }
  }

  private void mustBeHere(String what) throws NexusException {
    if (!hasLeft) return;
    throw new NexusException(
        Kind.UNAVAILABLE,
        "Nexus " + name() + " was not " + what + ".",
        "Its service is being replaced.",
        "Try again.");
  }

  private boolean isStopped() {
    return destroyed || state() == NexusState.SHUTTING_DOWN || state() == NexusState.SHUTDOWN;
  }

  private NexusException refused(String what, String why) {
    return new NexusException(
        Kind.STATE,
        "Nexus " + name() + " was not " + what + ".",
        why,
        "Make a new nexus of its children.");
  }
}
