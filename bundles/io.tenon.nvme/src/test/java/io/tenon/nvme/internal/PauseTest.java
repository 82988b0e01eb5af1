package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.block.testing.TestReactors;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import java.util.List;
import org.junit.jupiter.api.Test;

class PauseTest extends TargetFixture {
  @Test
  void aPauseIsReachedWhenTheDeviceHasEndedWhatItHas() {
    var io = ioQueue();
    device.hold();
    var write = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    var paused = subsystem.pause().toCompletableFuture();
    settle();
    assertFalse(paused.isDone());
    device.letGo();
    TestReactors.await(paused);
    assertEquals(0, TestReactors.await(write.answered).status());
    subsystem.resume();
  }

  @Test
  void asManyResumesAsPauses() {
    var io = ioQueue();
    TestReactors.await(subsystem.pause().toCompletableFuture());
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var parked = io.send(io.io(Opcode.READ, 0, 1, 0));
    subsystem.resume();
    settle();
    assertFalse(parked.answered.isDone());
    subsystem.resume();
    assertEquals(0, TestReactors.await(parked.answered).status());
  }

  @Test
  void aHostThatLeavesWhilePausedTakesItsCommandsAlong() {
    var io = ioQueue();
    device.hold();
    var write = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    var paused = subsystem.pause().toCompletableFuture();
    settle();
    var parked = io.send(io.io(Opcode.WRITE, 8, 1, 0));
    io.close();
    assertEquals(NvmeStatus.ABORTED_SQ_DELETION, code(TestReactors.await(parked.answered)));
    assertFalse(paused.isDone(), "the device still has one");
    device.letGo();
    TestReactors.await(paused);
    TestReactors.await(write.answered);
    subsystem.resume();
    settle();
    assertEquals(1, device.arrived.size());
    assertEquals(0, subsystem.controllers().getFirst().queues());
  }

  @Test
  void aHostWhoseAdminQueueIsLostWhilePausedIsGone() {
    var io = ioQueue();
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var parked = io.send(io.io(Opcode.WRITE, 8, 1, 0));
    admin.close();
    assertEquals(NvmeStatus.ABORTED_SQ_DELETION, code(TestReactors.await(parked.answered)));
    settle();
    assertEquals(List.of(), subsystem.controllers());
    subsystem.resume();
    settle();
    assertEquals(List.of(), device.arrived);
  }

  @Test
  void aQueueThatConnectsWhilePausedWaitsLikeTheOthers() {
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var io = ioQueue();
    var parked = io.send(io.io(Opcode.READ, 0, 1, 0));
    settle();
    assertEquals(List.of(), device.arrived);
    subsystem.resume();
    assertEquals(0, TestReactors.await(parked.answered).status());
  }

  @Test
  void whatWaitedLearnsThatTheNamespaceIsInaccessible() throws Exception {
    var io = ioQueue();
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var parked = io.send(io.io(Opcode.READ, 0, 1, 0));
    subsystem.anaState(AnaState.INACCESSIBLE);
    subsystem.resume();
    assertEquals(NvmeStatus.ANA_INACCESSIBLE, code(TestReactors.await(parked.answered)));
    subsystem.anaState(AnaState.OPTIMIZED);
    settle();
    assertEquals(0, io.call(io.io(Opcode.READ, 0, 1, 0)).status());
  }
}
