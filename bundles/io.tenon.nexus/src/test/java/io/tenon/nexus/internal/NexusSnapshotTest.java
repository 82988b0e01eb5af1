package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.SlotState;
import io.tenon.block.SnapshotSpec;
import io.tenon.block.Snapshots;
import io.tenon.block.testing.SnapshotDevice;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSnapshot;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nvme.internal.Target;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A snapshot of all children at the same moment. */
class NexusSnapshotTest {
  private static final String A = "malloc:///a?size_mb=16";
  private static final String B = "malloc:///b?size_mb=16";
  private static final UUID OF_A = new UUID(8, 1);
  private static final UUID OF_B = new UUID(8, 2);

  private final TestDevices devices = new TestDevices();
  private final Map<String, SnapshotSpec> taken = new ConcurrentHashMap<>();
  private final Map<String, Snapshots> takers = new ConcurrentHashMap<>();
  private TestReactors reactors;
  private NexusService service;
  private Nexus nexus;
  private UUID a;
  private UUID b;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    var target = new Target("", 16, "test");
    service =
        new NexusService(devices, target, reactors.reactors(), Thread::startVirtualThread, false);
    a = add(A);
    b = add(B);
    nexus =
        service.create(
            new NexusSpec(
                "v", new UUID(7, 1), 8 << 20, List.of(A, B), 1, 2, ReadPolicy.LOCAL_FIRST));
  }

  /** A device in memory that notes what snapshots it was asked for. */
  private UUID add(String uri) throws DeviceException {
    var plain = new MallocProvider().open(DeviceUri.parse(uri));
    Snapshots taker = spec -> takers.getOrDefault(uri, one -> {}).take(spec);
    Snapshots noting =
        spec -> {
          taker.take(spec);
          taken.put(uri, spec);
        };
    return devices.adopt(new SnapshotDevice(plain, noting), uri).uuid();
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    reactors.close();
  }

  private NexusSnapshot.Order order() {
    var uuids = new LinkedHashMap<UUID, Optional<UUID>>();
    uuids.put(a, Optional.of(OF_A));
    uuids.put(b, Optional.of(OF_B));
    return new NexusSnapshot.Order("snap", "vol", "1", uuids);
  }

  private void refused(NexusException.Kind kind, NexusSnapshot.Order order) {
    assertEquals(kind, assertThrows(NexusException.class, () -> nexus.snapshot(order)).kind());
    assertEquals(Map.of(), taken);
    assertEquals(SlotState.READY, nexus.device().state());
  }

  private IoStatus write() {
    try (var volume = new TestVolume(nexus.device(), reactors.get(1))) {
      return volume.write(0, new byte[512]);
    }
  }

  @Test
  void everyChildTakesItsOwnWithTheSameNameAndTime() throws Exception {
    var made = nexus.snapshot(order());
    assertFalse(made.failed());
    assertEquals(
        Map.of(
            A, new SnapshotSpec("snap", OF_A, "vol", "1", made.createdAt()),
            B, new SnapshotSpec("snap", OF_B, "vol", "1", made.createdAt())),
        taken);
    assertEquals(List.of(a, b), List.copyOf(made.outcomes().keySet()));
    assertEquals(IoStatus.SUCCESS, write());
  }

  @Test
  void whatHostsWriteMeanwhileWaitsAndIsDoneAfterwards() throws Exception {
    var release = new CountDownLatch(1);
    var begun = new CompletableFuture<Void>();
    takers.put(
        A,
        spec -> {
          begun.complete(null);
          awaitLatch(release);
        });
    var snapshot = CompletableFuture.supplyAsync(this::snapshotNow);
    TestReactors.await(begun);
    var write = CompletableFuture.supplyAsync(this::write);
    Waiting.until("the write waits", () -> nexus.device().status().parked() > 0);
    assertFalse(write.isDone());
    release.countDown();
    assertFalse(TestReactors.await(snapshot).failed());
    assertEquals(IoStatus.SUCCESS, TestReactors.await(write));
  }

  private NexusSnapshot snapshotNow() {
    try {
      return nexus.snapshot(order());
    } catch (NexusException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aChildThatCannotIsNamedAndTheOthersKeepTheirs() throws Exception {
    takers.put(
        B,
        spec -> {
          throw new DeviceException(Kind.NO_SPACE, "It is full.", "", "");
        });
    var made = nexus.snapshot(order());
    assertTrue(made.failed());
    assertEquals(Optional.empty(), made.outcomes().get(a));
    assertEquals(Optional.of(Kind.NO_SPACE), made.outcomes().get(b).map(DeviceException::kind));
    assertEquals(IoStatus.SUCCESS, write());
  }

  @Test
  void aChildIsSkippedWhenAskedSo() throws Exception {
    var order = order();
    order.uuids().put(b, Optional.empty());
    var made = nexus.snapshot(order);
    assertEquals(List.of(b), made.skipped());
    assertEquals(List.of(a), List.copyOf(made.outcomes().keySet()));
    assertFalse(taken.containsKey(B));
  }

  @Test
  void eachChildMustBeNamedAndNobodyElse() {
    var missing = order();
    missing.uuids().remove(b);
    refused(NexusException.Kind.CHILD_NOT_FOUND, missing);
    var stranger = order();
    stranger.uuids().put(new UUID(9, 9), Optional.of(new UUID(9, 8)));
    refused(NexusException.Kind.CHILD_NOT_FOUND, stranger);
  }

  @Test
  void aNexusThatLostAChildTakesNone() throws Exception {
    var _ = devices.find(B).orElseThrow().fail("planted").toCompletableFuture();
    Waiting.until("b is out", () -> nexus.children().get(1).state() != ChildState.OPEN);
    refused(NexusException.Kind.CHILD, order());
  }

  @Test
  void aNexusThatWasShutDownTakesNone() throws Exception {
    nexus.shutdown();
    refused(NexusException.Kind.STATE, order());
  }
}
