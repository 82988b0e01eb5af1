package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.Cns;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.Feature;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IoQueueTest extends TargetFixture {
  private static final int DEALLOCATE = 1 << 25;
  private static final int FORCE_UNIT_ACCESS = 1 << 30;

  // Checks.

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, -1})
  void anUnknownOpcodeIsNamedSoWhateverElseIsWrong(int nsid) {
    var io = ioQueue();
    for (int opcode : new int[] {0x03, 0x0C, 0x7E, 0x80, 0xFF}) {
      var command = io.io(opcode, 0, 1, 0);
      Memory.putInt(command.sqe() + Sqe.NSID, nsid);
      Memory.putByte(command.sqe() + Sqe.FLAGS, 0);
      assertEquals(NvmeStatus.INVALID_OPCODE | NvmeStatus.DO_NOT_RETRY, io.call(command).status());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x00, 0x80, 0xC0})
  void onlySglsAreTaken(int psdt) {
    var io = ioQueue();
    for (int opcode : new int[] {0x00, 0x01, 0x02, 0x05, 0x08, 0x09}) {
      var command = io.io(opcode, 0, 1, 0);
      Memory.putByte(command.sqe() + Sqe.FLAGS, psdt);
      assertEquals(NvmeStatus.INVALID_FIELD | NvmeStatus.DO_NOT_RETRY, io.call(command).status());
    }
    var identify =
        admin.command(
            Opcode.IDENTIFY, 4096, sqe -> Memory.putByte(sqe + Sqe.CDW10, Cns.CONTROLLER));
    Memory.putByte(identify.sqe() + Sqe.FLAGS, psdt);
    assertEquals(NvmeStatus.INVALID_FIELD, code(admin.call(identify)));
    assertEquals(List.of(), device.arrived);
  }

  @Test
  void onlyAFlushIsForEveryNamespace() {
    var io = ioQueue();
    for (int opcode : new int[] {0x00, 0x01, 0x02, 0x05, 0x08, 0x09}) {
      for (int nsid : new int[] {0, 2, -1}) {
        var command = io.io(opcode, 0, 1, 0);
        Memory.putInt(command.sqe() + Sqe.NSID, nsid);
        boolean flushesAll = opcode == Opcode.FLUSH && nsid == -1;
        assertEquals(
            flushesAll ? 0 : NvmeStatus.INVALID_NAMESPACE, code(io.call(command)), "" + opcode);
      }
    }
    assertEquals(List.of(IoOperation.FLUSH), device.arrived);
  }

  // Write Zeroes.

  @Test
  void zeroesThatMayBeDeallocatedAreStillZeroes() {
    var io = ioQueue();
    var command = io.io(Opcode.WRITE_ZEROES, 8, 16, 0);
    Memory.putInt(command.sqe() + Sqe.CDW12, 15 | DEALLOCATE);
    assertEquals(0, io.call(command).status());
    assertEquals(List.of(IoOperation.WRITE_ZEROES), device.arrived);
  }

  // Durable writes.

  private static TestHost.Command forced(TestHost io, int opcode, int fuse) {
    var command = io.io(opcode, 3, 1, fuse);
    if (opcode != Opcode.COMPARE) {
      Memory.putInt(command.sqe() + Sqe.CDW12, FORCE_UNIT_ACCESS);
    }
    return command;
  }

  @Test
  void aForcedWriteIsAnsweredWhenItIsDurable() {
    var io = ioQueue();
    assertEquals(0, io.call(forced(io, Opcode.WRITE, 0)).status());
    assertEquals(List.of(IoOperation.WRITE, IoOperation.FLUSH), device.arrived);
    device.arrived.clear();
    assertEquals(0, io.call(forced(io, Opcode.WRITE_ZEROES, 0)).status());
    assertEquals(List.of(IoOperation.WRITE_ZEROES, IoOperation.FLUSH), device.arrived);
    device.arrived.clear();
    var pair = io.sendAll(List.of(forced(io, Opcode.COMPARE, 1), forced(io, Opcode.WRITE, 2)));
    for (var half : pair) assertEquals(0, TestReactors.await(half.answered).status());
    assertEquals(List.of(IoOperation.COMPARE_AND_WRITE, IoOperation.FLUSH), device.arrived);
  }

  @ParameterizedTest
  @EnumSource(
      value = IoOperation.class,
      names = {"WRITE", "COMPARE_AND_WRITE"})
  void aForcedWriteFailsWhenItsFlushDoes(IoOperation operation) {
    var io = ioQueue();
    device.fail(IoOperation.FLUSH, IoStatus.IO_ERROR);
    if (operation == IoOperation.WRITE) {
      assertEquals(NvmeStatus.INTERNAL_ERROR, code(io.call(forced(io, Opcode.WRITE, 0))));
    } else {
      var pair = io.sendAll(List.of(forced(io, Opcode.COMPARE, 1), forced(io, Opcode.WRITE, 2)));
      assertEquals(NvmeStatus.INTERNAL_ERROR, code(TestReactors.await(pair.getFirst().answered)));
      assertEquals(
          NvmeStatus.ABORTED_FAILED_FUSED, code(TestReactors.await(pair.getLast().answered)));
    }
  }

  @Test
  void withoutItsCacheEveryWriteIsDurable() {
    var io = ioQueue();
    assertEquals(0, admin.setFeature(Feature.VOLATILE_WRITE_CACHE, 0).status());
    settle();
    assertEquals(0, io.call(io.io(Opcode.WRITE, 0, 1, 0)).status());
    assertEquals(List.of(IoOperation.WRITE, IoOperation.FLUSH), device.arrived);
    var later = new TestHost(target, reactors.get(1));
    int id = subsystem.controllers().getFirst().id();
    assertEquals(0, later.connect(subsystem.nqn(), TestHost.HOST_NQN, 2, id, 0).status());
    device.arrived.clear();
    assertEquals(0, later.call(later.io(Opcode.WRITE, 0, 1, 0)).status());
    assertEquals(List.of(IoOperation.WRITE, IoOperation.FLUSH), device.arrived);
    assertEquals(0, admin.setFeature(Feature.VOLATILE_WRITE_CACHE, 1).status());
    settle();
    device.arrived.clear();
    assertEquals(0, io.call(io.io(Opcode.WRITE, 0, 1, 0)).status());
    assertEquals(List.of(IoOperation.WRITE), device.arrived);
  }

  // Disconnect.

  private static TestHost.Command fabrics(TestHost host, int type) {
    return host.command(
        Opcode.FABRICS, 0, sqe -> Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, type));
  }

  @Test
  void aHostDisconnectsAnIoQueueAndKeepsTheOthers() {
    var io = ioQueue();
    assertEquals(0, io.call(fabrics(io, Opcode.DISCONNECT)).status());
    assertTrue(TestReactors.await(io.disconnected).contains("host"));
    settle();
    assertEquals(0, subsystem.controllers().getFirst().queues());
    assertFalse(admin.disconnected.isDone());
    var again = new TestHost(target, reactors.get(1));
    int id = subsystem.controllers().getFirst().id();
    assertEquals(0, again.connect(subsystem.nqn(), TestHost.HOST_NQN, 1, id, 0).status());
  }

  @Test
  void aHostDisconnectsWhileThePathIsPausedOrInaccessible() throws Exception {
    var first = ioQueue();
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var parked = first.send(first.io(Opcode.WRITE, 0, 1, 0));
    assertEquals(0, first.call(fabrics(first, Opcode.DISCONNECT)).status());
    assertEquals(NvmeStatus.ABORTED_SQ_DELETION, code(TestReactors.await(parked.answered)));
    subsystem.resume();
    // Until the first queue has gone, its host is told to come again.
    settle();
    var second = ioQueue();
    subsystem.anaState(AnaState.INACCESSIBLE);
    assertEquals(0, second.call(fabrics(second, Opcode.DISCONNECT)).status());
    assertEquals(List.of(), device.arrived);
  }

  @Test
  void aDisconnectOfTheAdminQueueOrOfAnotherFormatIsRefused() {
    var io = ioQueue();
    assertEquals(
        NvmeStatus.INVALID_QUEUE_TYPE, code(admin.call(fabrics(admin, Opcode.DISCONNECT))));
    var format = fabrics(io, Opcode.DISCONNECT);
    Memory.putShort(format.sqe() + ConnectData.RECFMT, 1);
    assertEquals(NvmeStatus.CONNECT_INCOMPATIBLE_FORMAT, code(io.call(format)));
    assertFalse(io.disconnected.isDone());
  }

  @Test
  void otherFabricsCommandsDoNotBelongOnAnIoQueue() {
    var io = ioQueue();
    var connect = io.call(fabrics(io, Opcode.CONNECT));
    assertEquals(NvmeStatus.COMMAND_SEQUENCE_ERROR, code(connect));
    var property = io.call(fabrics(io, Opcode.PROPERTY_GET));
    assertEquals(NvmeStatus.INVALID_OPCODE, code(property));
  }
}
