package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import org.junit.jupiter.api.Test;

class LogPagesTest extends TargetFixture {
  private static final int RETAIN = 1 << 15;

  private int changedNamespace(TestHost admin, int options) {
    var page = admin.logPage(LogPage.CHANGED_NAMESPACES, options, 0, 4096);
    assertEquals(0, page.status());
    return Memory.getInt(page.data);
  }

  @Test
  void changedNamespacesStayListedUntilTheyAreReadForGood() {
    var admin = admin();
    enableEvents(admin);
    var first = awaitEvent(admin);
    device.grow(4096);
    assertEquals(LogPage.CHANGED_NAMESPACES, TestReactors.await(first.answered).result() >>> 16);
    assertEquals(1, changedNamespace(admin, RETAIN));
    assertEquals(1, changedNamespace(admin, RETAIN), "a retaining read changes nothing");
    var beyond = admin.logPage(LogPage.CHANGED_NAMESPACES, 0, 8192, 4096);
    assertEquals(NvmeStatus.INVALID_FIELD, code(beyond));
    assertEquals(1, changedNamespace(admin, 0), "a refused read changes nothing");
    assertEquals(0, changedNamespace(admin, 0));
  }

  @Test
  void anEventIsArmedAgainOnlyByAReadThatDoesNotRetainIt() {
    var admin = admin();
    enableEvents(admin);
    var first = awaitEvent(admin);
    device.grow(4096);
    TestReactors.await(first.answered);
    var second = awaitEvent(admin);
    device.grow(8192);
    changedNamespace(admin, RETAIN);
    settle();
    assertFalse(second.answered.isDone());
    assertEquals(1, changedNamespace(admin, 0));
    assertEquals(LogPage.CHANGED_NAMESPACES, TestReactors.await(second.answered).result() >>> 16);
  }

  @Test
  void smartCountsWhatWentThroughAllQueues() {
    var io = ioQueue();
    for (int i = 0; i < 3; i++) assertEquals(0, io.call(io.io(Opcode.READ, 0, 8, 0)).status());
    assertEquals(0, io.call(io.io(Opcode.WRITE, 0, 16, 0)).status());
    assertEquals(NvmeStatus.LBA_OUT_OF_RANGE, code(io.call(io.io(Opcode.READ, 2048, 1, 0))));
    settle();
    var page = admin.logPage(LogPage.SMART, 0, 0, 512);
    assertEquals(0, page.status());
    assertEquals(0, Memory.getU8(page.data), "no warning");
    assertEquals(298, Memory.getU16(page.data + 1));
    assertEquals(1, Memory.getLong(page.data + 32), "24 blocks read, in thousands, rounded up");
    assertEquals(1, Memory.getLong(page.data + 48));
    assertEquals(3, Memory.getLong(page.data + 64));
    assertEquals(1, Memory.getLong(page.data + 80));
    assertEquals(1, Memory.getLong(page.data + 176));
  }

  @Test
  void smartStillCountsAQueueThatHasGone() {
    var io = ioQueue();
    assertEquals(0, io.call(io.io(Opcode.READ, 0, 8, 0)).status());
    io.close();
    settle();
    assertEquals(1, Memory.getLong(admin.logPage(LogPage.SMART, 0, 0, 512).data + 64));
  }

  @Test
  void aPageThatIsNotThereIsNamedSo() {
    var admin = admin();
    var unknown = admin.logPage(0xC0, 0, 0, 512);
    assertEquals(NvmeStatus.INVALID_LOG_PAGE | NvmeStatus.DO_NOT_RETRY, unknown.status());
    assertEquals(NvmeStatus.INVALID_FIELD, code(admin.logPage(LogPage.SMART, 0, 2, 512)));
    assertTrue(code(admin.logPage(LogPage.SMART, 0, 512, 512)) == 0);
  }
}
