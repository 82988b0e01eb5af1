package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.testing.SilentTarget;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NexusServiceTest {
  private static final String NAME = "0d7f9a3e-1111-4222-8333-444455556666";
  private static final UUID UUID_1 = new UUID(7, 1);
  private static final UUID UUID_2 = new UUID(7, 2);
  private static final String A = "malloc:///a?size_mb=16";
  private static final String B = "malloc:///b?size_mb=16";
  private static final String C = "malloc:///c?size_mb=16";

  private final TestDevices devices = new TestDevices();
  private TestReactors reactors;
  private Target target;
  private NexusService service;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    target = SilentTarget.open();
    service =
        new NexusService(devices, target, reactors.reactors(), Thread::startVirtualThread, false);
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    reactors.close();
  }

  private static NexusSpec spec(String name, UUID uuid, String... children) {
    return new NexusSpec(name, uuid, 8 << 20, List.of(children), 1, 2, ReadPolicy.LOCAL_FIRST);
  }

  private NexusException refusal(NexusSpec spec) {
    var refusal = assertThrows(NexusException.class, () -> service.create(spec));
    assertEquals(List.of(), service.all());
    return refusal;
  }

  private TestVolume volume(Nexus nexus, int reactor) {
    return new TestVolume(nexus.device(), reactors.get(reactor));
  }

  private TestVolume raw(String device) {
    return new TestVolume(devices.find(device).orElseThrow(), reactors.get(0));
  }

  private static byte[] random(long seed) {
    var content = new byte[8192];
    new Random(seed).nextBytes(content);
    return content;
  }

  @Test
  void whatIsWrittenIsOnEveryChildFiveMebibytesIn() throws Exception {
    var nexus = service.create(spec(NAME, UUID_1, A, B, C));
    assertEquals(NexusState.ONLINE, nexus.state());
    assertEquals(UUID.fromString(NAME), nexus.device().uuid());
    assertEquals((8 << 20) / 512 - 1, nexus.device().geometry().blockCount());
    var content = random(1);
    try (var here = volume(nexus, 0);
        var there = volume(nexus, 1)) {
      assertEquals(IoStatus.SUCCESS, here.write(77, content));
      assertEquals(IoStatus.SUCCESS, there.read(77, 16));
      assertArrayEquals(content, there.content(16));
    }
    for (String child : List.of("a", "b", "c")) {
      try (var raw = raw(child)) {
        assertEquals(IoStatus.SUCCESS, raw.read(10240 + 77, 16));
        assertArrayEquals(content, raw.content(16), child);
      }
    }
  }

  @Test
  void aLostChildLeavesTheRestServing() throws Exception {
    var nexus = service.create(spec(NAME, UUID_1, A, B));
    var content = random(2);
    try (var volume = volume(nexus, 1)) {
      assertEquals(IoStatus.SUCCESS, volume.write(5, content));
      TestReactors.await(
          devices.find("a").orElseThrow().fail("unplugged by the test").toCompletableFuture());
      assertEquals(IoStatus.SUCCESS, volume.read(5, 16));
      assertArrayEquals(content, volume.content(16));
      var other = random(3);
      assertEquals(IoStatus.SUCCESS, volume.write(5, other));
      assertEquals(IoStatus.SUCCESS, volume.compare(5, other));
      var both = Arrays.copyOf(Arrays.copyOf(other, 512), 1024);
      assertEquals(IoStatus.SUCCESS, volume.compareAndWrite(5, both));
      assertEquals(IoStatus.MISCOMPARE, volume.compareAndWrite(5, both));
      assertEquals(IoStatus.SUCCESS, volume.writeZeroes(5, 16));
      assertEquals(IoStatus.SUCCESS, volume.unmap(5, 16));
      assertEquals(IoStatus.SUCCESS, volume.flush());
    }
    Waiting.until("the lost child's device is closed", () -> devices.find("a").isEmpty());
    assertEquals(NexusState.DEGRADED, nexus.state());
    var lost = nexus.children().getFirst();
    assertEquals(ChildState.FAULTED, lost.state());
    assertEquals(ChildReason.IO_FAILURE, lost.reason());
    assertTrue(lost.detail().contains("unplugged by the test"), lost.detail());
    assertTrue(lost.faultedAt().isPresent());
    assertEquals(ChildState.OPEN, nexus.children().get(1).state());
  }

  @Test
  void theLastChildStaysAndItsErrorsReachTheHost() throws Exception {
    var nexus = service.create(spec(NAME, UUID_1, A));
    TestReactors.await(devices.find("a").orElseThrow().fail("gone").toCompletableFuture());
    try (var volume = volume(nexus, 0)) {
      assertEquals(IoStatus.DEVICE_GONE, volume.write(0, random(1)));
      assertEquals(IoStatus.DEVICE_GONE, volume.read(0, 1));
    }
    assertEquals(ChildState.OPEN, nexus.children().getFirst().state());
    var detail = nexus.children().getFirst().detail();
    assertTrue(detail.startsWith("Kept because it is the last healthy child"), detail);
    assertEquals(NexusState.FAULTED, nexus.state());
  }

  @Test
  void aChildThatCannotBeHadLeavesNothingBehind() throws Exception {
    var before = devices.create(B);
    var refusal = refusal(spec(NAME, UUID_1, A, B, "floppy:///c"));
    assertEquals(Kind.CHILD, refusal.kind());
    assertTrue(refusal.getMessage().contains("floppy:///c"), refusal.getMessage());
    assertEquals(List.of("b"), devices.names());
    assertTrue(before.claimedBy().isEmpty());
  }

  @Test
  void aClaimedChildIsRefusedByTheNameOfItsOwner() throws Exception {
    var taken = devices.create(B);
    try (var _ = taken.claim("pool fast0")) {
      var refusal = refusal(spec(NAME, UUID_1, A, B));
      assertEquals(Kind.CHILD, refusal.kind());
      assertTrue(refusal.getMessage().contains("pool fast0"), refusal.getMessage());
    }
    assertEquals(List.of("b"), devices.names());
  }

  @Test
  void namesAndUuidsAreUnique() throws Exception {
    service.create(spec(NAME, UUID_1, A));
    var sameName = assertThrows(NexusException.class, () -> service.create(spec(NAME, UUID_2, B)));
    assertEquals(Kind.NAME_EXISTS, sameName.kind());
    var sameUuid = assertThrows(NexusException.class, () -> service.create(spec("x", UUID_1, B)));
    assertEquals(Kind.UUID_EXISTS, sameUuid.kind());
    assertEquals(Kind.NAME_EXISTS, deviceName().kind());
    assertEquals(1, service.all().size());
    assertEquals(List.of(NAME, "a"), devices.names());
  }

  private NexusException deviceName() {
    return assertThrows(NexusException.class, () -> service.create(spec("a", UUID_2, B)));
  }

  @Test
  void whatMakesNoSenseIsRefusedWithTheReason() {
    assertEquals(Kind.STATE, refusal(spec(NAME, UUID_1)).kind());
    assertEquals(Kind.INVALID_ARGUMENT, refusal(spec("", UUID_1, A)).kind());
    assertEquals(Kind.INVALID_ARGUMENT, refusal(spec(NAME, UUID_1, A, A)).kind());
    var many = new String[65];
    Arrays.setAll(many, i -> "malloc:///m" + i + "?size_mb=16");
    assertEquals(Kind.INVALID_ARGUMENT, refusal(spec(NAME, UUID_1, many)).kind());
    for (int[] range : new int[][] {{0, 5}, {1, 0xFFF0}, {9, 8}}) {
      var refusal =
          refusal(
              new NexusSpec(
                  NAME, UUID_1, 1 << 20, List.of(A), range[0], range[1], ReadPolicy.LOCAL_FIRST));
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
      assertTrue(refusal.getMessage().contains(range[0] + " to " + range[1]), refusal.getMessage());
    }
    var empty = new NexusSpec(NAME, UUID_1, 0, List.of(A), 1, 2, ReadPolicy.LOCAL_FIRST);
    assertEquals(Kind.INVALID_ARGUMENT, refusal(empty).kind());
    assertEquals(List.of(), devices.names());
  }

  @Test
  void childrenThatDoNotFitAreRefusedWithAllNumbers() {
    var small = refusal(spec(NAME, UUID_1, A, "malloc:///s?size_mb=5"));
    assertEquals(Kind.CHILD, small.kind());
    for (String number : List.of("malloc:///s?size_mb=5", "10240 blocks of 512", "8388608")) {
      assertTrue(small.getMessage().contains(number), small.getMessage());
    }
    var mixed = refusal(spec(NAME, UUID_1, A, "malloc:///m?size_mb=16&blk_size=4096"));
    assertEquals(Kind.CHILD, mixed.kind());
    assertTrue(mixed.getMessage().contains("512") && mixed.getMessage().contains("4096"));
    assertEquals(List.of(), devices.names());
  }

  @Test
  void publishingGivesAUriAndPublishingAgainChangesTheHosts() throws Exception {
    var nexus = service.create(spec(NAME, UUID_1, A, B));
    String uri = "nvmf+tcp://127.0.0.1:8420/" + NvmeTarget.NQN_PREFIX + NAME;
    assertEquals(uri, nexus.publish(Set.of()));
    assertEquals(uri, nexus.publish(Set.of("nqn.2024-01.test:host")));
    assertEquals(Set.of("nqn.2024-01.test:host"), nexus.allowedHosts());
    assertEquals(uri, nexus.shareUri().orElseThrow());
    var subsystem = target.subsystems().getFirst();
    assertEquals(NvmeTarget.Origin.NEXUS, subsystem.options().origin());
    assertEquals(2, subsystem.options().maxControllerId());
    assertEquals(Set.of("nqn.2024-01.test:host"), subsystem.options().hosts());

    nexus.unpublish();
    nexus.unpublish();
    assertTrue(nexus.shareUri().isEmpty());
    assertEquals(Set.of(), nexus.allowedHosts());
    assertEquals(List.of(), target.subsystems());
  }

  @Test
  void withoutATransportNothingIsPublished() throws Exception {
    var mute = new Target("", 16, "test");
    var unheard = new NexusService(devices, mute, reactors.reactors(), false);
    var nexus = unheard.create(spec(NAME, UUID_1, A));
    assertThrows(NexusException.class, () -> nexus.publish(Set.of()));
    assertEquals(List.of(), mute.subsystems());
    unheard.close();
  }

  @Test
  void aShutdownClosesTheChildrenAndKeepsTheHostsWaiting() throws Exception {
    var nexus = service.create(spec(NAME, UUID_1, A, B));
    nexus.publish(Set.of());
    nexus.shutdown();
    nexus.shutdown();
    assertEquals(NexusState.SHUTDOWN, nexus.state());
    assertEquals(ChildState.CLOSED, nexus.children().getFirst().state());
    assertEquals(List.of(NAME), devices.names());
    assertEquals(1, target.subsystems().size());
    var refusal = assertThrows(NexusException.class, () -> nexus.publish(Set.of()));
    assertEquals(Kind.STATE, refusal.kind());

    nexus.destroy();
    assertEquals(List.of(), devices.names());
    assertEquals(List.of(), target.subsystems());
    assertEquals(List.of(), service.all());
  }

  @Test
  void destroyedMeansThatNothingIsLeftButWhatWasThereBefore() throws Exception {
    var before = devices.create(B);
    var nexus = service.create(spec(NAME, UUID_1, A, B));
    assertNotEquals(List.of(), service.all());
    assertEquals(nexus, service.findByName(NAME).orElseThrow());
    assertEquals(nexus, service.findByUuid(UUID_1).orElseThrow());
    nexus.publish(Set.of());
    nexus.destroy();
    nexus.destroy();
    assertEquals(List.of("b"), devices.names());
    assertTrue(before.claimedBy().isEmpty());
    assertTrue(service.findByUuid(UUID_1).isEmpty());
    assertEquals(NexusState.ONLINE, service.create(spec(NAME, UUID_1, A, B)).state());
  }

  @Test
  void whoDestroysTheBlockDeviceDestroysTheNexus() throws Exception {
    var nexus = service.create(spec(NAME, UUID_1, A));
    devices.destroy(nexus.device());
    Waiting.until("the nexus is forgotten", () -> service.all().isEmpty());
    Waiting.until("its child is closed", () -> devices.names().isEmpty());
    assertEquals(NexusState.SHUTDOWN, nexus.state());
  }

  @Test
  void aPublishedNexusCannotLoseItsBlockDevice() throws Exception {
    var nexus = service.create(spec(NAME, UUID_1, A));
    nexus.publish(Set.of());
    assertThrows(Exception.class, () -> devices.destroy(nexus.device()));
    assertEquals(NexusState.ONLINE, nexus.state());
  }

  @Test
  void stoppingTheServiceDestroysAll() throws Exception {
    service.create(spec(NAME, UUID_1, A)).publish(Set.of());
    service.create(spec("other", UUID_2, B));
    service.close();
    assertEquals(List.of(), devices.names());
    assertEquals(List.of(), target.subsystems());
  }
}
