package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.SnapshotSpec;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Errno;
import io.tenon.linux.Memory;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.SnapshotParameters;
import io.tenon.nvme.Sqe;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class CreateSnapshotTest extends TargetFixture {
  private static final SnapshotSpec SPEC =
      new SnapshotSpec(
          "s1", new UUID(5, 6), "vol", "7", Instant.parse("2026-11-20T21:40:07.123456789Z"));

  private final List<SnapshotSpec> taken = new CopyOnWriteArrayList<>();

  private static TestHost.Command createSnapshot(TestHost admin, byte[] parameters) {
    var command =
        admin.command(
            Opcode.CREATE_SNAPSHOT,
            parameters.length,
            sqe -> Memory.putLong(sqe + Sqe.CDW10, SPEC.createdAt().getEpochSecond()));
    Memory.copy(parameters, 0, command.data, parameters.length);
    return command;
  }

  private static TestHost.Command createSnapshot(TestHost admin) {
    return createSnapshot(admin, SnapshotParameters.encode(SPEC));
  }

  private void connect() {
    admin = admin();
  }

  private TestHost.Command call(TestHost.Command command) {
    return admin.call(command);
  }

  @Test
  void theDeviceTakesWhatTheHostDescribes() {
    device.snapshots(taken::add);
    connect();
    assertEquals(0, call(createSnapshot(admin)).status());
    assertEquals(List.of(SPEC), taken);
  }

  @Test
  void aDeviceThatHasNoneDoesNotKnowTheCommand() {
    connect();
    assertEquals(NvmeStatus.INVALID_OPCODE, code(call(createSnapshot(admin))));
  }

  @Test
  void discoveryDoesNotKnowTheCommand() {
    device.snapshots(taken::add);
    admin = new TestHost(target, reactors.get(0));
    TestHost.enable(admin, DiscoveryLog.NQN);
    assertEquals(NvmeStatus.INVALID_OPCODE, code(call(createSnapshot(admin))));
    assertEquals(List.of(), taken);
  }

  @Test
  void whatIsNoParametersIsRefusedAsAnUnknownCommand() {
    device.snapshots(taken::add);
    connect();
    assertEquals(NvmeStatus.INVALID_OPCODE, code(call(createSnapshot(admin, new byte[100]))));
    byte[] long1 = new byte[SnapshotParameters.MAX_BYTES + 4];
    assertEquals(NvmeStatus.INVALID_OPCODE, code(call(createSnapshot(admin, long1))));
    assertEquals(List.of(), taken);
  }

  @Test
  void aRefusalIsAnInternalErrorWithItsErrorNumber() {
    device.snapshots(
        spec -> {
          throw new DeviceException(Kind.ALREADY_EXISTS, "It is there.", "", "");
        });
    connect();
    var answer = call(createSnapshot(admin));
    assertEquals(NvmeStatus.INTERNAL_ERROR, code(answer));
    assertEquals(Errno.EEXIST, answer.result());
  }

  @Test
  void aBugInTheDeviceIsAnsweredToo() {
    device.snapshots(
        spec -> {
          throw new IllegalStateException("planted");
        });
    connect();
    var answer = call(createSnapshot(admin));
    assertEquals(NvmeStatus.INTERNAL_ERROR, code(answer));
    assertEquals(Errno.EIO, answer.result());
  }

  @Test
  void otherCommandsAreAnsweredWhileItIsTaken() throws Exception {
    var release = new CountDownLatch(1);
    var begun = new CompletableFuture<Void>();
    device.snapshots(
        spec -> {
          begun.complete(null);
          awaitLatch(release);
        });
    connect();
    var snapshot = admin.send(createSnapshot(admin));
    TestReactors.await(begun);
    assertEquals(0, admin.getFeature(7, 0).status());
    assertFalse(snapshot.answered.isDone());
    release.countDown();
    assertEquals(0, TestReactors.await(snapshot.answered).status());
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void itEndsThoughItsHostHasLeft() throws Exception {
    var release = new CountDownLatch(1);
    var begun = new CompletableFuture<Void>();
    device.snapshots(
        spec -> {
          begun.complete(null);
          awaitLatch(release);
          taken.add(spec);
        });
    connect();
    var snapshot = admin.send(createSnapshot(admin));
    TestReactors.await(begun);
    admin.close();
    release.countDown();
    var _ = TestReactors.await(snapshot.answered);
    assertEquals(List.of(SPEC), taken);
    var another = new TestHost(target, reactors.get(0));
    assertEquals(
        0,
        another
            .connect(subsystem.nqn(), TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 0)
            .status());
  }
}
