package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.Feature;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerTest extends TargetFixture {
  private static final int ENABLED = Property.CC_ENTRY_SIZES | Property.CC_ENABLE;
  private static final int SHUT_DOWN_NORMALLY = 1 << 14;
  private static final int SHUTDOWN_OCCURRING = 1 << 2;
  private static final int SHUTDOWN_STATUS = 3 << 2;

  private TestHost connected() {
    var host = new TestHost(target, reactors.get(0));
    var answer =
        host.connect(subsystem.nqn(), TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 60_000);
    assertEquals(0, answer.status());
    return host;
  }

  private static long awaitStatus(TestHost host, long wanted) {
    long status = host.property(Property.CSTS);
    for (int i = 0; i < 10_000 && status != wanted; i++) status = host.property(Property.CSTS);
    return status;
  }

  // Reset.

  @Test
  void aResetForgetsWhatEventsTheHostWanted() {
    var host = admin();
    enableEvents(host);
    var before = awaitEvent(host);
    host.property(Property.CC, Property.CC_ENTRY_SIZES);
    assertEquals(NvmeStatus.ABORTED_SQ_DELETION, code(TestReactors.await(before.answered)));
    device.grow(4096);
    settle();
    host.property(Property.CC, ENABLED);
    assertEquals(0, host.getFeature(Feature.ASYNC_EVENTS, 0).result());
    assertEquals(0, Memory.getInt(host.logPage(LogPage.CHANGED_NAMESPACES, 0, 0, 4096).data));
    var after = awaitEvent(host);
    device.grow(8192);
    settle();
    assertFalse(after.answered.isDone());
  }

  @Test
  void aResetArmsEventsThatWaitedForTheirPageToBeRead() throws Exception {
    var host = admin();
    enableEvents(host);
    var before = awaitEvent(host);
    subsystem.anaState(AnaState.NON_OPTIMIZED);
    TestReactors.await(before.answered);
    host.property(Property.CC, Property.CC_ENTRY_SIZES);
    host.property(Property.CC, ENABLED);
    enableEvents(host);
    var after = awaitEvent(host);
    subsystem.anaState(AnaState.OPTIMIZED);
    assertEquals(LogPage.ANA, TestReactors.await(after.answered).result() >>> 16);
  }

  @Test
  void aResetSetsFeaturesToTheirDefaults() {
    var host = connected();
    host.property(Property.CC, ENABLED);
    long queues = host.getFeature(Feature.NUMBER_OF_QUEUES, 0).result();
    assertEquals(0, host.setFeature(Feature.TEMPERATURE_THRESHOLD, 300).status());
    assertEquals(0, host.setFeature(Feature.NUMBER_OF_QUEUES, 0).result());
    assertEquals(0, host.setFeature(Feature.KEEP_ALIVE_TIMER, 5_000).status());
    host.property(Property.CC, Property.CC_ENTRY_SIZES);
    host.property(Property.CC, ENABLED);
    assertEquals(343, host.getFeature(Feature.TEMPERATURE_THRESHOLD, 0).result());
    assertEquals(queues, host.getFeature(Feature.NUMBER_OF_QUEUES, 0).result());
    assertEquals(60_000, host.getFeature(Feature.KEEP_ALIVE_TIMER, 0).result());
  }

  @Test
  void aResetIsOverWhenNothingOfTheOldQueuesIsWithTheDevice() {
    var io = ioQueue();
    device.hold();
    var write = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    admin.property(Property.CC, Property.CC_ENTRY_SIZES);
    TestReactors.await(io.disconnected);
    settle();
    assertEquals(Property.CSTS_READY, admin.property(Property.CSTS));
    device.letGo();
    TestReactors.await(write.answered);
    assertEquals(0, awaitStatus(admin, 0));
    admin.property(Property.CC, ENABLED);
    var again = new TestHost(target, reactors.get(1));
    int id = subsystem.controllers().getFirst().id();
    assertEquals(0, again.connect(subsystem.nqn(), TestHost.HOST_NQN, 1, id, 0).status());
  }

  // Shutdown.

  @Test
  void aShutdownIsOverWhenNothingIsWithTheDevice() {
    var io = ioQueue();
    device.hold();
    var write = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    admin.property(Property.CC, ENABLED | SHUT_DOWN_NORMALLY);
    TestReactors.await(io.disconnected);
    settle();
    assertEquals(Property.CSTS_READY | SHUTDOWN_OCCURRING, admin.property(Property.CSTS));
    device.letGo();
    TestReactors.await(write.answered);
    long complete = Property.CSTS_READY | Property.CSTS_SHUTDOWN_COMPLETE;
    assertEquals(complete, awaitStatus(admin, complete));
  }

  @Test
  void aDisabledControllerShutsDownAsWell() {
    var host = connected();
    host.property(Property.CC, Property.CC_ENTRY_SIZES | SHUT_DOWN_NORMALLY);
    assertEquals(Property.CSTS_SHUTDOWN_COMPLETE, host.property(Property.CSTS));
    host.property(Property.CC, ENABLED);
    assertEquals(Property.CSTS_READY, host.property(Property.CSTS));
  }

  @Test
  void aControllerThatWasShutDownNeedsAReset() {
    var host = admin();
    host.property(Property.CC, ENABLED | SHUT_DOWN_NORMALLY);
    host.property(Property.CC, ENABLED);
    assertTrue((host.property(Property.CSTS) & SHUTDOWN_STATUS) != 0);
    assertEquals(
        NvmeStatus.COMMAND_SEQUENCE_ERROR, code(host.getFeature(Feature.TEMPERATURE_THRESHOLD, 0)));
    host.property(Property.CC, Property.CC_ENTRY_SIZES);
    assertEquals(0, host.property(Property.CSTS));
    host.property(Property.CC, ENABLED);
    assertEquals(Property.CSTS_READY, host.property(Property.CSTS));
  }

  // Configuration.

  /** Sizes of entries, of pages, the arbitration and the command set: none that we did not offer. */
  @ParameterizedTest
  @ValueSource(ints = {5 << 16 | 4 << 20, 6 << 16 | 5 << 20, 0})
  void entriesOfAnotherSizeAreAFatalError(int sizes) {
    var host = connected();
    host.property(Property.CC, sizes | Property.CC_ENABLE);
    assertEquals(Property.CSTS_FATAL, host.property(Property.CSTS));
    assertEquals(
        NvmeStatus.COMMAND_SEQUENCE_ERROR, code(host.getFeature(Feature.TEMPERATURE_THRESHOLD, 0)));
    host.property(Property.CC, 0);
    assertEquals(0, host.property(Property.CSTS));
    host.property(Property.CC, ENABLED);
    assertEquals(Property.CSTS_READY, host.property(Property.CSTS));
  }

  @ParameterizedTest
  @ValueSource(ints = {1 << 7, 1 << 11, 1 << 4, 7 << 4})
  void aPageSizeArbitrationOrCommandSetThatWasNotOfferedIsAFatalError(int field) {
    var host = connected();
    host.property(Property.CC, ENABLED | field);
    assertEquals(Property.CSTS_FATAL, host.property(Property.CSTS));
  }

  @Test
  void aDiscoveryControllerHasNoIoQueuesAndMindsNoEntrySizes() {
    var host = new TestHost(target, reactors.get(0));
    host.connect(DiscoveryLog.NQN, TestHost.HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
    host.property(Property.CC, Property.CC_ENABLE);
    assertEquals(Property.CSTS_READY, host.property(Property.CSTS));
  }
}
