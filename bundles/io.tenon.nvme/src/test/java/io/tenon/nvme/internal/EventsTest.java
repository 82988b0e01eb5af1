package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.Feature;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.IdentifyNamespace;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class EventsTest extends TargetFixture {
  private static final int NOTICE = 2;
  private static final int NAMESPACE_CHANGED = 0x00;
  private static final int ANA_CHANGED = 0x03;

  private static void assertEvent(int information, int logPage, TestHost.Command request) {
    var answer = TestReactors.await(request.answered);
    assertEquals(0, answer.status());
    assertEquals(NOTICE | information << 8 | logPage << 16, answer.result());
  }

  private static void assertResized(TestHost.Command request) {
    assertEvent(NAMESPACE_CHANGED, LogPage.CHANGED_NAMESPACES, request);
  }

  private static void assertAna(TestHost.Command request) {
    assertEvent(ANA_CHANGED, LogPage.ANA, request);
  }

  @Test
  void aHostLearnsOfANewSizeAndUsesIt() {
    var io = ioQueue();
    enableEvents(admin);
    var event = awaitEvent(admin);
    assertEquals(NvmeStatus.LBA_OUT_OF_RANGE, code(io.call(io.io(Opcode.READ, 4095, 1, 0))));
    device.grow(4096);
    assertResized(event);
    var namespace = admin.call(Opcode.IDENTIFY, 4096, sqe -> Memory.putInt(sqe + Sqe.NSID, 1));
    assertEquals(4096, IdentifyNamespace.blocks(namespace.data));
    settle();
    assertEquals(0, io.call(io.io(Opcode.READ, 4095, 1, 0)).status());
  }

  @Test
  void anEventComesAgainOnlyAfterItsPageWasRead() {
    var admin = admin();
    enableEvents(admin);
    var first = awaitEvent(admin);
    device.grow(4096);
    assertResized(first);
    var second = awaitEvent(admin);
    device.grow(8192);
    device.grow(16384);
    settle();
    assertFalse(second.answered.isDone());
    admin.logPage(LogPage.CHANGED_NAMESPACES, 0, 0, 4096);
    assertResized(second);
    admin.logPage(LogPage.CHANGED_NAMESPACES, 0, 0, 4096);
    var third = awaitEvent(admin);
    settle();
    assertFalse(third.answered.isDone(), "two changes while masked are one event");
    device.grow(32768);
    assertResized(third);
  }

  /** Linux refuses a controller that reports ANA and no number of namespaces, MNAN. */
  @Test
  void aControllerWithAnaSaysHowManyNamespacesThereMayBe() {
    var controller = admin().call(Opcode.IDENTIFY, 4096, sqe -> Memory.putInt(sqe + Sqe.CDW10, 1));
    assertEquals(1 << 3 | 1 << 1, Memory.getU8(controller.data + 76));
    assertEquals(1, Memory.getInt(controller.data + 540));
  }

  @Test
  void anEventWaitsForARequest() throws Exception {
    var admin = admin();
    enableEvents(admin);
    subsystem.anaState(AnaState.NON_OPTIMIZED);
    settle();
    assertAna(awaitEvent(admin));
  }

  @Test
  void eventsOfTwoKindsDoNotHoldEachOtherUp() throws Exception {
    var admin = admin();
    enableEvents(admin);
    var first = awaitEvent(admin);
    var second = awaitEvent(admin);
    subsystem.anaState(AnaState.INACCESSIBLE);
    assertAna(first);
    device.grow(4096);
    assertResized(second);
    var third = awaitEvent(admin);
    subsystem.anaState(AnaState.OPTIMIZED);
    admin.logPage(LogPage.CHANGED_NAMESPACES, 0, 0, 4096);
    settle();
    assertFalse(third.answered.isDone(), "another page was read");
    admin.logPage(LogPage.ANA, 0, 0, 64);
    assertAna(third);
  }

  @Test
  void onlyWhatTheHostAskedForIsSent() throws Exception {
    var admin = admin();
    assertEquals(0, admin.setFeature(Feature.ASYNC_EVENTS, IdentifyController.EVENT_ANA).status());
    var event = awaitEvent(admin);
    device.grow(4096);
    settle();
    assertFalse(event.answered.isDone());
    subsystem.anaState(AnaState.NON_OPTIMIZED);
    assertAna(event);
  }

  @Test
  void moreRequestsThanStatedAreRefused() {
    var admin = admin();
    var waiting = new ArrayList<TestHost.Command>();
    for (int i = 0; i < IdentifyController.MAX_ASYNC_EVENTS; i++) waiting.add(awaitEvent(admin));
    var tooMany = TestReactors.await(awaitEvent(admin).answered);
    assertEquals(NvmeStatus.ASYNC_EVENT_LIMIT, code(tooMany));
    for (var one : waiting) assertFalse(one.answered.isDone());
    admin.close();
    for (var one : waiting) {
      assertEquals(NvmeStatus.ABORTED_SQ_DELETION, code(TestReactors.await(one.answered)));
    }
  }
}
