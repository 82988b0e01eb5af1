package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildReason;
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
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Children that come and go by request, on real reactors. */
class ChildrenTest {
  private static final String A = "malloc:///a?size_mb=16";
  private static final String B = "malloc:///b?size_mb=16";
  private static final String C = "malloc:///c?size_mb=16";
  private static final int DATA_BLOCK = (5 << 20) / 512;

  private final TestDevices devices = new TestDevices();
  private TestReactors reactors;
  private NexusService service;
  private Nexus nexus;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    service =
        new NexusService(
            devices,
            new Target("", 16, "test"),
            reactors.reactors(),
            Thread::startVirtualThread,
            false);
    nexus =
        service.create(
            new NexusSpec(
                "n", new UUID(7, 1), 8 << 20, List.of(A, B), 1, 2, ReadPolicy.LOCAL_FIRST));
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    reactors.close();
  }

  private void awaitOnline() throws InterruptedException {
    Waiting.until("ONLINE", () -> nexus.state() == NexusState.ONLINE);
  }

  private ChildInfo child(String uri) {
    return nexus.children().stream().filter(one -> one.uri().equals(uri)).findFirst().orElseThrow();
  }

  private static void refused(Kind kind, String named, Executable what) {
    var refusal = assertThrows(NexusException.class, what);
    assertEquals(kind, refusal.kind(), refusal.toString());
    assertTrue(refusal.getMessage().contains(named), refusal.getMessage());
  }

  private byte[] write(int lba, long seed) {
    var content = new byte[64 << 10];
    new Random(seed).nextBytes(content);
    try (var volume = new TestVolume(nexus.device(), reactors.get(1))) {
      assertEquals(IoStatus.SUCCESS, volume.write(lba, content));
    }
    return content;
  }

  private void assertHolds(String device, int lba, byte[] content) {
    var slot = devices.find(device).orElseThrow();
    try (var raw = new TestVolume(slot, reactors.get(0))) {
      int blocks = content.length / 512;
      assertEquals(IoStatus.SUCCESS, raw.read(DATA_BLOCK + lba, blocks));
      assertArrayEquals(content, raw.content(blocks), device);
    }
  }

  @Test
  void anAddedChildHoldsWhatTheOthersHold() throws Exception {
    var before = write(1000, 1);
    nexus.addChild(C, true);
    var after = write(9000, 2);
    awaitOnline();
    assertEquals(3, nexus.children().size());
    assertHolds("c", 1000, before);
    assertHolds("c", 9000, after);
    var rebuild = nexus.rebuildHistory().getFirst();
    assertEquals(RebuildState.COMPLETED, rebuild.state());
    assertEquals(100, rebuild.progress());
    assertEquals(0, rebuild.blocksRemaining());
    assertEquals(A, rebuild.sourceUri().orElseThrow());
    assertEquals(List.of(), nexus.rebuilds());
  }

  @Test
  void aChildThatWasAddedWithoutARebuildWaitsForOne() throws Exception {
    nexus.addChild(C, false);
    var child = child(C);
    assertEquals(ChildState.OUT_OF_SYNC, child.state());
    assertEquals(ChildReason.OUT_OF_SYNC, child.reason());
    assertTrue(child.waitsFor().contains("rebuild"), child.waitsFor());
    assertEquals(NexusState.DEGRADED, nexus.state());
    refused(Kind.REBUILD_NOT_FOUND, C, () -> nexus.pauseRebuild(C));
    nexus.startRebuild(C);
    awaitOnline();
    refused(Kind.STATE, "needs no rebuild", () -> nexus.startRebuild(C));
  }

  @Test
  void aChildTakenOfflineMissesWritesAndHasThemWhenItIsOnlineAgain() throws Exception {
    nexus.faultChild(B, Fault.OFFLINE);
    var out = child(B);
    assertEquals(ChildState.FAULTED, out.state());
    assertEquals(ChildReason.BY_CLIENT, out.reason());
    assertTrue(out.hasLog());
    assertTrue(out.mayReturn());
    assertEquals(NexusState.DEGRADED, nexus.state());
    var content = write(77, 3);
    nexus.onlineChild(B);
    awaitOnline();
    assertHolds("b", 77, content);
    assertFalse(child(B).hasLog());
    assertFalse(nexus.rebuildHistory().getFirst().partial(), "memory forgets when it is closed");
    nexus.onlineChild(B);
    assertEquals(1, nexus.rebuildHistory().size(), "it is in already");
  }

  @Test
  void theLastHealthyChildStays() throws Exception {
    nexus.faultChild(A, Fault.IO_ERROR);
    assertEquals(ChildReason.IO_FAILURE, child(A).reason());
    for (Fault how : Fault.values()) {
      refused(Kind.STATE, "last healthy", () -> nexus.faultChild(B, how));
    }
    refused(Kind.STATE, "last healthy", () -> nexus.removeChild(B));
    nexus.onlineChild(A);
    awaitOnline();
    nexus.removeChild(B);
    assertEquals(List.of(A), nexus.children().stream().map(ChildInfo::uri).toList());
    assertEquals(NexusState.ONLINE, nexus.state());
  }

  @Test
  void aRemovedChildIsClosedAndMayBeAddedAgain() throws Exception {
    nexus.removeChild(B);
    assertEquals(List.of("a", "n"), devices.names());
    nexus.removeChild(B);
    var content = write(500, 4);
    nexus.addChild(B, true);
    awaitOnline();
    assertHolds("b", 500, content);
  }

  @Test
  void whatCannotBeAChildIsRefusedAndLeavesNothingBehind() throws Exception {
    refused(Kind.CHILD_EXISTS, A, () -> nexus.addChild(A, true));
    refused(Kind.CHILD, "does not fit", () -> nexus.addChild("malloc:///s?size_mb=8", true));
    refused(Kind.CHILD, "4096", () -> nexus.addChild("malloc:///m?size_mb=16&blk_size=4096", true));
    refused(Kind.CHILD, "floppy", () -> nexus.addChild("floppy:///c", true));
    refused(Kind.CHILD_NOT_FOUND, C, () -> nexus.onlineChild(C));
    refused(Kind.CHILD_NOT_FOUND, C, () -> nexus.faultChild(C, Fault.OFFLINE));
    refused(Kind.CHILD_NOT_FOUND, C, () -> nexus.startRebuild(C));
    assertEquals(List.of("a", "b", "n"), devices.names());
    assertEquals(NexusState.ONLINE, nexus.state());
  }

  @Test
  void aChildThatIsOutForGoodCanOnlyBeRemoved() throws Exception {
    nexus.faultChild(B, Fault.PERMANENT);
    var out = child(B);
    assertFalse(out.mayReturn());
    assertFalse(out.hasLog());
    refused(Kind.STATE, "for good", () -> nexus.onlineChild(B));
    nexus.removeChild(B);
    assertEquals(NexusState.ONLINE, nexus.state());
  }

  @Test
  void afterAShutdownChildrenNeitherComeNorGo() throws Exception {
    nexus.shutdown();
    refused(Kind.STATE, "SHUTDOWN", () -> nexus.addChild(C, true));
    refused(Kind.STATE, "SHUTDOWN", () -> nexus.faultChild(A, Fault.OFFLINE));
    refused(Kind.STATE, "SHUTDOWN", () -> nexus.onlineChild(A));
    assertEquals(List.of("n"), devices.names());
  }

  @Test
  void aNexusIsDestroyedInTheMiddleOfARebuild() throws Exception {
    nexus.addChild(C, true);
    nexus.destroy();
    assertEquals(List.of(), devices.names());
    assertEquals(List.of(), nexus.rebuilds());
  }

  @Test
  void manyChildrenComeAndGoOneAfterTheOther() throws Exception {
    var content = write(33, 5);
    for (int i = 0; i < 70; i++) {
      String uri = "malloc:///x%d?size_mb=16".formatted(i);
      nexus.addChild(uri, false);
      nexus.removeChild(uri);
    }
    nexus.addChild(C, true);
    awaitOnline();
    assertHolds("c", 33, content);
  }
}
