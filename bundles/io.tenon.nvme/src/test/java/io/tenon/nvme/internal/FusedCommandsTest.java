package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.block.IoOperation;
import io.tenon.block.testing.TestReactors;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.reactor.BufferPool;
import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.Test;

class FusedCommandsTest extends TargetFixture {
  private static final int BYTES = 1024;

  private final ArrayDeque<Long> taken = new ArrayDeque<>();

  private BufferPool pool() {
    return reactors.get(1).buffers();
  }

  private void emptyThePool() {
    TestReactors.run(
        reactors.get(1),
        () -> {
          for (long it = pool().take(BYTES); it != 0; it = pool().take(BYTES)) taken.add(it);
        });
  }

  private void fillThePool() {
    TestReactors.run(
        reactors.get(1),
        () -> {
          while (!taken.isEmpty()) pool().give(taken.remove(), BYTES);
        });
  }

  private static List<TestHost.Command> sendPair(TestHost io) {
    return io.sendAll(List.of(io.io(Opcode.COMPARE, 3, 1, 1), io.io(Opcode.WRITE, 3, 1, 2)));
  }

  @Test
  void aPairThatWaitsForMemoryStaysOutOfAPausedDevice() {
    var io = ioQueue();
    emptyThePool();
    var pair = sendPair(io);
    TestReactors.await(subsystem.pause().toCompletableFuture());
    fillThePool();
    settle();
    assertEquals(List.of(), device.arrived);
    subsystem.resume();
    for (var command : pair) assertEquals(0, TestReactors.await(command.answered).status());
    assertEquals(List.of(IoOperation.COMPARE_AND_WRITE), device.arrived);
  }

  @Test
  void aPairThatWaitedForMemoryLearnsThatTheNamespaceIsInaccessible() throws Exception {
    var io = ioQueue();
    emptyThePool();
    var pair = sendPair(io);
    subsystem.anaState(AnaState.INACCESSIBLE);
    settle();
    fillThePool();
    for (var command : pair) {
      assertEquals(NvmeStatus.ANA_INACCESSIBLE, code(TestReactors.await(command.answered)));
    }
    assertEquals(List.of(), device.arrived);
  }

  @Test
  void aPairThatWaitsForMemoryEndsWithItsConnection() {
    var io = ioQueue();
    emptyThePool();
    var pair = sendPair(io);
    assertFalse(pair.get(1).answered.isDone());
    io.close();
    for (var command : pair) {
      assertEquals(NvmeStatus.ABORTED_SQ_DELETION, code(TestReactors.await(command.answered)));
    }
    fillThePool();
    settle();
    assertEquals(List.of(), device.arrived);
  }

  @Test
  void aHalfWhosePartnersDataNeverComesIsAnsweredOnce() {
    var io = ioQueue();
    var compare = io.send(io.io(Opcode.COMPARE, 3, 1, 1));
    var write = io.begin(io.io(Opcode.WRITE, 3, 1, 2));
    io.close();
    assertEquals(NvmeStatus.ABORTED_SQ_DELETION, code(TestReactors.await(compare.answered)));
    io.giveUp(write);
    assertFalse(write.answered.isDone());
  }

  @Test
  void theReservedFuseValueIsRefused() {
    var io = ioQueue();
    assertEquals(NvmeStatus.INVALID_FIELD, code(io.call(io.io(Opcode.WRITE, 3, 1, 3))));
    var first = io.send(io.io(Opcode.COMPARE, 3, 1, 1));
    assertEquals(NvmeStatus.INVALID_FIELD, code(io.call(io.io(Opcode.WRITE, 3, 1, 3))));
    assertEquals(NvmeStatus.ABORTED_MISSING_FUSED, code(TestReactors.await(first.answered)));
  }
}
