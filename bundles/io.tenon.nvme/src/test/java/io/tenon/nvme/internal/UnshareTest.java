package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.TestReactors;
import io.tenon.error.Check;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.Opcode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UnshareTest extends TargetFixture {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void aReactorThatWouldWaitForItselfIsToldSo() {
    var io = ioQueue();
    var bug =
        TestReactors.on(
            reactors.get(1), () -> assertThrows(Check.Bug.class, () -> target.unshare(subsystem)));
    assertTrue(bug.getMessage().contains("reactor"), bug.getMessage());
    assertTrue(bug.getMessage().contains(subsystem.nqn()), bug.getMessage());
    assertEquals(Optional.of(subsystem), target.find(subsystem.nqn()), "nothing has happened");
    assertEquals(0, io.call(io.io(Opcode.READ, 0, 1, 0)).status());
  }

  @Test
  void theDeviceStaysClaimedUntilItHasEndedWhatItHas() throws Exception {
    var io = ioQueue();
    device.hold();
    var write = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    var unsharing = Thread.ofVirtual().start(() -> target.unshare(subsystem));
    TestReactors.await(io.disconnected);
    TestReactors.await(admin.disconnected);
    settle();
    assertTrue(unsharing.isAlive());
    assertTrue(subsystem.device().claimedBy().isPresent());
    assertEquals(Optional.empty(), target.find(subsystem.nqn()), "no host finds it any more");
    device.letGo();
    assertTrue(unsharing.join(PATIENCE));
    assertTrue(write.answered.isDone());
    assertEquals(Optional.empty(), subsystem.device().claimedBy());
  }

  @Test
  void underLoadEveryCommandIsAnsweredOnceAndTheDeviceCanBeSharedAgain() throws Exception {
    for (int round = 0; round < 20; round++) {
      var io = ioQueue();
      var unsharing = Thread.ofVirtual().start(() -> target.unshare(subsystem));
      var sent = new ArrayList<TestHost.Command>();
      while (!io.disconnected.isDone()) {
        int opcode = sent.size() % 2 == 0 ? Opcode.WRITE : Opcode.READ;
        sent.add(io.send(io.io(opcode, sent.size() % 100, 8, 0)));
      }
      for (var command : sent) {
        int code = code(TestReactors.await(command.answered));
        assertTrue(code == 0 || code == NvmeStatus.ABORTED_SQ_DELETION, "status " + code);
      }
      assertTrue(unsharing.join(PATIENCE));
      subsystem = target.share(subsystem.device(), ShareOptions.anyHost());
    }
  }

  @Test
  void whatIsParkedEndsWhenAPausedSubsystemIsUnshared() throws Exception {
    var io = ioQueue();
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var parked = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    var unsharing = Thread.ofVirtual().start(() -> target.unshare(subsystem));
    TestReactors.await(parked.answered);
    assertTrue(unsharing.join(PATIENCE));
    assertEquals(Optional.empty(), subsystem.device().claimedBy());
  }

  @Test
  void unsharingTwiceIsUnsharingOnce() throws Exception {
    target.unshare(subsystem);
    var again = target.share(subsystem.device(), ShareOptions.anyHost());
    target.unshare(subsystem);
    assertEquals(Optional.of(again), target.find(again.nqn()));
    assertFalse(subsystem.equals(again));
  }
}
