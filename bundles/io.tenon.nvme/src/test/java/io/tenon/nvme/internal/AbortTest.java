package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class AbortTest extends TargetFixture {
  private static final int ABORTED = 0;
  private static final int NOT_ABORTED = 1;

  private static TestHost.Command abort(TestHost admin, int queueId, int commandId) {
    return admin.command(
        Opcode.ABORT, 0, sqe -> Memory.putInt(sqe + Sqe.CDW10, queueId | commandId << 16));
  }

  private static long abortNow(TestHost admin, int queueId, int commandId) {
    var answer = admin.call(abort(admin, queueId, commandId));
    assertEquals(0, answer.status());
    return answer.result();
  }

  @Test
  void aCommandThatWaitsForTheEndOfAPauseIsAborted() {
    var io = ioQueue();
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var first = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    var second = io.send(io.io(Opcode.READ, 0, 1, 0));
    assertEquals(ABORTED, abortNow(admin, 1, first.commandId()));
    assertEquals(NvmeStatus.ABORT_REQUESTED, code(TestReactors.await(first.answered)));
    assertFalse(second.answered.isDone());
    subsystem.resume();
    assertEquals(0, TestReactors.await(second.answered).status());
    assertEquals(1, device.arrived.size());
  }

  @Test
  void aCommandThatTheDeviceHasIsNotAborted() {
    var io = ioQueue();
    device.hold();
    var write = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    assertEquals(NOT_ABORTED, abortNow(admin, 1, write.commandId()));
    device.letGo();
    assertEquals(0, TestReactors.await(write.answered).status());
  }

  @Test
  void aRequestForEventsIsAborted() {
    var admin = admin();
    var first = awaitEvent(admin);
    var second = awaitEvent(admin);
    assertEquals(ABORTED, abortNow(admin, 0, first.commandId()));
    assertEquals(NvmeStatus.ABORT_REQUESTED, code(TestReactors.await(first.answered)));
    assertFalse(second.answered.isDone());
    assertEquals(NOT_ABORTED, abortNow(admin, 0, first.commandId()));
  }

  @Test
  void whatIsNotThereIsNotAborted() {
    ioQueue();
    assertEquals(NOT_ABORTED, abortNow(admin, 1, 4711));
    assertEquals(NOT_ABORTED, abortNow(admin, 2, 0));
  }

  @Test
  void moreAbortsAtATimeThanStatedAreRefused() throws Exception {
    ioQueue();
    var release = new CountDownLatch(1);
    reactors
        .get(1)
        .execute(
            () -> {
              try {
                release.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    List<TestHost.Command> aborts = new ArrayList<>();
    try {
      for (int i = 0; i < IdentifyController.MAX_ABORTS; i++) {
        aborts.add(admin.send(abort(admin, 1, i)));
      }
      assertEquals(NvmeStatus.ABORT_LIMIT, code(admin.call(abort(admin, 1, 99))));
    } finally {
      release.countDown();
    }
    for (var one : aborts) assertEquals(NOT_ABORTED, TestReactors.await(one.answered).result());
  }
}
