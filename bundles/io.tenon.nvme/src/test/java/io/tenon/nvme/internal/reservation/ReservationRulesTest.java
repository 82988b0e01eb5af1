package io.tenon.nvme.internal.reservation;

import static io.tenon.nvme.internal.reservation.ReservationRules.READS;
import static io.tenon.nvme.internal.reservation.ReservationRules.WRITES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.ReservationType;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.ReservationLayout;
import io.tenon.nvme.internal.reservation.ReservationCommand.Acquire;
import io.tenon.nvme.internal.reservation.ReservationCommand.Persist;
import io.tenon.nvme.internal.reservation.ReservationCommand.Register;
import io.tenon.nvme.internal.reservation.ReservationCommand.Release;
import io.tenon.nvme.internal.reservation.ReservationRules.Decision;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReservationRulesTest {
  private static final UUID A = new UUID(1, 1);
  private static final UUID B = new UUID(1, 2);
  private static final UUID C = new UUID(1, 3);
  private static final UUID D = new UUID(1, 4);
  private static final int INVALID_FIELD = NvmeStatus.INVALID_FIELD;
  private static final int CONFLICT = NvmeStatus.RESERVATION_CONFLICT;

  private static Decision decide(ReservationState state, UUID host, ReservationCommand command) {
    return ReservationRules.decide(state, host, command, true);
  }

  private static ReservationState done(
      ReservationState state, UUID host, ReservationCommand command) {
    var decision = decide(state, host, command);
    assertEquals(0, decision.status(), command::toString);
    return decision.next();
  }

  private static void refused(
      int code, ReservationState state, UUID host, ReservationCommand command) {
    var decision = decide(state, host, command);
    assertEquals(code, NvmeStatus.code(decision.status()), command::toString);
    assertEquals(state, decision.next(), "what is refused changes nothing");
    assertEquals(Map.of(), decision.notices());
  }

  private static Register register(long key) {
    return new Register(ReservationLayout.REGISTER, false, 0, 0, key);
  }

  private static Register unregister(long key) {
    return new Register(ReservationLayout.UNREGISTER, false, 0, key, 0);
  }

  private static Register replace(long key, long with) {
    return new Register(ReservationLayout.REPLACE, false, 0, key, with);
  }

  private static Register replaceAny(long with) {
    return new Register(ReservationLayout.REPLACE, true, 0, 0, with);
  }

  private static Acquire acquire(long key, ReservationType type) {
    return new Acquire(ReservationLayout.ACQUIRE, false, type.code(), key, 0);
  }

  private static Acquire preempt(long key, ReservationType type, long preempted) {
    return new Acquire(ReservationLayout.PREEMPT, false, type.code(), key, preempted);
  }

  private static Release release(long key, ReservationType type) {
    return new Release(ReservationLayout.RELEASE, false, type.code(), key);
  }

  private static Release clear(long key) {
    return new Release(ReservationLayout.CLEAR, false, 0, key);
  }

  /** A has key 10, B 20, C 30; D is not registered. */
  private static ReservationState registered() {
    var state = done(ReservationState.EMPTY, A, register(10));
    return done(done(state, B, register(20)), C, register(30));
  }

  private static ReservationState heldByA(ReservationType type) {
    return done(registered(), A, acquire(10, type));
  }

  // What is forbidden: the specification's table, row by row.

  @ParameterizedTest
  @CsvSource({
    // type, then reads and writes of: the holder, a registrant, another host
    "WRITE_EXCLUSIVE, A,A, A,C, A,C",
    "EXCLUSIVE_ACCESS, A,A, C,C, C,C",
    "WRITE_EXCLUSIVE_REGISTRANTS_ONLY, A,A, A,A, A,C",
    "EXCLUSIVE_ACCESS_REGISTRANTS_ONLY, A,A, A,A, C,C",
    "WRITE_EXCLUSIVE_ALL_REGISTRANTS, A,A, A,A, A,C",
    "EXCLUSIVE_ACCESS_ALL_REGISTRANTS, A,A, A,A, C,C",
  })
  void forbidsWhatTheTableSays(
      ReservationType type,
      String holderReads,
      String holderWrites,
      String registrantReads,
      String registrantWrites,
      String otherReads,
      String otherWrites) {
    var state = heldByA(type);
    assertEquals(groups(holderReads, holderWrites), ReservationRules.forbidden(state, A));
    assertEquals(groups(registrantReads, registrantWrites), ReservationRules.forbidden(state, B));
    assertEquals(groups(otherReads, otherWrites), ReservationRules.forbidden(state, D));
  }

  private static int groups(String reads, String writes) {
    return (reads.equals("C") ? READS : 0) | (writes.equals("C") ? WRITES : 0);
  }

  @Test
  void withoutAReservationNothingIsForbidden() {
    for (var host : new UUID[] {A, B, C, D}) {
      assertEquals(0, ReservationRules.forbidden(registered(), host));
      assertEquals(0, ReservationRules.forbidden(ReservationState.EMPTY, host));
    }
  }

  /** The table's rows of the reservation commands: Acquire, Preempt, Release and Clear of who is not registered conflict. */
  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void whoIsNotRegisteredCanOnlyRegister(ReservationType type) {
    var state = heldByA(type);
    refused(CONFLICT, state, D, acquire(10, type));
    refused(CONFLICT, state, D, preempt(10, type, 10));
    refused(CONFLICT, state, D, release(10, type));
    refused(CONFLICT, state, D, clear(10));
    refused(CONFLICT, state, D, unregister(10));
    refused(CONFLICT, state, D, replace(10, 40));
    assertTrue(done(state, D, register(40)).keys().containsKey(D));
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void everybodyWhoIsRegisteredMayPreemptAndClear(ReservationType type) {
    var state = heldByA(type);
    var taken = done(state, B, preempt(20, type, type.isHeldByAll() ? 0 : 10));
    assertTrue(taken.isHolder(B));
    assertFalse(taken.keys().containsKey(A));
    assertTrue(done(state, B, clear(20)).keys().isEmpty());
  }

  // Register.

  @Test
  void aKeyIsRegisteredOnce() {
    var state = done(ReservationState.EMPTY, A, register(10));
    assertEquals(10, state.keys().get(A));
    assertEquals(state.keys(), done(state, A, register(10)).keys());
    refused(CONFLICT, state, A, register(11));
    refused(INVALID_FIELD, state, B, register(0));
    assertEquals(2, done(state, B, register(10)).keys().size(), "two hosts may have one key");
  }

  @Test
  void replacingNeedsTheKeyOrToIgnoreIt() {
    var state = registered();
    assertEquals(11, done(state, A, replace(10, 11)).keys().get(A));
    refused(CONFLICT, state, A, replace(12, 11));
    refused(INVALID_FIELD, state, A, replace(10, 0));
    assertEquals(11, done(state, A, replaceAny(11)).keys().get(A));
    assertEquals(40, done(state, D, replaceAny(40)).keys().get(D), "registers who is not");
    var held = done(heldByA(ReservationType.EXCLUSIVE_ACCESS), A, replaceAny(11));
    assertTrue(held.isHolder(A), "another key, the same holder");
  }

  @Test
  void unregisteringNeedsTheKeyOrToIgnoreIt() {
    var state = registered();
    refused(CONFLICT, state, A, unregister(20));
    assertFalse(done(state, A, unregister(10)).keys().containsKey(A));
    var any = new Register(ReservationLayout.UNREGISTER, true, 0, 0, 0);
    assertFalse(done(state, A, any).keys().containsKey(A));
    refused(CONFLICT, state, D, any);
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void aReservationEndsWithItsLastHolder(ReservationType type) {
    var decision = decide(heldByA(type), A, unregister(10));
    if (type.isHeldByAll()) {
      assertTrue(decision.next().isHolder(B));
      assertEquals(Map.of(), decision.notices());
      var left = done(done(decision.next(), B, unregister(20)), C, unregister(30));
      assertTrue(left.held().isEmpty());
    } else {
      assertTrue(decision.next().held().isEmpty());
      var told = ReservationNotice.RESERVATION_RELEASED;
      assertEquals(
          type.letsRegistrantsIn() ? Map.of(B, told, C, told) : Map.of(), decision.notices());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 6, 7})
  void actionsThatAreReservedAreInvalid(int action) {
    refused(INVALID_FIELD, registered(), A, new Register(action, false, 0, 10, 10));
    refused(INVALID_FIELD, registered(), A, new Acquire(action, false, 1, 10, 20));
    refused(INVALID_FIELD, registered(), A, new Release(action, false, 1, 10));
  }

  // Persistence.

  @Test
  void persistsOnlyWhereItCanBeKept() {
    var on = new Register(0, false, ReservationLayout.PERSISTENCE_ON, 0, 10);
    var off = new Register(0, false, ReservationLayout.PERSISTENCE_OFF, 0, 10);
    assertTrue(done(ReservationState.EMPTY, A, on).persists());
    assertFalse(done(done(ReservationState.EMPTY, A, on), A, off).persists());
    refused(INVALID_FIELD, ReservationState.EMPTY, A, new Register(0, false, 1, 0, 10));
    for (var wish : new ReservationCommand[] {on, new Persist(true)}) {
      var decision = ReservationRules.decide(ReservationState.EMPTY, A, wish, false);
      assertEquals(INVALID_FIELD, NvmeStatus.code(decision.status()));
      assertEquals(ReservationState.EMPTY, decision.next());
    }
    assertEquals(
        0, ReservationRules.decide(ReservationState.EMPTY, A, off, false).status(), "never kept");
    assertTrue(done(ReservationState.EMPTY, A, new Persist(true)).persists());
    assertFalse(
        decide(registered(), A, new Register(0, false, 3, 0, 11)).next().persists(),
        "a conflict changes nothing");
  }

  // Acquire.

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void whoHoldsItMayAcquireItAgain(ReservationType type) {
    var state = heldByA(type);
    assertEquals(state, done(state, A, acquire(10, type)));
    if (type.isHeldByAll()) assertEquals(state, done(state, B, acquire(20, type)));
    else refused(CONFLICT, state, B, acquire(20, type));
    for (var other : ReservationType.values()) {
      if (other != type) refused(CONFLICT, state, A, acquire(10, other));
    }
    refused(CONFLICT, registered(), A, acquire(20, type));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 255})
  void typesThatAreReservedAreInvalid(int type) {
    refused(INVALID_FIELD, registered(), A, new Acquire(0, false, type, 10, 0));
    refused(INVALID_FIELD, registered(), A, new Acquire(1, false, type, 10, 20));
    refused(INVALID_FIELD, registered(), A, new Release(0, false, type, 10));
  }

  @Test
  void onlyRegisterIgnoresKeys() {
    refused(INVALID_FIELD, registered(), A, new Acquire(0, true, 1, 10, 0));
    refused(INVALID_FIELD, registered(), A, new Acquire(1, true, 1, 10, 20));
    refused(INVALID_FIELD, registered(), A, new Release(0, true, 1, 10));
    refused(INVALID_FIELD, registered(), A, new Release(1, true, 1, 10));
  }

  // Preempt.

  @Test
  void preemptingTheHolderTakesItsPlace() {
    var state = heldByA(ReservationType.EXCLUSIVE_ACCESS);
    var decision = decide(state, B, preempt(20, ReservationType.WRITE_EXCLUSIVE, 10));
    var next = decision.next();
    assertTrue(next.isHolder(B));
    assertEquals(ReservationType.WRITE_EXCLUSIVE, next.held().orElseThrow().type());
    assertEquals(Set.of(B, C), next.keys().keySet());
    assertEquals(Map.of(A, ReservationNotice.REGISTRATION_PREEMPTED), decision.notices());
    assertEquals(Set.of(), decision.aborted());
    assertEquals(state.generation() + 1, next.generation());
  }

  @Test
  void preemptAndAbortNamesWhoseCommandsEnd() {
    var state = done(heldByA(ReservationType.EXCLUSIVE_ACCESS), D, register(10));
    var decision =
        decide(
            state,
            B,
            new Acquire(
                ReservationLayout.PREEMPT_AND_ABORT,
                false,
                ReservationType.EXCLUSIVE_ACCESS.code(),
                20,
                10));
    assertEquals(Set.of(A, D), decision.aborted(), "all that have the key");
    assertEquals(Set.of(B, C), decision.next().keys().keySet());
  }

  @Test
  void preemptingWhoDoesNotHoldItEndsTheRegistrationOnly() {
    var state = heldByA(ReservationType.EXCLUSIVE_ACCESS);
    var decision = decide(state, B, preempt(20, ReservationType.WRITE_EXCLUSIVE, 30));
    assertEquals(state.held(), decision.next().held());
    assertEquals(Set.of(A, B), decision.next().keys().keySet());
    assertEquals(Map.of(C, ReservationNotice.REGISTRATION_PREEMPTED), decision.notices());
    refused(CONFLICT, state, B, preempt(20, ReservationType.WRITE_EXCLUSIVE, 99));
    refused(INVALID_FIELD, state, B, preempt(20, ReservationType.WRITE_EXCLUSIVE, 0));
    refused(CONFLICT, state, B, preempt(21, ReservationType.WRITE_EXCLUSIVE, 10));
  }

  @Test
  void withoutAReservationPreemptingReservesNothing() {
    var next = done(registered(), A, preempt(10, ReservationType.WRITE_EXCLUSIVE, 20));
    assertTrue(next.held().isEmpty());
    assertEquals(Set.of(A, C), next.keys().keySet());
    refused(CONFLICT, registered(), A, preempt(10, ReservationType.WRITE_EXCLUSIVE, 99));
  }

  @Test
  void whoPreemptsItselfChangesTheType() {
    var state = heldByA(ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY);
    var decision = decide(state, A, preempt(10, ReservationType.EXCLUSIVE_ACCESS, 10));
    assertTrue(decision.next().isHolder(A));
    assertEquals(Set.of(A, B, C), decision.next().keys().keySet());
    var told = ReservationNotice.RESERVATION_RELEASED;
    assertEquals(Map.of(B, told, C, told), decision.notices());
  }

  @Test
  void ofAReservationOfAllRegistrantsKeyZeroPreemptsAllOthers() {
    var state = heldByA(ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS);
    var decision = decide(state, B, preempt(20, ReservationType.EXCLUSIVE_ACCESS, 0));
    assertEquals(Set.of(B), decision.next().keys().keySet());
    assertTrue(decision.next().isHolder(B));
    var some = done(state, B, preempt(20, ReservationType.EXCLUSIVE_ACCESS, 10));
    assertEquals(ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS, some.held().orElseThrow().type());
    assertTrue(some.isHolder(C));
  }

  // Release.

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void onlyAHolderReleases(ReservationType type) {
    var state = heldByA(type);
    var decision = decide(state, A, release(10, type));
    assertTrue(decision.next().held().isEmpty());
    assertEquals(state.keys(), decision.next().keys());
    var told = ReservationNotice.RESERVATION_RELEASED;
    assertEquals(
        type.letsRegistrantsIn() ? Map.of(B, told, C, told) : Map.of(), decision.notices());
    if (!type.isHeldByAll()) assertEquals(state, done(state, B, release(20, type)));
    refused(CONFLICT, state, A, release(20, type));
    for (var other : ReservationType.values()) {
      if (other != type) refused(INVALID_FIELD, state, A, release(10, other));
    }
    assertEquals(registered(), done(registered(), A, release(10, type)));
  }

  @Test
  void clearEndsEverything() {
    var decision = decide(heldByA(ReservationType.EXCLUSIVE_ACCESS), B, clear(20));
    assertTrue(decision.next().keys().isEmpty());
    assertTrue(decision.next().held().isEmpty());
    var told = ReservationNotice.RESERVATION_PREEMPTED;
    assertEquals(Map.of(A, told, C, told), decision.notices());
  }

  @Test
  void theGenerationCountsRegistrationsNotReservations() {
    var state = registered();
    assertEquals(3, state.generation());
    var held = done(state, A, acquire(10, ReservationType.WRITE_EXCLUSIVE));
    assertEquals(3, held.generation());
    assertEquals(3, done(held, A, release(10, ReservationType.WRITE_EXCLUSIVE)).generation());
    assertEquals(4, done(held, A, clear(10)).generation());
    var last = new ReservationState(0xFFFF_FFFFL, false, state.keys(), state.held());
    assertEquals(0, done(last, A, unregister(10)).generation());
  }

  /** Whatever is asked for in whatever order, the state is one that can be: its constructor looks at it. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyCommandLeadsToAStateThatCanBe(long seed) {
    var random = new SplittableRandom(seed);
    var hosts = new UUID[] {A, B, C, D};
    var state = ReservationState.EMPTY;
    for (int i = 0; i < 20_000; i++) {
      var host = hosts[random.nextInt(hosts.length)];
      long key = random.nextInt(5);
      long other = random.nextInt(5);
      boolean ignores = random.nextInt(4) == 0;
      var command =
          switch (random.nextInt(3)) {
            case 0 -> new Register(random.nextInt(4), ignores, random.nextInt(4), key, other);
            case 1 -> new Acquire(random.nextInt(4), ignores, random.nextInt(8), key, other);
            default -> new Release(random.nextInt(3), ignores, random.nextInt(8), key);
          };
      var decision = decide(state, host, command);
      if (decision.status() != 0) assertEquals(state, decision.next());
      assertFalse(decision.notices().containsKey(host), "who asks is answered, not told");
      boolean isFree = decision.next().held().isEmpty();
      for (var one : hosts) {
        if (isFree) assertEquals(0, ReservationRules.forbidden(decision.next(), one));
        if (decision.next().isHolder(one)) {
          assertEquals(0, ReservationRules.forbidden(decision.next(), one));
        }
      }
      state = decision.next();
    }
  }
}
