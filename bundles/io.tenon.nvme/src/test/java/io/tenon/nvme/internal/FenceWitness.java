package io.tenon.nvme.internal;

import io.tenon.block.ReservationStatus;
import io.tenon.block.ReservationType;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.internal.FenceModel.Wish;
import io.tenon.simulation.SimWorld;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * Judges from outside whether reservations hold: it hears what hosts send and are answered, and what the medium takes. Each
 * command takes effect at one moment between its sending and its answer, in whatever order; one whose answer was lost may have.
 * What is forbidden in every state that may be must not happen, and what is allowed in each must not be refused.
 */
final class FenceWitness {
  private static final int READ = 0;
  private static final int WRITE = 1;

  /** A command on its way. */
  static final class Pending {
    private final int host;
    private final Wish wish;
    private final int sentAt;

    /** Nobody will be answered; what the target has of it comes before all that is sent later. */
    private int lostAt = Integer.MAX_VALUE;

    private Pending(int host, Wish wish, int sentAt) {
      this.host = host;
      this.wish = wish;
      this.sentAt = sentAt;
    }

    @Override
    public String toString() {
      return "%s of host %d".formatted(wish, host);
    }
  }

  /**
   * A command under way has taken effect: reports show it.
   *
   * @param before what holds for I/O until it is answered; empty when something later was answered
   */
  private record Effect(int status, Optional<FenceModel> before) {}

  /**
   * How it may be.
   *
   * @param effects of commands under way, in their order
   */
  private record Maybe(FenceModel state, Map<Pending, Effect> effects) {
    /** Whatever one asks for in this state. */
    Maybe with(Pending pending) {
      var after = state.copy();
      int status = after.apply(pending.host, pending.wish);
      var more = new LinkedHashMap<>(effects);
      more.put(pending, new Effect(status, Optional.of(state)));
      return new Maybe(after, more);
    }

    /** It is answered, and so is what came before it. */
    Maybe without(Pending pending) {
      var less = new LinkedHashMap<Pending, Effect>();
      boolean isEarlier = effects.containsKey(pending);
      for (var effect : effects.entrySet()) {
        if (effect.getKey() == pending) {
          isEarlier = false;
          continue;
        }
        var it = effect.getValue();
        less.put(effect.getKey(), isEarlier ? new Effect(it.status, Optional.empty()) : it);
      }
      return new Maybe(state, less);
    }

    boolean allows(Predicate<FenceModel> what) {
      return what.test(state)
          || effects.values().stream().anyMatch(it -> it.before.filter(what).isPresent());
    }

    boolean forbids(Predicate<FenceModel> what) {
      return !what.test(state)
          || effects.values().stream().anyMatch(it -> it.before.filter(what.negate()).isPresent());
    }
  }

  /** Since when something is so, for sure. */
  private record Right(boolean never, boolean always, long sinceNs) {}

  private final SimWorld world;
  private final int hosts;
  private final IntFunction<UUID> ids;
  private final SimReservationStore store;
  private final List<Pending> underWay = new ArrayList<>();
  private final TreeMap<Long, Integer> writers = new TreeMap<>();
  private final TreeMap<Long, List<Integer>> zeroers = new TreeMap<>();
  private final Right[][] rights;
  private List<Maybe> possible = List.of(new Maybe(new FenceModel(), Map.of()));
  private int version;
  private int judged;

  FenceWitness(SimWorld world, int hosts, IntFunction<UUID> ids, SimReservationStore store) {
    this.world = world;
    this.hosts = hosts;
    this.ids = ids;
    this.store = store;
    this.rights = new Right[hosts][2];
    for (var of : rights) {
      of[READ] = new Right(false, true, 0);
      of[WRITE] = new Right(false, true, 0);
    }
  }

  /** How many answers it has looked at. */
  int judged() {
    return judged;
  }

  int version() {
    return version;
  }

  /** These, and what becomes of them by what is under way. */
  private void become(Collection<Maybe> now) {
    var found = new LinkedHashSet<>(now);
    var left = new ArrayDeque<>(found);
    while (!left.isEmpty()) {
      var one = left.remove();
      for (var pending : underWay) {
        if (one.effects.containsKey(pending)) continue;
        var then = one.with(pending);
        if (found.add(then)) left.add(then);
      }
    }
    possible = List.copyOf(found);
    version++;
    for (int host = 0; host < hosts; host++) {
      int it = host;
      note(host, READ, state -> state.mayRead(it));
      note(host, WRITE, state -> state.mayWrite(it));
    }
  }

