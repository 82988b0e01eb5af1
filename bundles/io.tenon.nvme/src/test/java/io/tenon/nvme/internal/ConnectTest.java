package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoOperation;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import io.tenon.nvme.Sqe;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectTest extends TargetFixture {
  /** IATTR: the offset that follows is into the data, not the entry. */
  private static final int IN_DATA = 1 << 16;

  private TestHost.Command connectAdmin(Consumer<TestHost.Command> change) {
    var host = new TestHost(target, reactors.get(0));
    var command =
        host.connectCommand(
            subsystem.nqn(), TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
    change.accept(command);
    return host.call(command);
  }

  private TestHost.Command connectIo(int id, Consumer<TestHost.Command> change) {
    var host = new TestHost(target, reactors.get(1));
    var command = host.connectCommand(subsystem.nqn(), TestHost.HOST_NQN, 1, id, 0);
    change.accept(command);
    return host.call(command);
  }

  private static void assertInvalid(long parameter, TestHost.Command answer) {
    assertEquals(NvmeStatus.CONNECT_INVALID_PARAMETERS | NvmeStatus.DO_NOT_RETRY, answer.status());
    assertEquals(parameter, answer.result());
  }

  @Test
  void anUnknownRecordFormatIsRefused() {
    var answer = connectAdmin(it -> Memory.putShort(it.sqe() + ConnectData.RECFMT, 1));
    assertEquals(NvmeStatus.CONNECT_INCOMPATIBLE_FORMAT, code(answer));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 32, 0xFFFF})
  void anAdminQueueHasTwoEntriesToItsDepth(int size) {
    assertInvalid(
        ConnectData.SQSIZE,
        connectAdmin(it -> Memory.putShort(it.sqe() + ConnectData.SQSIZE, size)));
  }

  @Test
  void aControllerIsNotChosenByItsHost() {
    assertInvalid(
        IN_DATA | ConnectData.CNTLID,
        connectAdmin(it -> Memory.putShort(it.data + ConnectData.CNTLID, 7)));
  }

  @ParameterizedTest
  @CsvSource({"host", "NQN.2014-08.org.example", "' '"})
  void aHostHasAnNqnOrNone(String name) {
    assertInvalid(
        IN_DATA | ConnectData.HOSTNQN,
        connectAdmin(
            it ->
                new ConnectData(
                        TestHost.HOST_ID, ConnectData.DYNAMIC_CONTROLLER, subsystem.nqn(), name)
                    .write(it.data)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 128, 0xFFFF})
  void anIoQueueHasTwoEntriesToItsDepth(int size) {
    admin = new TestHost(target, reactors.get(0));
    int id = TestHost.enable(admin, subsystem.nqn());
    assertInvalid(
        ConnectData.SQSIZE,
        connectIo(id, it -> Memory.putShort(it.sqe() + ConnectData.SQSIZE, size)));
  }

  @Test
  void anIoQueueBelongsToItsHostAndItsController() {
    admin = new TestHost(target, reactors.get(0));
    int id = TestHost.enable(admin, subsystem.nqn());
    assertInvalid(IN_DATA | ConnectData.CNTLID, connectIo(id + 1, _ -> {}));
    assertInvalid(
        ConnectData.QID, connectIo(id, it -> Memory.putShort(it.sqe() + ConnectData.QID, 99)));
    var another = connectIo(id, it -> Memory.putByte(it.data + ConnectData.HOSTID, 77));
    assertEquals(NvmeStatus.CONNECT_INVALID_HOST, code(another));
    var named =
        connectIo(
            id,
            it ->
                new ConnectData(TestHost.HOST_ID, id, subsystem.nqn(), "nqn.2014-08.org.example")
                    .write(it.data));
    assertEquals(NvmeStatus.CONNECT_INVALID_HOST, code(named));
    assertEquals(0, connectIo(id, _ -> {}).status());
  }

  @Test
  void aHostComesBackWhenTheDeviceHasAnsweredWhatItHadSentBefore() {
    var io = ioQueue();
    device.hold();
    var late = io.send(io.io(Opcode.WRITE, 0, 8, 0));
    settle();
    assertTrue(device.arrived.contains(IoOperation.WRITE));
    io.close();
    admin.close();
    settle();
    assertEquals(NvmeStatus.CONNECT_CONTROLLER_BUSY, connectAs(TestHost.HOST_NQN).status());
    assertEquals(0, connectAs("nqn.2014-08.org.example:other").status());

    device.letGo();
    settle();
    assertTrue(late.answered.isDone());
    assertEquals(0, connectAs(TestHost.HOST_NQN).status());
  }

  private TestHost.Command connectAs(String hostNqn) {
    var host = new TestHost(target, reactors.get(0));
    return host.connect(subsystem.nqn(), hostNqn, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
  }

  @Test
  void aDiscoveryControllerHasNoIoQueues() {
    var host = new TestHost(target, reactors.get(0));
    int id = TestHost.enable(host, DiscoveryLog.NQN);
    var io = new TestHost(target, reactors.get(1));
    var answer = io.connect(DiscoveryLog.NQN, TestHost.HOST_NQN, 1, id, 0);
    assertInvalid(IN_DATA | ConnectData.SUBNQN, answer);
  }

  @Test
  void anIoQueueWaitsForItsControllerToBeEnabled() {
    var host = new TestHost(target, reactors.get(0));
    var connected =
        host.connect(subsystem.nqn(), TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
    int id = (int) connected.result();
    assertEquals(NvmeStatus.COMMAND_SEQUENCE_ERROR, code(connectIo(id, _ -> {})));
    host.property(Property.CC, Property.CC_ENTRY_SIZES | Property.CC_ENABLE);
    assertEquals(0, connectIo(id, _ -> {}).status());
  }

  @Test
  void nothingButConnectComesFirstAndItComesOnce() {
    var host = new TestHost(target, reactors.get(0));
    var early = host.call(Opcode.IDENTIFY, 4096, _ -> {});
    assertEquals(NvmeStatus.COMMAND_SEQUENCE_ERROR, code(early));
    TestHost.enable(host, subsystem.nqn());
    var again =
        host.connect(subsystem.nqn(), TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
    assertEquals(NvmeStatus.COMMAND_SEQUENCE_ERROR, code(again));
  }

  @Test
  void aConnectionThatIsLostWhileItsQueueIsAttachedLeavesNothingBehind() {
    admin = new TestHost(target, reactors.get(0));
    int id = TestHost.enable(admin, subsystem.nqn());
    for (int round = 0; round < 50; round++) {
      var io = new TestHost(target, reactors.get(1));
      var connect = io.send(io.connectCommand(subsystem.nqn(), TestHost.HOST_NQN, 1, id, 0));
      io.close();
      TestReactors.await(connect.answered);
      settle();
      assertEquals(0, subsystem.controllers().getFirst().queues());
    }
    assertEquals(0, connectIo(id, _ -> {}).status());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whateverConnectSaysIsAnswered(long seed) {
    var random = new SplittableRandom(seed);
    admin = new TestHost(target, reactors.get(0));
    int id = TestHost.enable(admin, subsystem.nqn());
    for (int i = 0; i < 200; i++) {
      boolean io = random.nextBoolean();
      var host = new TestHost(target, reactors.get(io ? 1 : 0));
      var command =
          host.connectCommand(
              subsystem.nqn(),
              TestHost.HOST_NQN,
              io ? random.nextInt(10) : 0,
              io ? id : ConnectData.DYNAMIC_CONTROLLER,
              0);
      for (int flips = random.nextInt(4); flips > 0; flips--) {
        boolean entry = random.nextBoolean();
        long at = entry ? command.sqe() + Sqe.CDW10 + random.nextInt(24) : command.data;
        Memory.putByte(entry ? at : at + random.nextInt(1024), random.nextInt(256));
      }
      host.call(command);
      host.close();
    }
    settle();
    assertEquals(1, subsystem.controllers().size());
    assertEquals(0, subsystem.controllers().getFirst().queues());
    admin.close();
    settle();
    assertEquals(List.of(), subsystem.controllers());
  }
}
