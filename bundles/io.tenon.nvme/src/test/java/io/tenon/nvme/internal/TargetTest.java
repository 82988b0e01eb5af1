package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.Cns;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.Feature;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.IdentifyNamespace;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.Origin;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.TargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TargetTest {
  private static final int BLOCKS = 2048;

  private TestReactors reactors;
  private Target target;
  private Subsystem subsystem;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    target = new Target("", 4, "1.2.3");
    subsystem = target.share(device("d1"), ShareOptions.anyHost());
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
    reactors.close();
    assertEquals(List.of(), TestHost.wrong);
  }

  private static DeviceSlot device(String name) throws Exception {
    String uri = "malloc:///" + name + "?num_blocks=" + BLOCKS;
    return new DeviceSlot(new MallocProvider().open(DeviceUri.parse(uri)), uri);
  }

  private TestHost admin() {
    var host = new TestHost(target, reactors.get(0));
    TestHost.enable(host, subsystem.nqn());
    return host;
  }

  /** An I/O queue on another reactor than its admin queue. */
  private TestHost ioQueue() {
    var admin = new TestHost(target, reactors.get(0));
    int controller = TestHost.enable(admin, subsystem.nqn());
    var io = new TestHost(target, reactors.get(1));
    assertEquals(0, io.connect(subsystem.nqn(), TestHost.HOST_NQN, 1, controller, 0).status());
    return io;
  }

  private static int code(TestHost.Command command) {
    return NvmeStatus.code(command.status());
  }

  @Test
  void aHostReadsWhoItTalksTo() {
    var admin = admin();
    var identified =
        admin.call(Opcode.IDENTIFY, 4096, sqe -> Memory.putByte(sqe + Sqe.CDW10, Cns.CONTROLLER));
    assertEquals("Mayastor NVMe controller", IdentifyController.model(identified.data));
    assertEquals(subsystem.serial(), IdentifyController.serial(identified.data));
    assertTrue(subsystem.serial().matches("DCS[0-9A-F]{17}"));
    assertEquals(131_072, IdentifyController.maxTransferBytes(identified.data));
    var namespace = admin.call(Opcode.IDENTIFY, 4096, sqe -> Memory.putInt(sqe + Sqe.NSID, 1));
    assertEquals(BLOCKS, IdentifyNamespace.blocks(namespace.data));
    assertEquals(9, IdentifyNamespace.blockShift(namespace.data));
    assertEquals(subsystem.namespaceUuid(), IdentifyNamespace.nguid(namespace.data));
  }

  @Test
  void whatWasWrittenIsRead() {
    var io = ioQueue();
    var write = io.io(Opcode.WRITE, 7, 8, 0);
    for (int i = 0; i < 4096; i += 8) Memory.putLong(write.data + i, i * 31L);
    assertEquals(0, io.call(write).status());
    var read = io.call(io.io(Opcode.READ, 7, 8, 0));
    assertEquals(0, read.status());
    io.close();
    assertEquals(-1, Memory.mismatch(write.data, read.data, 4096));
  }

  @Test
  void whatDoesNotFitIsRefusedForGood() {
    var io = ioQueue();
    var beyond = io.call(io.io(Opcode.READ, BLOCKS - 1, 2, 0));
    assertEquals(NvmeStatus.LBA_OUT_OF_RANGE | NvmeStatus.DO_NOT_RETRY, beyond.status());
    var negative = io.call(io.io(Opcode.WRITE, -1, 1, 0));
    assertEquals(NvmeStatus.LBA_OUT_OF_RANGE, code(negative));
    var large = io.call(io.io(Opcode.READ, 0, 512, 0));
    assertEquals(NvmeStatus.INVALID_FIELD, code(large));
    var unknown = io.call(io.io(0x0C, 0, 1, 0));
    assertEquals(NvmeStatus.INVALID_OPCODE, code(unknown));
    var elsewhere = io.io(Opcode.READ, 0, 1, 0);
    Memory.putInt(elsewhere.sqe() + Sqe.NSID, 2);
    assertEquals(NvmeStatus.INVALID_NAMESPACE, code(io.call(elsewhere)));
  }

  @Test
  void comparedAndWrittenTogetherOrNotAtAll() {
    var io = ioQueue();
    var wrong = List.of(io.io(Opcode.COMPARE, 3, 1, 1), io.io(Opcode.WRITE, 3, 1, 2));
    Memory.putLong(wrong.get(0).data, 5);
    Memory.putLong(wrong.get(1).data, 6);
    for (var command : io.sendAll(wrong)) TestReactors.await(command.answered);
    assertEquals(NvmeStatus.COMPARE_FAILURE, code(wrong.get(0)));
    assertEquals(NvmeStatus.ABORTED_FAILED_FUSED, code(wrong.get(1)));
    var right = List.of(io.io(Opcode.COMPARE, 3, 1, 1), io.io(Opcode.WRITE, 3, 1, 2));
    Memory.putLong(right.get(1).data, 7);
    for (var command : io.sendAll(right)) TestReactors.await(command.answered);
    assertEquals(0, right.get(0).status() | right.get(1).status());
    var compared = io.io(Opcode.COMPARE, 3, 1, 0);
    Memory.putLong(compared.data, 7);
    assertEquals(0, io.call(compared).status());
  }

  @Test
  void aFirstHalfWithoutItsSecondIsAborted() {
    var io = ioQueue();
    var first = io.send(io.io(Opcode.COMPARE, 3, 1, 1));
    assertEquals(0, io.call(io.io(Opcode.READ, 0, 1, 0)).status());
    assertEquals(NvmeStatus.ABORTED_MISSING_FUSED, code(TestReactors.await(first.answered)));
    assertEquals(NvmeStatus.ABORTED_MISSING_FUSED, code(io.call(io.io(Opcode.WRITE, 3, 1, 2))));
  }

  @Test
  void onlyListedHostsGetIn() throws Exception {
    var options = new ShareOptions(Set.of("nqn.2014-08.org.example:a"), 1, 2, false, Origin.DEVICE);
    var closed = target.share(device("d2"), options);
    var stranger = new TestHost(target, reactors.get(0));
    var refused =
        stranger.connect(closed.nqn(), TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
    assertEquals(NvmeStatus.CONNECT_INVALID_HOST, code(refused));
    var friend = new TestHost(target, reactors.get(0));
    var let =
        friend.connect(
            closed.nqn(), "nqn.2014-08.org.example:a", 0, ConnectData.DYNAMIC_CONTROLLER, 0);
    assertEquals(0, let.status());
    closed.hosts(Set.of("nqn.2014-08.org.example:b"));
    assertTrue(TestReactors.await(friend.disconnected).contains("not allowed"));
  }

  @Test
  void anUnknownSubsystemIsNamedAsTheFault() {
    var host = new TestHost(target, reactors.get(0));
    var refused =
        host.connect(
            "nqn.2019-05.io.openebs:nosuch",
            TestHost.HOST_NQN,
            0,
            ConnectData.DYNAMIC_CONTROLLER,
            0);
    assertEquals(NvmeStatus.CONNECT_INVALID_PARAMETERS, code(refused));
    assertEquals(1 << 16 | ConnectData.SUBNQN, refused.result());
  }

  @Test
  void controllerIdsStayInTheirRangeAndComeBack() throws Exception {
    var options = new ShareOptions(Set.of(), 5, 6, false, Origin.DEVICE);
    var narrow = target.share(device("d3"), options);
    var hosts = new ArrayList<TestHost>();
    for (int i = 0; i < 3; i++) hosts.add(new TestHost(target, reactors.get(0)));
    assertEquals(5, TestHost.enable(hosts.get(0), narrow.nqn()));
    assertEquals(6, TestHost.enable(hosts.get(1), narrow.nqn()));
    var full =
        hosts.get(2).connect(narrow.nqn(), TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
    assertEquals(NvmeStatus.CONNECT_CONTROLLER_BUSY, code(full));
    hosts.get(0).close();
    assertEquals(5, TestHost.enable(hosts.get(2), narrow.nqn()));
    assertThrows(TargetException.class, () -> target.share(device("d3"), options));
  }

  @Test
  void aSilentHostIsDisconnected() {
    var host = new TestHost(target, reactors.get(0));
    host.connect(subsystem.nqn(), TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 900);
    host.property(Property.CC, Property.CC_ENTRY_SIZES | Property.CC_ENABLE);
    assertTrue(TestReactors.await(host.disconnected).contains("keep-alive"));
  }

  @Test
  void ioQueuesDieWithTheirAdminQueue() {
    var admin = new TestHost(target, reactors.get(0));
    int controller = TestHost.enable(admin, subsystem.nqn());
    var io = new TestHost(target, reactors.get(1));
    io.connect(subsystem.nqn(), TestHost.HOST_NQN, 1, controller, 0);
    var twin = new TestHost(target, reactors.get(1));
    var refused = twin.connect(subsystem.nqn(), TestHost.HOST_NQN, 1, controller, 0);
    assertEquals(NvmeStatus.CONNECT_INVALID_PARAMETERS, code(refused));
    assertEquals(1, subsystem.controllers().size());
    admin.close();
    assertTrue(TestReactors.await(io.disconnected).contains("admin queue"));
  }

  @Test
  void aPausedSubsystemKeepsWhatComesAndAnswersLater() {
    var io = ioQueue();
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var parked = io.send(io.io(Opcode.FLUSH, 0, 1, 0));
    assertFalse(parked.answered.isDone());
    subsystem.resume();
    assertEquals(0, TestReactors.await(parked.answered).status());
  }

  @Test
  void discoveryListsWhatThereIsAndTellsOfChanges() throws Exception {
    var host = new TestHost(target, reactors.get(0));
    TestHost.enable(host, DiscoveryLog.NQN);
    host.call(
        Opcode.SET_FEATURES,
        0,
        sqe -> {
          Memory.putByte(sqe + Sqe.CDW10, Feature.ASYNC_EVENTS);
          Memory.putInt(sqe + Sqe.CDW11, IdentifyController.EVENT_DISCOVERY);
        });
    var event = host.send(host.command(Opcode.ASYNC_EVENT_REQUEST, 0, _ -> {}));
    assertFalse(event.answered.isDone());
    target.share(device("d4"), ShareOptions.anyHost());
    assertEquals(LogPage.DISCOVERY, TestReactors.await(event.answered).result() >>> 16);
  }
}
