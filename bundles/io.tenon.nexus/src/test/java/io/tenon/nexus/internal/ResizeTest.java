package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
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
import io.tenon.nvme.internal.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A nexus that grows. */
class ResizeTest {
  private static final String A = "malloc:///a?size_mb=32";
  private static final String B = "malloc:///b?size_mb=32";
  private static final String SMALL = "malloc:///small?size_mb=16";
  private static final long MIB = 1 << 20;
  private static final int FIRST = 10240;
  private static final int LAST_OF_8_MIB = (8 << 20) / 512 - 2;
  private static final int LAST_OF_20_MIB = (20 << 20) / 512 - 2;

  private final TestDevices devices = new TestDevices();
  private TestReactors reactors;
  private NexusService service;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    var target = new Target("", 16, "test");
    service =
        new NexusService(devices, target, reactors.reactors(), Thread::startVirtualThread, false);
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    reactors.close();
  }

  private Nexus nexus(String... children) throws NexusException {
    return service.create(
        new NexusSpec(
            "v", new UUID(7, 1), 8 * MIB, List.of(children), 1, 2, ReadPolicy.ROUND_ROBIN));
  }

  private TestVolume volume(Nexus nexus, int reactor) {
    return new TestVolume(nexus.device(), reactors.get(reactor));
  }

  private TestVolume raw(String device) {
    return new TestVolume(devices.find(device).orElseThrow(), reactors.get(0));
  }

  private static byte[] random(long seed, int bytes) {
    var content = new byte[bytes];
    new Random(seed).nextBytes(content);
    return content;
  }

  private void fill(String device, long seed) {
    try (var raw = raw(device)) {
      for (int block = FIRST; block < FIRST + LAST_OF_20_MIB; block += 128) {
        assertEquals(IoStatus.SUCCESS, raw.write(block, random(seed + block, 128 * 512)));
      }
    }
  }

  private void assertEqualData() {
    try (var a = raw("a");
        var b = raw("b")) {
      for (int block = FIRST; block < FIRST + LAST_OF_20_MIB; block += 128) {
        int count = Math.min(128, FIRST + LAST_OF_20_MIB + 1 - block);
        assertEquals(IoStatus.SUCCESS, a.read(block, count));
        assertEquals(IoStatus.SUCCESS, b.read(block, count));
        assertArrayEquals(a.content(count), b.content(count), "block " + (block - FIRST));
      }
    }
  }

  private static boolean isOnline(Nexus nexus) {
    return nexus.children().stream().allMatch(child -> child.state() == ChildState.OPEN);
  }

  @Test
  void itGrowsWhileHostsWriteAndTellsThem() throws Exception {
    var nexus = nexus(A, B);
    var told = new CopyOnWriteArrayList<Geometry>();
    nexus
        .device()
        .addListener(
            new DeviceListener() {
              @Override
              public void resized(Geometry now) {
                told.add(now);
              }
            });
    var over = new AtomicBoolean();
    var statuses = new ArrayList<IoStatus>();
    var writer =
        Thread.startVirtualThread(
            () -> {
              try (var volume = volume(nexus, 1)) {
                for (int at = 0; !over.get(); at = (at + 8) % LAST_OF_8_MIB) {
                  var status = volume.write(at, new byte[512]);
                  if (!status.isSuccess()) statuses.add(status);
                }
              }
            });
    try (var volume = volume(nexus, 0)) {
      assertEquals(IoStatus.OUT_OF_RANGE, volume.write(LAST_OF_8_MIB + 1, new byte[512]));
      for (long size = 9 * MIB; size <= 20 * MIB; size += MIB) {
        nexus.resize(size);
        assertEquals(size, nexus.sizeBytes());
        long last = size / 512 - 2;
        assertEquals(last + 1, nexus.device().geometry().blockCount());
        assertEquals(nexus.device().geometry(), told.getLast());
        assertEquals(IoStatus.SUCCESS, volume.write(last, random(size, 512)));
        assertEquals(IoStatus.OUT_OF_RANGE, volume.write(last + 1, new byte[512]));
      }
    }
    over.set(true);
    writer.join();
    assertEquals(List.of(), statuses);
    assertEquals(12, told.size());
    assertEqualData();
  }

  @Test
  void theSameSizeChangesNothing() throws Exception {
    var nexus = nexus(A);
    var before = nexus.device().geometry();
    nexus.resize(8 * MIB);
    assertEquals(before, nexus.device().geometry());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 512, 8 * MIB - 512, 8 * MIB + 1, -1, Long.MIN_VALUE})
  void itNeitherShrinksNorGrowsByNothing(long bytes) throws Exception {
    var nexus = nexus(A, B);
    var refusal = assertThrows(NexusException.class, () -> nexus.resize(bytes));
    assertEquals(Kind.STATE, refusal.kind());
    assertTrue(refusal.getMessage().contains("16383 blocks"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains(Long.toUnsignedString(bytes)), refusal.getMessage());
    assertEquals(8 * MIB, nexus.sizeBytes());
    assertEquals(16383, nexus.device().geometry().blockCount());
  }

  @Test
  void itGrowsAsFarAsItsSmallestChild() throws Exception {
    var nexus = nexus(A, SMALL);
    nexus.resize(Long.MAX_VALUE);
    assertEquals((16 << 20) / 512 - FIRST - 34, nexus.device().geometry().blockCount());
    var refusal = assertThrows(NexusException.class, () -> nexus.resize(20 * MIB));
    assertEquals(Kind.STATE, refusal.kind());
    assertTrue(refusal.getMessage().contains(SMALL), refusal.getMessage());
  }

  @Test
  void newsOfARemoteChildThatHasGrownAreWaitedForALittle() throws Exception {
    String uri = "nvmf+tcp://10.0.0.2:8420/nqn.2019-05.io.openebs:far";
    var far =
        new GrowingDevice(
            new MallocProvider().open(DeviceUri.parse("malloc:///far?size_mb=32")),
            FIRST + LAST_OF_8_MIB + 35);
    devices.adopt(far, uri);
    var nexus = nexus(A, uri);
    var refusal = assertThrows(NexusException.class, () -> nexus.resize(20 * MIB));
    assertTrue(refusal.getMessage().contains(uri), refusal.getMessage());
    var resized = CompletableFuture.runAsync(far::grow);
    nexus.resize(20 * MIB);
    resized.join();
    assertEquals(LAST_OF_20_MIB + 1, nexus.device().geometry().blockCount());
  }

  @Test
  void oneThatHasStoppedDoesNotGrow() throws Exception {
    var nexus = nexus(A);
    nexus.shutdown();
    assertEquals(
        Kind.STATE, assertThrows(NexusException.class, () -> nexus.resize(20 * MIB)).kind());
  }

  @Test
  void aChildThatIsOutOfSyncGetsTheNewBlocksWithItsRebuild() throws Exception {
    devices.create(A);
    fill("a", 1);
    devices.create(B);
    fill("b", 1000);
    var nexus = nexus(A);
    nexus.addChild(B, false);
    nexus.resize(20 * MIB);
    try (var volume = volume(nexus, 1)) {
      assertEquals(IoStatus.SUCCESS, volume.write(LAST_OF_20_MIB, random(5, 512)));
    }
    nexus.startRebuild(B);
    Waiting.until("rebuilt", () -> isOnline(nexus));
    assertEquals(40959, nexus.rebuildHistory().getFirst().blocksTotal());
    assertEqualData();
  }

  @Test
  void theLogOfAChildThatIsOutCoversTheNewBlocks() {
    var log = new WriteLog(9, 16383, SegmentMap.USUAL_BYTES);
    log.changing(5, 1);
    log.leaves(3);
    log.grow(40959);
    log.changing(40000, 1);
    var missed = log.missedBy(3);
    assertEquals(40959, missed.blockCount());
    assertTrue(missed.contains(5) && missed.contains(16383) && missed.contains(40958));
    assertEquals(16256, missed.nextFrom(128), "between, nothing was changed");
    log.grow(16384);
    assertEquals(40959, log.missedBy(3).blockCount());
    log.leaves(4);
    assertTrue(log.missedBy(4).contains(40000));
  }

  @Test
  void aRebuildUnderWayCopiesTheNewBlocksToo() throws Exception {
    devices.create(A);
    fill("a", 1);
    var nexus = nexus(A);
    nexus.addChild(B, true);
    for (long size = 9 * MIB; size <= 20 * MIB; size += MIB) nexus.resize(size);
    Waiting.until("rebuilt", () -> isOnline(nexus));
    nexus.faultChild(B, Fault.OFFLINE);
    nexus.onlineChild(B);
    Waiting.until("rebuilt again", () -> isOnline(nexus));
    assertEquals(40959, nexus.rebuildHistory().getFirst().blocksTotal());
    assertEqualData();
  }
}
