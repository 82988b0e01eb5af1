package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.linux.Memory;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.Feature;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeaturesTest extends TargetFixture {
  private static final int CURRENT = 0;
  private static final int DEFAULT = 1;
  private static final int SAVED = 2;
  private static final int SUPPORTED = 3;
  private static final int CHANGEABLE = 1 << 2;
  private static final int SAVE = 1 << 31;

  @Test
  void theNumberOfQueuesIsAgreedBeforeTheFirst() {
    ioQueue();
    var late = admin.setFeature(Feature.NUMBER_OF_QUEUES, 1 | 1 << 16);
    assertEquals(NvmeStatus.COMMAND_SEQUENCE_ERROR, code(late));
  }

  @Test
  void aQueueBeyondTheAgreedNumberIsRefused() {
    admin = new TestHost(target, reactors.get(0));
    int id = TestHost.enable(admin, subsystem.nqn());
    assertEquals(1 | 1 << 16, admin.setFeature(Feature.NUMBER_OF_QUEUES, 1 | 1 << 16).result());
    var third = new TestHost(target, reactors.get(1));
    var refused = third.connect(subsystem.nqn(), TestHost.HOST_NQN, 3, id, 0);
    assertEquals(NvmeStatus.CONNECT_INVALID_PARAMETERS, code(refused));
    assertEquals(ConnectData.QID, refused.result());
    var second = new TestHost(target, reactors.get(1));
    assertEquals(0, second.connect(subsystem.nqn(), TestHost.HOST_NQN, 2, id, 0).status());
  }

  @Test
  void aHostThatAsksForMoreQueuesThanThereAreGetsWhatThereIs() {
    var host = admin();
    int most = TestHost.LIMITS.maxQueues() - 2;
    long granted = host.setFeature(Feature.NUMBER_OF_QUEUES, 99 | 3 << 16).result();
    assertEquals(3 | 3 << 16, granted);
    granted = host.setFeature(Feature.NUMBER_OF_QUEUES, 99 | 99 << 16).result();
    assertEquals(most | most << 16, granted);
    assertEquals(granted, host.getFeature(Feature.NUMBER_OF_QUEUES, CURRENT).result());
    assertEquals(NvmeStatus.INVALID_FIELD, code(host.setFeature(Feature.NUMBER_OF_QUEUES, 0xFFFF)));
  }

  @Test
  void theCurrentDefaultAndSavedValuesAreToldApart() {
    var host = admin();
    assertEquals(0, host.setFeature(Feature.TEMPERATURE_THRESHOLD, 300).status());
    assertEquals(300, host.getFeature(Feature.TEMPERATURE_THRESHOLD, CURRENT).result());
    assertEquals(343, host.getFeature(Feature.TEMPERATURE_THRESHOLD, DEFAULT).result());
    assertEquals(343, host.getFeature(Feature.TEMPERATURE_THRESHOLD, SAVED).result());
    enableEvents(host);
    assertEquals(0, host.getFeature(Feature.ASYNC_EVENTS, DEFAULT).result());
    assertEquals(0, host.setFeature(Feature.KEEP_ALIVE_TIMER, 5_000).status());
    assertEquals(5_000, host.getFeature(Feature.KEEP_ALIVE_TIMER, CURRENT).result());
    assertEquals(0, host.getFeature(Feature.KEEP_ALIVE_TIMER, DEFAULT).result(), "as in Connect");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        Feature.ARBITRATION,
        Feature.POWER_MANAGEMENT,
        Feature.TEMPERATURE_THRESHOLD,
        Feature.ERROR_RECOVERY,
        Feature.VOLATILE_WRITE_CACHE,
        Feature.NUMBER_OF_QUEUES,
        Feature.WRITE_ATOMICITY,
        Feature.ASYNC_EVENTS,
        Feature.KEEP_ALIVE_TIMER
      })
  void whatCanBeChangedSaysSoAndCannotBeSaved(int id) {
    var host = admin();
    assertEquals(CHANGEABLE, host.getFeature(id, SUPPORTED).result());
    var saved = host.call(Opcode.SET_FEATURES, 0, sqe -> Memory.putInt(sqe + Sqe.CDW10, id | SAVE));
    assertEquals(NvmeStatus.FEATURE_NOT_SAVEABLE, code(saved));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 6, 7})
  void aReservedSelectionIsRefused(int select) {
    assertEquals(
        NvmeStatus.INVALID_FIELD, code(admin().getFeature(Feature.TEMPERATURE_THRESHOLD, select)));
  }

  @ParameterizedTest
  @ValueSource(ints = {CURRENT, DEFAULT, SAVED, SUPPORTED})
  void aFeatureThatIsNotThereIsRefused(int select) {
    assertEquals(NvmeStatus.INVALID_FIELD, code(admin().getFeature(0x7D, select)));
  }

  @Test
  void thereIsOnePowerState() {
    assertEquals(NvmeStatus.INVALID_FIELD, code(admin().setFeature(Feature.POWER_MANAGEMENT, 1)));
  }

  @Test
  void theHostIdIsWhatConnectSaidAndStays() {
    var host = admin();
    var read =
        host.call(Opcode.GET_FEATURES, 16, sqe -> Memory.putInt(sqe + Sqe.CDW10, Feature.HOST_ID));
    assertEquals(0, read.status());
    assertEquals(TestHost.HOST_ID.getMostSignificantBits(), big(read.data));
    assertEquals(TestHost.HOST_ID.getLeastSignificantBits(), big(read.data + 8));
    assertEquals(0, host.getFeature(Feature.HOST_ID, SUPPORTED).result());
    assertEquals(NvmeStatus.COMMAND_SEQUENCE_ERROR, code(host.setFeature(Feature.HOST_ID, 0)));
  }

  private static long big(long address) {
    return Long.reverseBytes(Memory.getLong(address));
  }

  @Test
  void hostBehaviorIsReadBackAsItWasSet() {
    var host = admin();
    var set =
        host.command(
            Opcode.SET_FEATURES, 512, sqe -> Memory.putInt(sqe + Sqe.CDW10, Feature.HOST_BEHAVIOR));
    Memory.putByte(set.data, 1);
    assertEquals(0, host.call(set).status());
    assertEquals(1, hostBehavior(host, CURRENT));
    assertEquals(0, hostBehavior(host, DEFAULT));
    assertEquals(CHANGEABLE, host.getFeature(Feature.HOST_BEHAVIOR, SUPPORTED).result());
  }

  private static int hostBehavior(TestHost host, int select) {
    var read =
        host.call(
            Opcode.GET_FEATURES,
            512,
            sqe -> Memory.putInt(sqe + Sqe.CDW10, Feature.HOST_BEHAVIOR | select << 8));
    assertEquals(0, read.status());
    return Memory.getU8(read.data);
  }

  @Test
  void aDiscoveryControllerHasTwoFeatures() {
    var host = new TestHost(target, reactors.get(0));
    TestHost.enable(host, DiscoveryLog.NQN);
    assertEquals(0, host.getFeature(Feature.KEEP_ALIVE_TIMER, CURRENT).status());
    assertEquals(0, host.getFeature(Feature.ASYNC_EVENTS, CURRENT).status());
    assertEquals(
        NvmeStatus.INVALID_FIELD, code(host.getFeature(Feature.NUMBER_OF_QUEUES, CURRENT)));
  }
}
