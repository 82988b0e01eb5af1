package io.tenon.nvme.internal.reservation;

import io.tenon.block.ReservationType;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.ReservationLayout;
import io.tenon.nvme.internal.reservation.ReservationCommand.Acquire;
import io.tenon.nvme.internal.reservation.ReservationCommand.Persist;
import io.tenon.nvme.internal.reservation.ReservationCommand.Register;
import io.tenon.nvme.internal.reservation.ReservationCommand.Release;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongPredicate;

/** Base 2.0c §8.19 and §7.2 to §7.4: what a command makes of a state, and what a state forbids. Pure functions. */
public final class ReservationRules {
  /** Group of commands: Read and Compare. */
  public static final int READS = 1;

  /** Group of commands: Write, Write Zeroes, Dataset Management, Flush. */
  public static final int WRITES = 2;

  private static final int INVALID_FIELD = NvmeStatus.INVALID_FIELD | NvmeStatus.DO_NOT_RETRY;
  private static final int CONFLICT = NvmeStatus.RESERVATION_CONFLICT | NvmeStatus.DO_NOT_RETRY;

  private ReservationRules() {}

  /**
   * What a command leads to.
   *
   * @param next equal to the state before when nothing changes
   * @param notices for hosts, at most one each, never for the one that has sent the command
   * @param aborted hosts whose waiting commands end now
   */
  public record Decision(
      int status, ReservationState next, Map<UUID, ReservationNotice> notices, Set<UUID> aborted) {
    public Decision {
      notices = Collections.unmodifiableMap(new LinkedHashMap<>(notices));
      aborted = Collections.unmodifiableSet(new LinkedHashSet<>(aborted));
    }

    private static Decision refused(ReservationState state, int status) {
      return new Decision(status, state, Map.of(), Set.of());
    }

    private static Decision done(ReservationState next) {
      return new Decision(NvmeStatus.SUCCESS, next, Map.of(), Set.of());
    }
  }

  /**
   * Groups of commands that end with Reservation Conflict: Base 2.0c Figure "Command Behavior in the Presence of a Reservation".
   *
   * @return {@link #READS} and {@link #WRITES}, or 0
   */
  public static int forbidden(ReservationState state, UUID host) {
    if (state.held().isEmpty()) return 0;
    return forbidden(
        state.held().get().type(), state.isHolder(host), state.keys().containsKey(host));
  }

  static int forbidden(ReservationType type, boolean isHolder, boolean isRegistrant) {
    if (isHolder || (isRegistrant && type.letsRegistrantsIn())) return 0;
    return type.excludesReads() ? READS | WRITES : WRITES;
  }

  /**
   * @param canPersist there is a place to keep the state in
   */
  public static Decision decide(
      ReservationState state, UUID host, ReservationCommand command, boolean canPersist) {
    return switch (command) {
      case Register it -> register(state, host, it, canPersist);
      case Acquire it -> acquire(state, host, it);
      case Release it -> release(state, host, it);
      case Persist it -> {
        if (it.persists() && !canPersist) yield Decision.refused(state, INVALID_FIELD);
        yield Decision.done(state.persists(it.persists()));
      }
    };
  }

  private static OptionalLong key(ReservationState state, UUID host) {
    Long key = state.keys().get(host);
    return key == null ? OptionalLong.empty() : OptionalLong.of(key);
  }

  private static boolean isKey(ReservationState state, UUID host, long key) {
    var own = key(state, host);
    return own.isPresent() && own.getAsLong() == key;
  }

  // Register.

  private static Decision register(
      ReservationState state, UUID host, Register command, boolean canPersist) {
    boolean isRegistrant = state.keys().containsKey(host);
    boolean knowsKey =
        isRegistrant && (command.ignoresKey() || isKey(state, host, command.currentKey()));
    boolean keeps = command.persistence() == ReservationLayout.PERSISTENCE_ON;
    switch (command.persistence()) {
      case ReservationLayout.PERSISTENCE_AS_IT_IS, ReservationLayout.PERSISTENCE_OFF -> {}
      case ReservationLayout.PERSISTENCE_ON -> {
        if (!canPersist) return Decision.refused(state, INVALID_FIELD);
      }
      default -> {
        return Decision.refused(state, INVALID_FIELD);
      }
    }
    var counted = state.nextGeneration();
    var next =
        command.persistence() == ReservationLayout.PERSISTENCE_AS_IT_IS
            ? counted
            : counted.persists(keeps);
    return switch (command.action()) {
      case ReservationLayout.REGISTER -> {
        if (command.newKey() == 0) yield Decision.refused(state, INVALID_FIELD);
        if (isRegistrant && !isKey(state, host, command.newKey())) {
          yield Decision.refused(state, CONFLICT);
        }
        yield Decision.done(next.with(host, command.newKey()));
      }
      case ReservationLayout.REPLACE -> {
        if (command.newKey() == 0) yield Decision.refused(state, INVALID_FIELD);
        boolean registers = !isRegistrant && command.ignoresKey();
        if (!knowsKey && !registers) yield Decision.refused(state, CONFLICT);
        yield Decision.done(next.with(host, command.newKey()));
      }
      case ReservationLayout.UNREGISTER -> {
        if (!knowsKey) yield Decision.refused(state, CONFLICT);
        var left = next.without(host);
        yield new Decision(
            NvmeStatus.SUCCESS, left, released(state, left, host, List.of()), Set.of());
      }
      default -> Decision.refused(state, INVALID_FIELD);
    };
  }

  // Acquire.

