package io.tenon.nexus.internal;

import static io.tenon.nexus.internal.FencedNode.KEY;
import static io.tenon.nexus.internal.FencedNode.claim;
import static io.tenon.nexus.internal.FencedNode.holder;
import static io.tenon.nexus.internal.FencedNode.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations.Persistence;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestRequest;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.internal.StoredRecord.Limits;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two nodes, each with nexuses, and disks that both reach: who has the reservation has the disk. */
@Execution(ExecutionMode.CONCURRENT)
class ReservedNexusTest {
  private static final String LOCAL = "malloc:///near?size_mb=16";

  private final TestStore store = new TestStore();
  private TestReactors reactors;
  private FencedDisk a;
  private FencedDisk b;
  private FencedDisk c;
  private FencedNode one;
  private FencedNode two;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    a = new FencedDisk("a", 1, true);
    b = new FencedDisk("b", 2, true);
    c = new FencedDisk("c", 3, true);
    one = new FencedNode(1, reactors, store, a, b, c);
    two = new FencedNode(2, reactors, store, a, b, c);
  }

  @AfterEach
  void stop() throws Exception {
    one.service.close();
    two.service.close();
    reactors.close();
  }

  private TestVolume volume(Nexus nexus) {
    return one.volume(nexus);
  }

  private static boolean isHeldBy(FencedDisk disk, FencedNode node, long key) {
    var holder = disk.status().holder();
    return holder.isPresent()
        && holder.get().hostId().equals(node.host)
        && holder.get().key() == key;
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void everyChildIsReservedBeforeTheNexusServesAndKeptWhereThatCanBe(ReservationType type)
      throws Exception {
    var nexus = one.create(claim(5, type, Policy.HOLDER), a, b);
    for (var disk : List.of(a, b)) {
      assertTrue(isHeldBy(disk, one, 5), disk.status()::toString);
      assertEquals(Optional.of(type), disk.status().type());
    }
    assertTrue(a.status().persists());
    assertTrue(c.status().registrants().isEmpty());
    assertEquals(2, nexus.reservations().size());
    assertTrue(nexus.reservations().stream().allMatch(each -> each.held()));
    try (var volume = volume(nexus)) {
      assertEquals(IoStatus.SUCCESS, volume.write(8, random(1)));
    }
  }

  @Test
  void aChildThatForgetsWithItsNodeIsReservedAllTheSame() throws Exception {
    one.create(holder(5), forgetful(), c);
    assertTrue(isHeldBy(b, one, 5));
    assertFalse(b.status().persists());
    assertTrue(c.status().persists());
  }

  /** In the place of b. */
  private FencedDisk forgetful() throws Exception {
    b = new FencedDisk("b", 2, false);
    one.devices.destroy(one.devices.find("b").orElseThrow());
    one.devices.adopt(b.seenBy(one.host), b.uri());
    return b;
  }

  @Test
  void childrenThatComeLaterAreReservedToo() throws Exception {
    var nexus = one.create(holder(5), a, b);
    nexus.addChild(c.uri(), true);
    assertTrue(isHeldBy(c, one, 5));
    Waiting.until("c is rebuilt", () -> nexus.state() == NexusState.ONLINE);
    nexus.faultChild(b.uri(), Fault.OFFLINE);
    b.reservationsOf(one.host).unregister(5);
    nexus.onlineChild(b.uri());
    assertTrue(isHeldBy(b, one, 5));
  }

  @Test
  void whoLeavesInOrderGivesBackWhatHeHad() throws Exception {
    var nexus = one.create(holder(5), a, b, c);
    nexus.removeChild(c.uri());
    assertTrue(c.status().registrants().isEmpty(), c.status()::toString);
    nexus.shutdown();
    Waiting.until("a is given back", () -> a.status().registrants().isEmpty());
    Waiting.until("b is given back", () -> b.status().registrants().isEmpty());
    nexus.destroy();
    var next = two.create(holder(6), a, b);
    assertEquals(NexusState.ONLINE, next.state());
    assertEquals("taken, as nobody had it", next.reservations().getFirst().detail());
  }

  @ParameterizedTest
  @EnumSource(names = {"EXCLUSIVE_ACCESS", "WRITE_EXCLUSIVE_ALL_REGISTRANTS"})
  void aNexusWhoseChildrenWereTakenStopsAndItsHostGetsNothingFromIt(ReservationType type)
      throws Exception {
    var old = one.create(claim(5, type, Policy.HOLDER), a, b);
    var ours = claim(6, ReservationType.EXCLUSIVE_ACCESS, Policy.HOLDER);
    var mine = random(1);
    try (var before = volume(old)) {
      assertEquals(IoStatus.SUCCESS, before.write(8, mine));
      var next = two.create(ours, a, b);
      var detail = next.reservations().getFirst().detail();
      if (!type.isHeldByAll()) assertTrue(detail.contains(one.host.toString()), detail);
      Waiting.until("the successor is whole", () -> next.state() == NexusState.ONLINE);
      var newer = random(2);
      try (var after = volume(next)) {
        assertEquals(IoStatus.SUCCESS, after.write(8, newer));
        assertEquals(IoStatus.RESERVATION_CONFLICT, before.read(8, 16));
        Waiting.until("the old one stops", () -> old.state() == NexusState.SHUTDOWN);
        assertFalse(before.write(8, mine).isSuccess());
        assertEquals(IoStatus.SUCCESS, after.read(8, 16));
        assertArrayEquals(newer, after.content(16));
      }
      assertTrue(old.why().contains("another host holds its reservation"), old.why());
      assertEquals(ChildState.CLOSED, old.children().getFirst().state());
      assertTrue(store.record(KEY).children().stream().allMatch(child -> child.healthy()));
      old.destroy();
      assertTrue(isHeldBy(a, two, 6));
      assertFalse(store.record(KEY).cleanShutdown());
    }
  }

  @Test
  void whoDoesNotGetAChildIsNotMadeAndGivesBackTheOthers() throws Exception {
    var there = b.reservationsOf(two.host);
    there.register(9, Persistence.AS_IT_IS);
    there.acquire(9, ReservationType.EXCLUSIVE_ACCESS);
    var polite = claim(5, ReservationType.EXCLUSIVE_ACCESS, Policy.KEY);
    var refusal = assertThrows(NexusException.class, () -> one.create(polite, a, b));
    assertEquals(Kind.CHILD, refusal.kind());
    assertTrue(refusal.getMessage().contains(b.uri()), refusal.getMessage());
    assertTrue(a.status().registrants().isEmpty(), a.status()::toString);
    assertTrue(isHeldBy(b, two, 9));
    assertTrue(store.isEmpty());
    assertEquals(List.of(), one.service.all());
    a.reservationsOf(two.host).register(9, Persistence.AS_IT_IS);
    a.reservationsOf(two.host).acquire(9, ReservationType.EXCLUSIVE_ACCESS);
    one.create(byKey(5, 9), a, b);
    assertTrue(isHeldBy(b, one, 5));
  }

  private static ReservationClaim byKey(long key, long theirs) {
    return new ReservationClaim(
        key,
        ReservationType.EXCLUSIVE_ACCESS,
        Policy.KEY,
        OptionalLong.of(theirs),
        Persistence.AS_IT_IS);
  }

  @Test
  void aChildThatWasTakenByAKeyComesBackThoughNobodyHasThatKeyAnyMore() throws Exception {
    for (var disk : List.of(a, b)) {
      disk.reservationsOf(two.host).register(9, Persistence.AS_IT_IS);
      disk.reservationsOf(two.host).acquire(9, ReservationType.EXCLUSIVE_ACCESS);
    }
    var nexus = one.create(byKey(5, 9), a, b);
    writeWhileOut(nexus, () -> {});
    assertTrue(isHeldBy(b, one, 5));
  }

  @Test
  void aChildOfWhoeverHadTheKeyIsTakenAlsoWhereHeHadRegisteredAndNothingMore() throws Exception {
    a.reservationsOf(two.host).register(9, Persistence.AS_IT_IS);
    one.create(byKey(5, 9), a, b);
    assertTrue(isHeldBy(a, one, 5));
    assertTrue(isHeldBy(b, one, 5));
  }

  @Test
  void aChildThatSomebodyElseHoldsIsNotTakenByAKeyThatNobodyHas() throws Exception {
    b.reservationsOf(two.host).register(8, Persistence.AS_IT_IS);
    b.reservationsOf(two.host).acquire(8, ReservationType.EXCLUSIVE_ACCESS);
    assertThrows(NexusException.class, () -> one.create(byKey(5, 9), a, b));
    assertTrue(isHeldBy(b, two, 8));
  }

  @Test
  void whoCannotBeMadeTakesNothingFromWhoServes() throws Exception {
    var serving = one.create(holder(5), a, b);
    var refusal = assertThrows(NexusException.class, () -> two.create(holder(6), c));
    assertEquals(Kind.STATE, refusal.kind());
    assertTrue(c.status().registrants().isEmpty());
    b.silent(true);
    assertThrows(NexusException.class, () -> two.create(holder(6), b));
    b.silent(false);
    try (var volume = volume(serving)) {
      assertEquals(IoStatus.SUCCESS, volume.write(8, random(1)));
    }
  }

  @Test
  void whoWasFollowedTakesNoChildBackAndStopsWhenItLearnsOfThat() throws Exception {
    var old = one.create(holder(5), a, b);
    old.faultChild(b.uri(), Fault.OFFLINE);
    Waiting.until("b is let go", () -> one.devices.find("b").orElseThrow().claimedBy().isEmpty());
    var next = two.create(holder(6), a);
    next.addChild(b.uri(), true);
    Waiting.until("b is rebuilt", () -> next.state() == NexusState.ONLINE);
    var back = assertThrows(NexusException.class, () -> old.onlineChild(b.uri()));
    assertTrue(back.getMessage().contains("Another nexus"), back.getMessage());
    Waiting.until("it stops itself", () -> old.state() == NexusState.SHUTDOWN);
    var more = assertThrows(NexusException.class, () -> old.addChild(c.uri(), true));
    assertTrue(more.getMessage().contains("SHUTDOWN"), more.getMessage());
    assertTrue(isHeldBy(b, two, 6));
    assertTrue(c.status().registrants().isEmpty());
    assertEquals(NexusState.ONLINE, next.state());
  }

  @Test
  void aChildThatComesBackAsItWasIsCopiedWhatItMissed() throws Exception {
    var nexus = one.create(holder(5), a, b);
    writeWhileOut(nexus, () -> {});
    assertTrue(nexus.rebuildHistory().getFirst().partial());
  }

  @Test
  void aChildThatWasDeletedAndMadeAgainUnderItsUuidIsCopiedAsAWhole() throws Exception {
    var nexus = one.create(holder(5), a, b);
    writeWhileOut(
        nexus,
        () -> {
          var before = b;
          b = new FencedDisk("b", 2, true);
          var slot = one.devices.find("b").orElseThrow();
          one.devices.destroy(slot);
          one.devices.adopt(b.seenBy(one.host), before.uri());
        });
    assertFalse(nexus.rebuildHistory().getFirst().partial());
    // The new one is marked as well.
    writeWhileOut(nexus, () -> {});
    assertTrue(nexus.rebuildHistory().getFirst().partial());
  }

  /** What may throw. */
  private interface Step {
    void run() throws Exception;
  }

  /** Before b leaves, and while it is out, something is written: it must have both when it is back. */
  private void writeWhileOut(Nexus nexus, Step meanwhile) throws Exception {
    var before = random(3);
    var after = random(4);
    try (var volume = volume(nexus)) {
      assertEquals(IoStatus.SUCCESS, volume.write(8, before));
      nexus.faultChild(b.uri(), Fault.OFFLINE);
      assertEquals(IoStatus.SUCCESS, volume.write(4000, after));
      var slot = one.devices.find("b").orElseThrow();
      Waiting.until("b is let go", () -> slot.claimedBy().isEmpty());
      meanwhile.run();
      nexus.onlineChild(b.uri());
      Waiting.until("b is rebuilt", () -> nexus.state() == NexusState.ONLINE);
    }
    try (var raw = new TestVolume(one.devices.find("b").orElseThrow(), reactors.get(0))) {
      assertEquals(IoStatus.SUCCESS, raw.read(10240 + 8, 16));
      assertArrayEquals(before, raw.content(16));
      assertEquals(IoStatus.SUCCESS, raw.read(10240 + 4000, 16));
      assertArrayEquals(after, raw.content(16));
    }
  }

  @Test
  void aReadThatNobodyHasProvenWaitsAndIsAnsweredWhenItIs() throws Exception {
    var nexus = one.create(holder(5), a, b);
    try (var volume = volume(nexus)) {
      var content = random(1);
      assertEquals(IoStatus.SUCCESS, volume.write(8, content));
      assertEquals(IoStatus.SUCCESS, volume.read(8, 16));
      a.silent(true);
      var waiting = volume.request(8192);
      var read = readUntilItWaits(waiting);
      assertEquals(NexusState.ONLINE, nexus.state());
      a.silent(false);
      assertEquals(IoStatus.SUCCESS, read.get(60, TimeUnit.SECONDS));
      assertArrayEquals(content, waiting.bytes(8192));
    }
  }

  /** Until the last proof is too old. */
  private static CompletableFuture<IoStatus> readUntilItWaits(TestRequest request)
      throws Exception {
    var read = new AtomicReference<CompletableFuture<IoStatus>>();
    Waiting.until(
        "a read waits",
        () -> {
          var before = read.get();
          if (before != null && !before.isDone()) return true;
          read.set(request.start(io -> io.prepareRead(8, 16, request.memory(), 8192)));
          return isStuck(read.get());
        });
    return read.get();
  }

  @Test
  void aLocalChildProvesNothingWhileTheOthersAreHealthyOnRecord() throws Exception {
    one.devices.adopt(new MallocProvider().open(DeviceUri.parse(LOCAL)), LOCAL);
    var nexus = one.create(holder(5), List.of(a.uri(), LOCAL));
    try (var volume = volume(nexus)) {
      var content = random(1);
      assertEquals(IoStatus.SUCCESS, volume.write(8, content));
      a.silent(true);
      var waiting = volume.request(8192);
      var read = readUntilItWaits(waiting);
      var written = store.hold();
      a.breakDown();
      Waiting.until("a is lost", () -> nexus.state() == NexusState.DEGRADED);
      // Another nexus may have a now, and believe it.
      for (int i = 0; i < 10; i++) assertTrue(isStuck(read), "it is answered: " + nexus.why());
      written.countDown();
      assertEquals(IoStatus.SUCCESS, read.get(60, TimeUnit.SECONDS));
      assertArrayEquals(content, waiting.bytes(8192));
    }
  }

  @Test
  void readsOfAnOnlyChildThatIsLostFailWithoutAProofAndAreAnsweredWhenItIsBack() throws Exception {
    var nexus = one.create(holder(5), b);
    try (var volume = volume(nexus)) {
      var content = random(1);
      assertEquals(IoStatus.SUCCESS, volume.write(8, content));
      b.breakDown();
      Waiting.until("it is known to be lost", () -> nexus.state() == NexusState.FAULTED);
      // Also when the last proof is too old, and no other can be had.
      long beganNs = System.nanoTime();
      do {
        assertEquals(IoStatus.DEVICE_GONE, volume.read(8, 16));
      } while (System.nanoTime() - beganNs
          < Timing.of(InstantSource.system(), Limits.USUAL).successorWaitsNs());
      b.comeBack();
      Waiting.until("it is read again", () -> volume.read(8, 16).isSuccess());
      assertArrayEquals(content, volume.content(16));
    }
  }

  /** It has not ended after the time that hundreds of reads need. */
  private static boolean isStuck(CompletableFuture<IoStatus> read) {
    try {
      var _ = read.get(100, TimeUnit.MILLISECONDS);
      return false;
    } catch (TimeoutException stuck) {
      return true;
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anOnlyChildThatHasForgottenWhoseItWasIsTakenOnceMoreAndOneOfSeveralIsNot() throws Exception {
    var alone = one.create(holder(5), forgetful());
    b.restart();
    Waiting.until("b is taken once more", () -> readsAndIsHeld(alone, b));
    assertEquals(NexusState.ONLINE, alone.state());
    alone.destroy();
    var other = one.create(holder(5), b, c);
    Waiting.until("c is rebuilt", () -> other.state() == NexusState.ONLINE);
    b.restart();
    Waiting.until("it is not believed", () -> readsUntilItStops(other));
    assertTrue(other.why().contains("another host holds its reservation"), other.why());
  }

  @Test
  void anOnlyChildThatAnotherNexusHasHadMeanwhileGetsNothingWhenItIsBack() throws Exception {
    var nexus = one.create(holder(5), forgetful());
    try (var volume = volume(nexus);
        var raw = new TestVolume(one.devices.find("b").orElseThrow(), reactors.get(0))) {
      assertEquals(IoStatus.SUCCESS, volume.write(8, random(1)));
      b.breakDown();
      Waiting.until("it is known to be lost", () -> nexus.state() == NexusState.FAULTED);
      // As a nexus on the child's own node does: no reservation tells of it.
      store.write(KEY, store.record(KEY).toJson());
      b.restart();
      b.comeBack();
      Waiting.until(
          "it stops",
          () -> {
            assertFalse(volume.write(8, random(2)).isSuccess());
            return nexus.state() == NexusState.SHUTDOWN;
          });
      assertTrue(nexus.why().contains("another nexus has written its record"), nexus.why());
      assertEquals(IoStatus.SUCCESS, raw.read(10240 + 8, 16));
      assertArrayEquals(random(1), raw.content(16));
    }
  }

  /** Who does not read is not asked for a proof. */
  private boolean readsUntilItStops(Nexus nexus) {
    try (var volume = volume(nexus)) {
      return !volume.read(8, 16).isSuccess() && nexus.state() == NexusState.SHUTDOWN;
    }
  }

  private boolean readsAndIsHeld(Nexus nexus, FencedDisk disk) {
    try (var volume = volume(nexus)) {
      return volume.read(8, 16).isSuccess() && isHeldBy(disk, one, 5);
    }
  }

  @Test
  void aSuccessorOfTheServiceHasTheChildrenWithTheSameProof() throws Exception {
    var nexus = one.create(holder(5), a, b);
    try (var volume = volume(nexus)) {
      assertEquals(IoStatus.SUCCESS, volume.write(8, random(1)));
      one.leaveNexuses();
      one.takeUpNexuses();
      assertEquals(IoStatus.SUCCESS, volume.read(8, 16));
      assertArrayEquals(random(1), volume.content(16));
      assertTrue(isHeldBy(a, one, 5));
      var again = one.service.findByName("v1").orElseThrow();
      assertEquals(nexus.reservations(), again.reservations());
      again.destroy();
      assertTrue(a.status().registrants().isEmpty(), a.status()::toString);
    }
  }

  @Test
  void whoLosesItsChildrenWhileItIsReplacedShowsNothing() throws Exception {
    var nexus = one.create(holder(5), a, b);
    try (var volume = volume(nexus)) {
      assertEquals(IoStatus.SUCCESS, volume.write(8, random(1)));
      one.leaveNexuses();
      var other = two.create(holder(6), a, b);
      try (var there = two.volume(other)) {
        assertEquals(IoStatus.SUCCESS, there.write(8, random(2)));
        one.takeUpNexuses();
        var again = one.service.findByName("v1").orElseThrow();
        assertFalse(volume.read(8, 16).isSuccess());
        Waiting.until("it stops itself", () -> again.state() == NexusState.SHUTDOWN);
      }
    }
  }
}
