package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceSlot;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Transport;
import io.tenon.nvme.TransportType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogPagesTest extends TargetFixture {
  private static final int RETAIN = 1 << 15;
  private static final int GROUPS_ONLY = 1 << 8;

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

  @Test
  void theAnaLogListsNamespacesUnlessOnlyGroupsAreWanted() throws Exception {
    var admin = admin();
    subsystem.anaState(AnaState.NON_OPTIMIZED);
    var whole = admin.logPage(LogPage.ANA, 0, 0, 64);
    assertEquals(0, whole.status());
    assertEquals(1, Memory.getLong(whole.data), "changes");
    assertEquals(1, Memory.getU16(whole.data + 8), "groups");
    assertEquals(1, Memory.getInt(whole.data + 16), "group");
    assertEquals(1, Memory.getInt(whole.data + 20), "namespaces");
    assertEquals(AnaState.NON_OPTIMIZED.code(), Memory.getU8(whole.data + 32));
    assertEquals(1, Memory.getInt(whole.data + 48), "namespace");
    var groups = admin.logPage(LogPage.ANA, GROUPS_ONLY, 0, 64);
    assertEquals(1, Memory.getU16(groups.data + 8));
    assertEquals(1, Memory.getInt(groups.data + 16));
    assertEquals(0, Memory.getInt(groups.data + 20));
    assertEquals(AnaState.NON_OPTIMIZED.code(), Memory.getU8(groups.data + 32));
    assertEquals(0, Memory.getInt(groups.data + 48));
  }

  @Test
  void theDiscoveryLogReadInPiecesIsOneOfOneGeneration() throws Exception {
    var host = new TestHost(target, reactors.get(0));
    target.addTransport(new Listening(8420));
    target.addTransport(new Listening(8421));
    TestHost.enable(host, DiscoveryLog.NQN);
    var head = host.logPage(LogPage.DISCOVERY, RETAIN, 0, 1024);
    long generation = Memory.getLong(head.data);
    assertEquals(2, Memory.getLong(head.data + 8));
    assertEquals(8420, port(host.logPage(LogPage.DISCOVERY, RETAIN, 1024, 1024)));
    target.share(new DeviceSlot(new ScriptedDevice("a"), "scripted:///a"), ShareOptions.anyHost());
    var second = host.logPage(LogPage.DISCOVERY, RETAIN, 2048, 1024);
    assertEquals(8421, port(second));
    assertEquals(subsystem.nqn(), nqn(second), "the page as it was when its head was read");
    var changed = host.logPage(LogPage.DISCOVERY, 0, 0, 1024);
    assertTrue(Memory.getLong(changed.data) > generation);
    assertEquals(4, Memory.getLong(changed.data + 8));
    assertEquals(
        NvmeTarget.NQN_PREFIX + "a", nqn(host.logPage(LogPage.DISCOVERY, RETAIN, 2048, 1024)));
  }

  private static int port(TestHost.Command entry) {
    byte[] text = new byte[4];
    Memory.copy(entry.data + 32, text, 0, text.length);
    return Integer.parseInt(new String(text, StandardCharsets.US_ASCII));
  }

  private static String nqn(TestHost.Command entry) {
    byte[] text = new byte[256];
    Memory.copy(entry.data + 256, text, 0, text.length);
    return new String(text, StandardCharsets.US_ASCII).replace("\0", "");
  }

  /** A transport that only says where it listens. */
  private record Listening(int port) implements Transport {
    @Override
    public TransportType type() {
      return TransportType.TCP;
    }

    @Override
    public String uriScheme() {
      return "nvmf+tcp";
    }

    @Override
    public List<InetSocketAddress> listening() {
      return List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }
  }
}
