package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoStatus;
import io.tenon.block.SlotState;
import io.tenon.block.testing.RandomLoad;
import io.tenon.block.testing.StrangeOwner;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.RebuildState;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.testing.SilentTarget;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** The service of nexuses is replaced while hosts use them. */
@Timeout(300)
class HandoverTest {
  private static final String KEY = "/volume/v/nexus/n/info";
  private static final int ROUNDS = 5;
  private static final int DEPTH = 16;
  private static final int REQUESTS_PER_LEG = 1_500;
  private static final String A = "nvmf://far:8420/a";
  private static final String B = "nvmf://far:8420/b";
  private static final String C = "nvmf://far:8420/c";
  private static final UUID HOST = new UUID(9, 1);

  private final TestDevices devices = new TestDevices();
  private final TestStore store = new TestStore();
  private TestReactors reactors;
  private Target target;
  private NexusService service;
  private FencedDisk b;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    target = SilentTarget.open();
    // Nexuses come and go; what is on the disks stays.
    b = new FencedDisk("b", 2, true);
    for (var disk : List.of(new FencedDisk("a", 1, true), b, new FencedDisk("c", 3, true))) {
      devices.adopt(disk.seenBy(HOST), disk.uri());
    }
    service = service();
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    reactors.close();
  }

  private NexusService service() {
    var made =
        new NexusService(devices, target, reactors.reactors(), Thread::startVirtualThread, false);
    made.storeCame(store);
    return made;
  }

  private Nexus create(String... children) throws NexusException {
    return create(1, Optional.of(KEY), children);
  }

  private Nexus create(int number, Optional<String> key, String... children) throws NexusException {
    return service.create(
        new NexusSpec(
            "v" + number,
            new UUID(7, number),
            8 << 20,
            List.of(children),
            1,
            2,
            ReadPolicy.ROUND_ROBIN,
            key,
            Optional.empty()));
  }

  /** As when the bundle is updated. */
  private Nexus replaced() {
    service.leave();
    service = service();
    service.takeUp();
    return service.findByName("v1").orElseThrow();
  }

  private void underLoad(Nexus nexus, Executable what) throws Exception {
    var volume = volume(nexus);
    var load = new RandomLoad(volume, DEPTH, REQUESTS_PER_LEG, 7);
    load.start();
    assertDoesNotThrow(what);
    load.await();
    assertEquals(DEPTH * REQUESTS_PER_LEG, load.completions());
    volume.close();
  }

  private TestVolume volume(Nexus nexus) {
    return new TestVolume(nexus.device(), reactors.get(1));
  }

  private TestVolume raw(String device) {
    return new TestVolume(devices.find(device).orElseThrow(), reactors.get(0));
  }

  private static byte[] random(long seed) {
    var content = new byte[8192];
    new Random(seed).nextBytes(content);
    return content;
  }

  private static void ok(IoStatus status) {
    assertEquals(IoStatus.SUCCESS, status);
  }

  private static ChildState stateOf(Nexus nexus, String uri) {
    return nexus.children().stream()
        .filter(child -> child.uri().equals(uri))
        .findFirst()
        .orElseThrow()
        .state();
  }

  private void isOnline(Nexus nexus) {
    Waiting.until("it is Online", () -> nexus.state() == NexusState.ONLINE);
  }

  private void holds(String device, long lba, byte[] content) {
    try (var raw = raw(device)) {
      ok(raw.read(10240 + lba, 16));
      assertArrayEquals(content, raw.content(16), device);
    }
  }

  @Test
  void hostsNoticeNothing() throws Exception {
    var nexus = create(A, B, C);
    String uri = nexus.publish(Set.of("nqn.host"));
    var slot = nexus.device();
    var subsystem = target.subsystems().getFirst();
    underLoad(
        nexus,
        () -> {
          for (int round = 0; round < ROUNDS; round++) {
            assertSame(slot, replaced().device());
            assertEquals(SlotState.READY, slot.state());
          }
        });
    nexus = service.findByName("v1").orElseThrow();
    assertEquals(NexusState.ONLINE, nexus.state());
    assertEquals(List.of(subsystem), target.subsystems());
    assertEquals(Optional.of(uri), nexus.shareUri());
    assertEquals(Set.of("nqn.host"), nexus.allowedHosts());
    nexus.destroy();
    assertEquals(List.of(), target.subsystems());
    assertEquals(List.of("a", "b", "c"), devices.names());
    for (DeviceSlot child : devices.all()) assertEquals(Optional.empty(), child.claimedBy());
    assertTrue(store.record(KEY).cleanShutdown());
  }

  @Test
  void aChildThatIsOutComesBackWithWhatItHasMissedInEachOfItsNexuses() throws Exception {
    var nexus = create(A, B);
    try (var volume = volume(nexus)) {
      ok(volume.write(0, random(1)));
      nexus.faultChild(B, Fault.OFFLINE);
      ok(volume.write(1000, random(2)));
      nexus = replaced();
      assertEquals(NexusState.DEGRADED, nexus.state());
      assertEquals(ChildState.FAULTED, stateOf(nexus, B));
      ok(volume.write(5000, random(3)));
      nexus = replaced();
      nexus.onlineChild(B);
      isOnline(nexus);
      assertTrue(nexus.rebuildHistory().getFirst().partial());
      holds("b", 1000, random(2));
      holds("b", 5000, random(3));
    }
  }

  @Test
  void aChildThatFailsAfterwardsIsOnRecordAndHasALog() throws Exception {
    var nexus = create(A, B);
    try (var volume = volume(nexus)) {
      ok(volume.write(0, random(1)));
      nexus = replaced();
      nexus.faultChild(B, Fault.OFFLINE);
      ok(volume.write(8, random(4)));
      assertFalse(store.record(KEY).children().get(1).healthy());
      nexus.onlineChild(B);
      isOnline(nexus);
      assertTrue(nexus.rebuildHistory().getFirst().partial());
      // What was changed right before the handover and never flushed is copied as well.
      assertTrue(nexus.rebuildHistory().getFirst().blocksTransferred() > 16);
      assertTrue(store.record(KEY).children().get(1).healthy());
    }
  }

  @Test
  void aRebuildGoesOnWhereItWas() throws Exception {
    var nexus = create(A, B);
    try (var volume = volume(nexus)) {
      ok(volume.write(0, random(1)));
      nexus.addChild(C, false);
      nexus.startRebuild(C);
      nexus.pauseRebuild(C);
      var before = nexus.rebuilds().getFirst();
      nexus = replaced();
      var again = nexus;
      Waiting.until("its rebuild is there", () -> !again.rebuilds().isEmpty());
      var after = nexus.rebuilds().getFirst();
      assertEquals(RebuildState.PAUSED, after.state());
      assertEquals(before.startedAt(), after.startedAt());
      assertTrue(after.blocksRecovered() >= before.blocksRecovered(), after::toString);
      ok(volume.write(3000, random(5)));
      nexus.resumeRebuild(C);
      isOnline(nexus);
      holds("c", 0, random(1));
      holds("c", 3000, random(5));
      assertEquals(1, nexus.rebuildHistory().size());
    }
    assertEquals(1, replaced().rebuildHistory().size());
  }

  @Test
  void aChildThatIsLostWhileNobodyListensIsOut() throws Exception {
    var nexus = create(A, B);
    try (var volume = volume(nexus)) {
      ok(volume.write(0, random(1)));
      service.leave();
      var lost = devices.find("b").orElseThrow();
      TestReactors.await(lost.fail("It was unplugged.").toCompletableFuture());
      service = service();
      service.takeUp();
      var again = service.findByName("v1").orElseThrow();
      Waiting.until("b is out", () -> stateOf(again, B) == ChildState.FAULTED);
      ok(volume.read(0, 16));
      assertArrayEquals(random(1), volume.content(16));
      Waiting.until("that is on record", () -> !isHealthy(1));
    }
  }

  @Test
  void aChildThatWasInterruptedAndIsBackBeforeAnybodyListensIsOutAllTheSame() throws Exception {
    var nexus = create(A, B);
    try (var volume = volume(nexus)) {
      ok(volume.write(0, random(1)));
      service.leave();
      b.breakDown();
      b.comeBack();
      service = service();
      service.takeUp();
      var again = service.findByName("v1").orElseThrow();
      Waiting.until("b is out", () -> stateOf(again, B) == ChildState.FAULTED);
      Waiting.until("that is on record", () -> !isHealthy(1));
      again.onlineChild(B);
      isOnline(again);
      assertTrue(again.rebuildHistory().getFirst().partial());
    }
  }

  @Test
  void anOnlyChildThatWasInterruptedServesOn() throws Exception {
    var nexus = create(B);
    try (var volume = volume(nexus)) {
      ok(volume.write(0, random(1)));
      service.leave();
      b.breakDown();
      b.comeBack();
      service = service();
      service.takeUp();
      ok(volume.read(0, 16));
      assertArrayEquals(random(1), volume.content(16));
      var again = service.findByName("v1").orElseThrow();
      Waiting.until("it is well", () -> again.state() == NexusState.ONLINE);
    }
  }

  private boolean isHealthy(int child) {
    try {
      return store.record(KEY).children().get(child).healthy();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whoAsksMeanwhileIsToldToTryAgain() throws Exception {
    var nexus = create(A, B);
    service.leave();
    var refusals =
        List.of(
            assertThrows(NexusException.class, () -> nexus.publish(Set.of())),
            assertThrows(NexusException.class, nexus::unpublish),
            assertThrows(NexusException.class, () -> nexus.faultChild(B, Fault.OFFLINE)),
            assertThrows(NexusException.class, () -> nexus.startRebuild(B)),
            assertThrows(NexusException.class, nexus::destroy),
            assertThrows(NexusException.class, () -> create(C)));
    for (var refusal : refusals) assertEquals(Kind.UNAVAILABLE, refusal.kind());
    assertThrows(Exception.class, () -> devices.find("a").orElseThrow().claim("somebody else"));
    service = service();
    service.takeUp();
    var again = service.findByName("v1").orElseThrow();
    again.destroy();
    assertEquals(List.of("a", "b", "c"), devices.names());
  }

  @Test
  void aNexusThatWasShutDownStaysSo() throws Exception {
    var nexus = create(A, B);
    nexus.publish(Set.of());
    nexus.shutdown();
    nexus = replaced();
    assertEquals(NexusState.SHUTDOWN, nexus.state());
    assertEquals(1, target.subsystems().size());
    nexus.destroy();
    assertEquals(List.of(), target.subsystems());
    assertEquals(List.of("a", "b", "c"), devices.names());
    for (DeviceSlot child : devices.all()) assertEquals(Optional.empty(), child.claimedBy());
  }

  @Test
  void oneIsTriedByAnotherServiceAndComesBack() throws Exception {
    var nexus = create(A, B);
    var stays = create(2, Optional.empty(), C);
    nexus.publish(Set.of());
    var slot = nexus.device();
    underLoad(
        nexus,
        () -> {
          for (int round = 0; round < ROUNDS; round++) {
            var other = service();
            service.lend(slot, other);
            var there = other.findByName("v1").orElseThrow();
            assertTrue(other.has(slot) && !service.has(slot));
            assertEquals(List.of(there), other.all());
            assertEquals(List.of(there, stays), service.all());
            assertSame(there, service.findByUuid(nexus.uuid()).orElseThrow());
            // Whoever asks the one is answered by the other.
            service.findByName("v1").orElseThrow().faultChild(B, Fault.OFFLINE);
            assertEquals(ChildState.FAULTED, stateOf(there, B));
            assertEquals(
                Kind.NAME_EXISTS, assertThrows(NexusException.class, () -> create(C)).kind());
            other.leave();
            service.takeUp(slot);
            var back = service.findByName("v1").orElseThrow();
            assertTrue(service.has(slot) && !other.has(slot));
            assertEquals(ChildState.FAULTED, stateOf(back, B));
            back.onlineChild(B);
            isOnline(back);
            assertTrue(back.rebuildHistory().getFirst().partial());
          }
        });
    assertEquals(1, target.subsystems().size());
    assertEquals(List.of(slot, stays.device()), service.all().stream().map(Nexus::device).toList());
  }

  @Test
  void oneThatIsDestroyedWhileItIsLentIsNoMore() throws Exception {
    var slot = create(A, B).device();
    var other = service();
    service.lend(slot, other);
    service.findByName("v1").orElseThrow().destroy();
    assertEquals(List.of(), service.all());
    other.leave();
    service.takeUp(slot);
    assertEquals(List.of(), service.all());
    assertEquals(NexusState.ONLINE, create(A, B).state());
  }

  @Test
  void whoServesNoNexusesIsLentNone() throws Exception {
    var nexus = create(A, B);
    var stranger = new StrangeOwner();
    assertThrows(DeviceException.class, () -> service.lend(nexus.device(), stranger));
    assertEquals(List.of(nexus), service.all());
    assertEquals(SlotState.READY, nexus.device().state());
  }
}
