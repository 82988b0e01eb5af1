package io.tenon.nexus.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.block.SnapshotSpec;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One snapshot of all children of a nexus at the same moment: hosts' I/O waits, what is in flight ends, every child takes its
 * snapshot at the same time, I/O goes on. Because nothing is in flight, every child holds the same data.
 */
final class SnapshotRound {
  private static final Logger log = LoggerFactory.getLogger(SnapshotRound.class);

  /** Together less than the 30 s that callers of gRPC give it. */
  private static final long DRAIN_WITHIN_S = 10;

  private static final long TAKE_WITHIN_S = 15;

  private final NexusDevice device;
  private final DeviceSlot nexus;
  private final Executor blocking;

  /**
   * @param nexus the slot of {@code device}
   * @param blocking runs one task per child, at the same time
   */
  SnapshotRound(NexusDevice device, DeviceSlot nexus, Executor blocking) {
    this.device = device;
    this.nexus = nexus;
    this.blocking = blocking;
  }

  /**
   * That the nexus serves, all its children are healthy, and the order names each.
   *
   * @return the children's devices by uuid
   */
  Map<UUID, DeviceSlot> check(NexusSnapshot.Order order) throws NexusException {
    var view = device.membership().view();
    switch (view.state()) {
      case INIT, ONLINE, DEGRADED, FAULTED -> {}
      case SHUTTING_DOWN, SHUTDOWN -> {
        throw notOrdered(NexusException.Kind.STATE, "It is " + view.state() + ".");
      }
    }
    for (ChildInfo child : view.children()) {
      if (child.state() == ChildState.OPEN) continue;
      throw notOrdered(
          NexusException.Kind.CHILD, "Child %s is %s.".formatted(child.uri(), child.state()));
    }
    var byUuid = new LinkedHashMap<UUID, DeviceSlot>();
    device.members().forEach(child -> byUuid.put(child.slot().uuid(), child.slot()));
    var named = order.uuids().keySet();
    if (byUuid.keySet().equals(named) && byUuid.size() == view.children().size()) return byUuid;
    throw notOrdered(
        NexusException.Kind.CHILD_NOT_FOUND,
        "Its replicas are %s, and not %s.".formatted(byUuid.keySet(), List.copyOf(named)));
  }

  private NexusException notOrdered(NexusException.Kind kind, String why) {
    return new NexusException(
        kind,
        "No snapshot of nexus " + nexus.name() + " was taken.",
        why,
        "Name each of its replicas once, when all are healthy.");
  }

  /**
   * Nothing is in flight when this returns, and nothing is admitted until {@link #resume}.
   *
   * @throws NexusException when it goes on as it was
   */
  void pause() throws NexusException {
    if (nexus.state() != SlotState.READY) {
      throw notTaken("Its block device is " + nexus.state() + ".");
    }
    var drained = nexus.drain("A snapshot is taken.").toCompletableFuture();
    try {
      var _ = Wait.on(drained, device.membership().home(), DRAIN_WITHIN_S);
    } catch (TimeoutException e) {
      resume();
      throw notTaken("I/O is in flight after " + DRAIN_WITHIN_S + " seconds.");
    } catch (ExecutionException e) {
      throw notTaken(String.valueOf(e.getCause()));
    } catch (InterruptedException e) {
      resume();
      Thread.currentThread().interrupt();
      throw notTaken("The wait for it was interrupted.");
    }
  }

  private NexusException notTaken(String why) {
    return new NexusException(
        NexusException.Kind.INTERNAL,
        "No snapshot of nexus " + nexus.name() + " was taken.",
        why,
        "Look at its children; try again.");
  }

  void resume() {
    if (nexus.state() == SlotState.DRAINING) nexus.resume("The snapshot is over.");
  }

  /**
   * @param children by the uuid of the replica
   * @param order checked; names these children
   */
  NexusSnapshot take(Map<UUID, DeviceSlot> children, NexusSnapshot.Order order, Instant now) {
    var underWay = new LinkedHashMap<UUID, CompletableFuture<Optional<DeviceException>>>();
    List<UUID> skipped = new ArrayList<>();
    order
        .uuids()
        .forEach(
            (replica, snapshot) -> {
              var child = children.get(replica);
              if (child == null || snapshot.isEmpty()) {
                skipped.add(replica);
                return;
              }
              var spec =
                  new SnapshotSpec(
                      order.name(), snapshot.get(), order.entityId(), order.txnId(), now);
              underWay.put(
                  replica, CompletableFuture.supplyAsync(() -> takeOne(child, spec), blocking));
            });
    var outcomes = new LinkedHashMap<UUID, Optional<DeviceException>>();
    var all = CompletableFuture.allOf(underWay.values().toArray(CompletableFuture[]::new));
    awaitAll(all);
    underWay.forEach((replica, one) -> outcomes.put(replica, outcome(replica, one)));
    return new NexusSnapshot(now, outcomes, List.copyOf(skipped));
  }

  private static Optional<DeviceException> takeOne(DeviceSlot child, SnapshotSpec spec) {
    try {
      var snapshots = child.snapshots();
      if (snapshots.isEmpty()) {
        throw new DeviceException(
            Kind.UNSUPPORTED,
            "Snapshot " + spec.name() + " of " + child + " was not taken.",
            "It is no replica: only those keep what they held.",
            "Put the volume on pools.");
      }
      snapshots.get().take(spec);
      return Optional.empty();
    } catch (DeviceException e) {
      log.warn("child {}: {}", child, e.getMessage());
      return Optional.of(e);
    }
  }

  /** Or for as long as hosts can wait. */
  private void awaitAll(CompletableFuture<Void> all) {
    try {
      var _ = Wait.on(all, device.membership().home(), TAKE_WITHIN_S);
    } catch (TimeoutException | ExecutionException e) {
      // told for each child
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Optional<DeviceException> outcome(
      UUID replica, CompletableFuture<Optional<DeviceException>> one) {
    return switch (one.state()) {
      case SUCCESS -> one.resultNow();
      case RUNNING ->
          Optional.of(
              new DeviceException(
                  Kind.TIMED_OUT,
                  "Replica " + replica + " has not answered.",
                  "Its snapshot was not taken after " + TAKE_WITHIN_S + " seconds.",
                  "Look there whether it is taken later, and delete it."));
      case FAILED, CANCELLED ->
          Optional.of(
              new DeviceException(
                  Kind.IO,
                  "The snapshot of replica " + replica + " failed by a bug.",
                  String.valueOf(one.exceptionNow()),
                  "",
                  one.exceptionNow()));
    };
  }
}
