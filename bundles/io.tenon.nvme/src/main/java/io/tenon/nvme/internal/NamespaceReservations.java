package io.tenon.nvme.internal;

import io.tenon.block.ReservationStatus;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.TargetException;
import io.tenon.nvme.internal.reservation.ReservationCommand;
import io.tenon.nvme.internal.reservation.ReservationRules;
import io.tenon.nvme.internal.reservation.ReservationRules.Decision;
import io.tenon.nvme.internal.reservation.ReservationState;
import io.tenon.nvme.internal.reservation.ReservationStore;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reservations of a subsystem's namespace. One change at a time: decided, made durable if it persists, made known to every I/O
 * queue, and answered when no queue has anything with the device any more that the change forbids. Any thread.
 *
 * <pre>
 * waiting ─► decided ─► kept ─► known to all queues ─► answered
 *                └──── refused, or without an effect ────┘
 * </pre>
 */
final class NamespaceReservations {
  private static final Logger log = LoggerFactory.getLogger(NamespaceReservations.class);

  private final ServedSubsystem subsystem;
  private final ReservationStore store;
  private final Optional<Path> file;
  private final ArrayDeque<Change> waiting = new ArrayDeque<>();
  private volatile ReservationState state;

  // Under the lock of this, as waiting.
  private boolean changing;

  /** A command that waits for its turn. */
  private record Change(UUID host, ReservationCommand command, IntConsumer answer) {}

  /** Before any host: with what was kept. */
  NamespaceReservations(ServedSubsystem subsystem, ReservationStore store, ShareOptions options)
      throws TargetException {
    this.subsystem = subsystem;
    this.store = store;
    this.file = store.keeps() ? options.reservationFile() : Optional.empty();
    this.state =
        file.isPresent()
            ? store.load(file.get(), subsystem.namespaceUuid())
            : ReservationState.EMPTY;
  }

  boolean canPersist() {
    return file.isPresent();
  }

  ReservationStatus status() {
    return state.status();
  }

  boolean persists() {
    return state.persists();
  }

  /** Groups of commands that a host may not execute now: {@link ReservationRules#forbidden}. */
  int forbidden(UUID host) {
    return ReservationRules.forbidden(state, host);
  }

  /**
   * @param answer told the status on some thread, which must not wait
   */
  void change(UUID host, ReservationCommand command, IntConsumer answer) {
    synchronized (this) {
      waiting.add(new Change(host, command, answer));
      if (changing) return;
      changing = true;
    }
    changeNext();
  }

  private synchronized @Nullable Change next() {
    var next = waiting.poll();
    if (next == null) changing = false;
    return next;
  }

  /** Until one takes its time, which goes on here by itself, or there are no more. */
  private void changeNext() {
    for (var next = next(); next != null; next = next()) {
      var decision = ReservationRules.decide(state, next.host, next.command, canPersist());
      boolean changes = !decision.next().equals(state);
      if (changes) {
        make(next, decision);
        return;
      }
      next.answer.accept(decision.status());
    }
  }

  private void make(Change change, Decision decision) {
    boolean keeps = decision.next().persists() || state.persists();
    if (keeps && file.isPresent()) {
      var _ =
          store
              .save(file.get(), subsystem.namespaceUuid(), decision.next())
              .whenComplete((_, failure) -> kept(change, decision, failure));
    } else {
      publish(change, decision);
    }
  }

  private void kept(Change change, Decision decision, @Nullable Throwable failure) {
    if (failure == null) {
      publish(change, decision);
      return;
    }
    var cause = failure.getCause() == null ? failure : failure.getCause();
    log.error(
        "{}: {} of host {} was not made durable, and not done: {}",
        subsystem.nqn(),
        change.command,
        change.host,
        cause.getMessage());
    change.answer.accept(NvmeStatus.INTERNAL_ERROR);
    changeNext();
  }

  private void publish(Change change, Decision decision) {
    state = decision.next();
    log.info("{}: host {}: {}", subsystem.nqn(), change.host, change.command);
    // Queues that come from now on see the new state by themselves.
    var all =
        subsystem.ioQueues().stream()
            .map(queue -> known(queue, decision.aborted()))
            .toArray(CompletableFuture<?>[]::new);
    var _ = CompletableFuture.allOf(all).thenRun(() -> answer(change, decision));
  }

  private static CompletableFuture<Void> known(IoQueue queue, Set<UUID> aborted) {
    var known = new CompletableFuture<Void>();
    queue.tell(() -> queue.reservationChanged(aborted.contains(queue.hostId()), known));
    return known;
  }

  private void answer(Change change, Decision decision) {
    decision
        .notices()
        .forEach(
            (host, notice) -> {
              for (var controller : subsystem.associated()) {
                if (controller.hostId().equals(host)) controller.reservationNotice(notice);
              }
            });
    change.answer.accept(decision.status());
    changeNext();
  }
}
