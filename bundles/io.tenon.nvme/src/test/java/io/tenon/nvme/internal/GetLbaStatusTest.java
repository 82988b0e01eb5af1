package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.Cns;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.IdentifyCommandSet;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.LbaStatus;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a namespace holds data, as a host is told. */
class GetLbaStatusTest extends TargetFixture {
  private static final int COMPLETE = 2;
  private static final long END = 2048;

  private TestHost.Command command(int action, long lba, int blocks, int bytes) {
    return admin.command(
        Opcode.GET_LBA_STATUS,
        bytes,
        sqe -> {
          Memory.putInt(sqe + Sqe.NSID, 1);
          LbaStatus.ask(sqe, action, lba, blocks, bytes);
        });
  }

  private TestHost.Command ask(long lba, int blocks, int descriptors) {
    int bytes = LbaStatus.HEADER_BYTES + descriptors * LbaStatus.DESCRIPTOR_BYTES;
    return admin.call(command(LbaStatus.RETURN_ALLOCATED, lba, blocks, bytes));
  }

  /** As {@code first+blocks}, and how the list ends. */
  private static List<String> list(TestHost.Command answer) {
    assertEquals(0, answer.status());
    var found = new ArrayList<String>();
    for (int i = 0; i < Memory.getInt(answer.data); i++) {
      long at = answer.data + 8 + i * 16L;
      found.add(Memory.getLong(at) + "+" + Memory.getU32(at + 8));
    }
    found.add(Memory.getU8(answer.data + 4) == COMPLETE ? "complete" : "incomplete");
    return found;
  }

  @Test
  void aControllerSaysThatItKnowsTheCommandAndTheAction() {
    admin = admin();
    var controller =
        admin.call(
            Opcode.IDENTIFY,
            Cns.LENGTH_BYTES,
            sqe -> Memory.putInt(sqe + Sqe.CDW10, Cns.CONTROLLER));
    assertTrue(IdentifyController.hasLbaStatus(controller.data));
    var set =
        admin.call(
            Opcode.IDENTIFY,
            Cns.LENGTH_BYTES,
            sqe -> Memory.putInt(sqe + Sqe.CDW10, Cns.COMMAND_SET_CONTROLLER));
    assertTrue(IdentifyCommandSet.returnsAllocated(set.data));
  }

  @Test
  void runsOfAllocatedBlocksAreListed() {
    device.allocated(lba -> lba < 5 || (lba >= 100 && lba < 300) || lba == END - 1);
    admin = admin();
    assertEquals(List.of("0+5", "100+200", "2047+1", "complete"), list(ask(0, 0, 10)));
    assertEquals(List.of("120+30", "complete"), list(ask(120, 30, 10)));
    assertEquals(List.of("complete"), list(ask(400, 100, 10)));
  }

  @Test
  void aHostWithoutRoomIsToldThatThereIsMore() {
    device.allocated(lba -> lba % 10 == 3);
    admin = admin();
    assertEquals(List.of("3+1", "13+1", "incomplete"), list(ask(0, 0, 2)));
    assertEquals(List.of("3+1", "13+1", "complete"), list(ask(0, 20, 2)));
  }

  /** The rest counts as allocated: a reactor has other work, too. */
  @Test
  void aNamespaceInSmallPiecesIsNotAskedWithoutEnd() {
    device.allocated(lba -> lba % 2 == 0);
    admin = admin();
    var found = list(ask(0, 0, 8000));
    assertTrue(device.questions.get() <= 1024, device.questions + " questions");
    assertEquals("complete", found.removeLast());
    assertEquals("1022+1", found.get(511));
    assertEquals("1024+1024", found.getLast());
  }

  @Test
  void aListOfBrokenBlocksIsEmpty() {
    admin = admin();
    var answer = admin.call(command(LbaStatus.RETURN_TRACKED, 0, 0, 24));
    assertEquals(List.of("complete"), list(answer));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 0x10, 0x12, 0xFF})
  void otherActionsAreRefused(int action) {
    admin = admin();
    assertEquals(NvmeStatus.INVALID_FIELD, code(admin.call(command(action, 0, 0, 24))));
  }

  @Test
  void whatIsNotThereIsRefused() {
    admin = admin();
    assertEquals(NvmeStatus.LBA_OUT_OF_RANGE, code(ask(END, 0, 1)));
    assertEquals(NvmeStatus.LBA_OUT_OF_RANGE, code(ask(END - 5, 6, 1)));
    assertEquals(NvmeStatus.LBA_OUT_OF_RANGE, code(ask(-1, 1, 1)));
    assertEquals(NvmeStatus.LBA_OUT_OF_RANGE, code(ask(Long.MAX_VALUE, 0xFFFF, 1)));
    var other = command(LbaStatus.RETURN_ALLOCATED, 0, 0, 24);
    Memory.putInt(other.sqe() + Sqe.NSID, 2);
    assertEquals(NvmeStatus.INVALID_NAMESPACE, code(admin.call(other)));
    var small = command(LbaStatus.RETURN_ALLOCATED, 0, 0, 20);
    assertEquals(NvmeStatus.INVALID_FIELD, code(admin.call(small)));
    var large = command(LbaStatus.RETURN_ALLOCATED, 0, 0, 24);
    Memory.putInt(large.sqe() + Sqe.CDW12, -1);
    assertEquals(NvmeStatus.INVALID_FIELD, code(admin.call(large)));
    assertEquals(0, device.questions.get());
  }

  @Test
  void aNamespaceThatCannotBeReadIsNotLookedAt() throws Exception {
    admin = admin();
    subsystem.anaState(AnaState.INACCESSIBLE);
    assertEquals(NvmeStatus.ANA_INACCESSIBLE, code(ask(0, 0, 1)));
    subsystem.anaState(AnaState.OPTIMIZED);
    assertEquals(0, code(ask(0, 0, 1)));
  }

  @Test
  void discoveryDoesNotKnowTheCommand() {
    admin = new TestHost(target, reactors.get(0));
    TestHost.enable(admin, DiscoveryLog.NQN);
    assertEquals(NvmeStatus.INVALID_OPCODE, code(ask(0, 0, 1)));
  }

  @Test
  void theDeviceIsUsedUntilItHasAnsweredAndNoLonger() throws Exception {
    admin = admin();
    device.hold();
    var first = admin.send(command(LbaStatus.RETURN_ALLOCATED, 0, 0, 24));
    var second = admin.send(command(LbaStatus.RETURN_ALLOCATED, 9, 0, 24));
    assertEquals(1, device.channels());
    admin.close();
    var unshared = new CompletableFuture<Void>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                target.unshare(subsystem);
                unshared.complete(null);
              } catch (Exception e) {
                unshared.completeExceptionally(e);
              }
            });
    settle();
    assertFalse(unshared.isDone());
    assertEquals(1, device.channels());
    device.letGo();
    TestReactors.await(unshared);
    assertEquals(0, device.channels());
    assertTrue(first.answered.isDone() && second.answered.isDone());
  }
}
