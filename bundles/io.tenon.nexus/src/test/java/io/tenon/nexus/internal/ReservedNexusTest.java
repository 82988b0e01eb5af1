package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations.Persistence;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.internal.StoredRecord.Limits;
import io.tenon.nvme.internal.Target;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two nodes, each with nexuses, and disks that both reach: who has the reservation has the disk. */
class ReservedNexusTest {
  private static final String KEY = "/volume/v/nexus/n/info";
  private static final Limits SHORT =
      new Limits(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofMillis(20));

  private final TestStore store = new TestStore();
  private TestReactors reactors;
  private FencedDisk a;
  private FencedDisk b;
  private FencedDisk c;
  private Node one;
  private Node two;

  /** A node that has all disks open. */
  private final class Node {
    final UUID host;
    final TestDevices devices = new TestDevices();
    final NexusService service;

    Node(int number) throws Exception {
      host = new UUID(9, number);
      service =
          new NexusService(
              devices,
              new Target("", 16, "test"),
              reactors.reactors(),
              Thread::startVirtualThread,
              false,
              Timing.of(SHORT));
      service.storeCame(store);
      for (var disk : List.of(a, b, c)) devices.adopt(disk.seenBy(host), disk.uri());
    }

    Nexus create(ReservationClaim claim, FencedDisk... of) throws NexusException {
      var uris = List.of(of).stream().map(FencedDisk::uri).toList();
      return service.create(
          new NexusSpec(
              "v1",
              new UUID(7, 1),
              8 << 20,
              uris,
              1,
              2,
              ReadPolicy.ROUND_ROBIN,
              Optional.of(KEY),
              Optional.of(claim)));
    }
  }

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    a = new FencedDisk("a", 1, true);
    b = new FencedDisk("b", 2, false);
    c = new FencedDisk("c", 3, true);
    one = new Node(1);
    two = new Node(2);
  }

  @AfterEach
  void stop() throws Exception {
    one.service.close();
    two.service.close();
    reactors.close();
  }

  private static ReservationClaim holder(long key) {
    return claim(key, ReservationType.EXCLUSIVE_ACCESS, Policy.HOLDER);
  }

  private static ReservationClaim claim(long key, ReservationType type, Policy policy) {
    return new ReservationClaim(key, type, policy, OptionalLong.empty(), Persistence.AS_IT_IS);
  }

  private TestVolume volume(Nexus nexus) {
    return new TestVolume(nexus.device(), reactors.get(1));
  }

  private static byte[] random(long seed) {
    var content = new byte[8192];
    new Random(seed).nextBytes(content);
    return content;
  }

  private static void eventually(BooleanSupplier holds, String what) {
    for (long deadline = System.nanoTime() + 60_000_000_000L; !holds.getAsBoolean(); ) {
      assertTrue(System.nanoTime() < deadline, "never: " + what);
      Thread.onSpinWait();
    }
  }

  private static boolean isHeldBy(FencedDisk disk, Node node, long key) {
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
    assertFalse(b.status().persists());
    assertTrue(c.status().registrants().isEmpty());
    assertEquals(2, nexus.reservations().size());
    assertTrue(nexus.reservations().stream().allMatch(each -> each.held()));
    try (var volume = volume(nexus)) {
      assertEquals(IoStatus.SUCCESS, volume.write(8, random(1)));
    }
  }

  @Test
  void childrenThatComeLaterAreReservedToo() throws Exception {
    var nexus = one.create(holder(5), a, b);
    nexus.addChild(c.uri(), true);
    assertTrue(isHeldBy(c, one, 5));
    eventually(() -> nexus.state() == NexusState.ONLINE, "c is rebuilt");
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
    eventually(() -> a.status().registrants().isEmpty(), "a is given back");
    eventually(() -> b.status().registrants().isEmpty(), "b is given back");
    nexus.destroy();
    var next = two.create(holder(6), a, b);
    assertEquals(NexusState.ONLINE, next.state());
    assertEquals("taken, as nobody had it", next.reservations().getFirst().detail());
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
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
      eventually(() -> next.state() == NexusState.ONLINE, "the successor is whole");
      var newer = random(2);
      try (var after = volume(next)) {
        assertEquals(IoStatus.SUCCESS, after.write(8, newer));
        assertEquals(IoStatus.RESERVATION_CONFLICT, before.read(8, 16));
        eventually(() -> old.state() == NexusState.SHUTDOWN, "the old one stops");
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
    var preempting =
        new ReservationClaim(
            5,
            ReservationType.EXCLUSIVE_ACCESS,
            Policy.KEY,
            OptionalLong.of(9),
            Persistence.AS_IT_IS);
    a.reservationsOf(two.host).register(9, Persistence.AS_IT_IS);
    a.reservationsOf(two.host).acquire(9, ReservationType.EXCLUSIVE_ACCESS);
    one.create(preempting, a, b);
    assertTrue(isHeldBy(b, one, 5));
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
      eventually(() -> slot.claimedBy().isEmpty(), "b is let go");
      meanwhile.run();
      nexus.onlineChild(b.uri());
      eventually(() -> nexus.state() == NexusState.ONLINE, "b is rebuilt");
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
      // Until the last proof is too old.
      var waiting = volume.request(8192);
      var read = new AtomicReference<CompletableFuture<IoStatus>>();
      eventually(
          () -> {
            var before = read.get();
            if (before != null && !before.isDone()) return true;
            read.set(waiting.start(io -> io.prepareRead(8, 16, waiting.memory(), 8192)));
            return isStuck(read.get());
          },
          "a read waits");
      assertEquals(NexusState.ONLINE, nexus.state());
      a.silent(false);
      assertEquals(IoStatus.SUCCESS, read.get().get(60, TimeUnit.SECONDS));
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
      eventually(() -> nexus.state() == NexusState.FAULTED, "it is known to be lost");
      // Also when the last proof is too old, and no other can be had.
      long beganNs = System.nanoTime();
      do {
        assertEquals(IoStatus.DEVICE_GONE, volume.read(8, 16));
      } while (System.nanoTime() - beganNs < Timing.USUAL.successorWaitsNs());
      b.comeBack();
      eventually(() -> volume.read(8, 16).isSuccess(), "it is read again");
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
  void aNexusWithAChildThatNobodyElseReachesShowsNothingOldWhenTheOthersWereTaken()
      throws Exception {
    var local = "malloc:///own?size_mb=16&uuid=" + new UUID(3, 3);
    one.devices.create(local);
    var old =
        one.service.create(
            new NexusSpec(
                "v1",
                new UUID(7, 1),
                8 << 20,
                List.of(local, a.uri(), b.uri()),
                1,
                2,
                ReadPolicy.LOCAL_FIRST,
                Optional.of(KEY),
                Optional.of(holder(5))));
    try (var before = volume(old)) {
      assertEquals(IoStatus.SUCCESS, before.write(8, random(1)));
      assertEquals(IoStatus.SUCCESS, before.read(8, 16));
      var next = two.create(holder(6), a, b);
      eventually(() -> next.state() == NexusState.ONLINE, "the successor is whole");
      try (var after = volume(next)) {
        assertEquals(IoStatus.SUCCESS, after.write(8, random(2)));
        assertEquals(IoStatus.RESERVATION_CONFLICT, before.read(8, 16));
      }
      eventually(() -> old.state() == NexusState.SHUTDOWN, "the old one stops");
    }
  }

  @Test
  void anOnlyChildThatHasForgottenWhoseItWasIsTakenOnceMoreAndOneOfSeveralIsNot() throws Exception {
    var alone = one.create(holder(5), b);
    b.reservationsOf(one.host).clear(5);
    eventually(() -> readsAndIsHeld(alone, b), "b is taken once more");
    assertEquals(NexusState.ONLINE, alone.state());
    alone.destroy();
    var other = one.create(holder(5), b, c);
    eventually(() -> other.state() == NexusState.ONLINE, "c is rebuilt");
    b.reservationsOf(one.host).clear(5);
    eventually(() -> readsUntilItStops(other), "it is not believed");
    assertTrue(other.why().contains("another host holds its reservation"), other.why());
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
}