  private void note(int host, int group, Predicate<FenceModel> allowed) {
    boolean never = possible.stream().noneMatch(one -> one.allows(allowed));
    boolean always = possible.stream().noneMatch(one -> one.forbids(allowed));
    var before = rights[host][group];
    if (before.never == never && before.always == always) return;
    rights[host][group] = new Right(never, always, world.nowNs());
  }

  // Reservation commands.

  Pending sent(int host, Wish wish) {
    var pending = new Pending(host, wish, version);
    underWay.add(pending);
    become(possible);
    return pending;
  }

  void answered(Pending pending, int status) {
    if (!underWay.contains(pending)) return; // the share has begun anew meanwhile
    var fit = new ArrayList<Maybe>();
    for (var one : possible) {
      var effect = one.effects.get(pending);
      boolean fits =
          status == NvmeStatus.INTERNAL_ERROR
              ? effect == null
              : effect != null && effect.status == status;
      if (fits) fit.add(one);
    }
    if (fit.isEmpty()) {
      throw new AssertionError(
          "%s was answered with %x in %s".formatted(pending, status, possible));
    }
    judged++;
    possible = fit;
    settle(pending);
    for (var other : List.copyOf(underWay)) if (other.lostAt < pending.sentAt) settle(other);
    become(possible);
    if (status == NvmeStatus.SUCCESS) checkKept();
  }

  /** It has taken effect by now, or never will. */
  private void settle(Pending pending) {
    underWay.remove(pending);
    possible = possible.stream().map(one -> one.without(pending)).toList();
  }

  private void checkKept() {
    var kept = store.kept();
    for (var one : possible) {
      if (one.state.persists ? isSame(one.state, kept.status()) : !kept.persists()) return;
    }
    throw new AssertionError("kept is %s, and it is %s".formatted(kept, possible));
  }

  /** Its answer will never come. */
  void lost(Pending pending) {
    pending.lostAt = version;
    version++;
  }

  /**
   * @param sentAt {@link #version} when the report was asked for
   */
  void reported(int sentAt, ReservationStatus report) {
    if (sentAt != version) return;
    var fit = possible.stream().filter(one -> isSame(one.state, report)).toList();
    if (fit.isEmpty()) {
      throw new AssertionError("reported is %s, and it is %s".formatted(report, possible));
    }
    become(fit);
  }

  private boolean isSame(FenceModel state, ReservationStatus told) {
    var keys = new TreeMap<Integer, Long>();
    if (told.type().map(ReservationType::code).orElse(0) != state.type) return false;
    for (int host = 0; host < hosts; host++) {
      var registrant = told.registrant(ids.apply(host));
      if (registrant.isEmpty()) continue;
      keys.put(host, registrant.get().key());
      if (registrant.get().isHolder() != state.isHolder(host)) return false;
    }
    return keys.equals(state.keys);
  }

  /** The share has ended and begun again: nothing is under way. */
  void restarted() {
    for (var pending : List.copyOf(underWay)) settle(pending);
    become(
        possible.stream()
            .map(one -> one.state.persists ? one : new Maybe(new FenceModel(), Map.of()))
            .toList());
  }

  // I/O.

  void stamped(long stamp, int host) {
    writers.put(stamp, host);
  }

  void zeroBegins(int host, long block) {
    zeroers.computeIfAbsent(block, _ -> new ArrayList<>()).add(host);
  }

  void zeroEnds(int host, long block) {
    var all = zeroers.get(block);
    if (all != null) all.remove(Integer.valueOf(host));
  }

  /** The medium has taken a write. */
  void written(long stamp) {
    Integer host = writers.get(stamp);
    if (host == null) return;
    if (rights[host][WRITE].never) {
      throw new AssertionError("a write of host %d is applied in %s".formatted(host, possible));
    }
  }

  void zeroed(long from, long to) {
    for (long block = from; block < to; block++) {
      var all = zeroers.getOrDefault(block, List.of());
      if (all.isEmpty() || all.stream().anyMatch(host -> !rights[host][WRITE].never)) continue;
      throw new AssertionError(
          "block %d is zeroed for host %s in %s".formatted(block, all, possible));
    }
  }

  /** A command that was sent at {@code sentNs} is answered. */
  void ended(int host, boolean isRead, long sentNs, int status) {
    var right = rights[host][isRead ? READ : WRITE];
    if (right.sinceNs >= sentNs) return;
    if (right.never && status == NvmeStatus.SUCCESS) {
      throw new AssertionError(
          "host %d has %s in %s".formatted(host, isRead ? "read" : "written", possible));
    }
    if (right.always && NvmeStatus.code(status) == NvmeStatus.RESERVATION_CONFLICT) {
      throw new AssertionError(
          "host %d was refused to %s in %s".formatted(host, isRead ? "read" : "write", possible));
    }
  }
}