  private static Decision acquire(ReservationState state, UUID host, Acquire command) {
    var type = ReservationType.of(command.type());
    if (command.ignoresKey() || type.isEmpty()) return Decision.refused(state, INVALID_FIELD);
    return switch (command.action()) {
      case ReservationLayout.ACQUIRE -> {
        if (!isKey(state, host, command.currentKey())) yield Decision.refused(state, CONFLICT);
        if (state.held().isEmpty()) yield Decision.done(state.heldBy(type.get(), host));
        boolean isSame = state.held().get().type() == type.get() && state.isHolder(host);
        yield isSame ? Decision.done(state) : Decision.refused(state, CONFLICT);
      }
      case ReservationLayout.PREEMPT, ReservationLayout.PREEMPT_AND_ABORT -> {
        if (!isKey(state, host, command.currentKey())) yield Decision.refused(state, CONFLICT);
        yield preempt(
            state,
            host,
            command.preemptedKey(),
            type.get(),
            command.action() == ReservationLayout.PREEMPT_AND_ABORT);
      }
      default -> Decision.refused(state, INVALID_FIELD);
    };
  }

  private static Decision preempt(
      ReservationState state, UUID host, long preempted, ReservationType type, boolean aborts) {
    if (state.held().isEmpty()) {
      return unregister(state, host, having(state, preempted), aborts);
    }
    var held = state.held().get();
    if (held.type().isHeldByAll()) {
      if (preempted != 0) return unregister(state, host, having(state, preempted), aborts);
      return take(state, host, others(state, host, _ -> true), type, aborts);
    }
    if (isKey(state, held.by(), preempted)) {
      return take(state, host, others(state, host, key -> key == preempted), type, aborts);
    }
    if (preempted == 0) return Decision.refused(state, INVALID_FIELD);
    return unregister(state, host, having(state, preempted), aborts);
  }

  private static List<UUID> having(ReservationState state, long key) {
    var found = new ArrayList<UUID>();
    state
        .keys()
        .forEach(
            (host, its) -> {
              if (its == key) found.add(host);
            });
    return found;
  }

  private static List<UUID> others(ReservationState state, UUID host, LongPredicate withKey) {
    var found = new ArrayList<UUID>();
    state
        .keys()
        .forEach(
            (other, key) -> {
              if (!other.equals(host) && withKey.test(key)) found.add(other);
            });
    return found;
  }

  /** Registrations go; nobody gets the reservation. */
  private static Decision unregister(
      ReservationState state, UUID host, List<UUID> victims, boolean aborts) {
    if (victims.isEmpty()) return Decision.refused(state, CONFLICT);
    var next = state.nextGeneration();
    for (var victim : victims) next = next.without(victim);
    return preempted(state, next, host, victims, aborts);
  }

  /** Registrations go, and the host gets the reservation. */
  private static Decision take(
      ReservationState state, UUID host, List<UUID> victims, ReservationType type, boolean aborts) {
    // First the new holder, then the others out: no state in between is without a reservation.
    var next = state.nextGeneration().heldBy(type, host);
    for (var victim : victims) next = next.without(victim);
    return preempted(state, next, host, victims, aborts);
  }

  private static Decision preempted(
      ReservationState before,
      ReservationState next,
      UUID host,
      List<UUID> victims,
      boolean aborts) {
    var notices = new LinkedHashMap<>(released(before, next, host, victims));
    for (var victim : victims) {
      if (!victim.equals(host)) notices.put(victim, ReservationNotice.REGISTRATION_PREEMPTED);
    }
    return new Decision(
        NvmeStatus.SUCCESS, next, notices, aborts ? new LinkedHashSet<>(victims) : Set.of());
  }

  /** Who is told that the reservation is another now: registrants that it had let in, of those that are left. */
  private static Map<UUID, ReservationNotice> released(
      ReservationState before, ReservationState next, UUID host, List<UUID> victims) {
    var notices = new LinkedHashMap<UUID, ReservationNotice>();
    if (before.held().isEmpty() || !before.held().get().type().letsRegistrantsIn()) return notices;
    var type = before.held().get().type();
    if (next.held().isPresent() && next.held().get().type() == type) return notices;
    for (var other : next.keys().keySet()) {
      if (!other.equals(host) && !victims.contains(other)) {
        notices.put(other, ReservationNotice.RESERVATION_RELEASED);
      }
    }
    return notices;
  }

  // Release.

  private static Decision release(ReservationState state, UUID host, Release command) {
    if (command.ignoresKey()) return Decision.refused(state, INVALID_FIELD);
    return switch (command.action()) {
      case ReservationLayout.RELEASE -> {
        var type = ReservationType.of(command.type());
        if (type.isEmpty()) yield Decision.refused(state, INVALID_FIELD);
        if (!isKey(state, host, command.currentKey())) yield Decision.refused(state, CONFLICT);
        if (!state.isHolder(host)) yield Decision.done(state);
        if (state.held().get().type() != type.get()) yield Decision.refused(state, INVALID_FIELD);
        var next = state.released();
        yield new Decision(
            NvmeStatus.SUCCESS, next, released(state, next, host, List.of()), Set.of());
      }
      case ReservationLayout.CLEAR -> {
        if (!isKey(state, host, command.currentKey())) yield Decision.refused(state, CONFLICT);
        var next = state.nextGeneration().released();
        var notices = new LinkedHashMap<UUID, ReservationNotice>();
        for (var other : state.keys().keySet()) {
          next = next.without(other);
          if (!other.equals(host)) notices.put(other, ReservationNotice.RESERVATION_PREEMPTED);
        }
        yield new Decision(NvmeStatus.SUCCESS, next, notices, Set.of());
      }
      default -> Decision.refused(state, INVALID_FIELD);
    };
  }
}
