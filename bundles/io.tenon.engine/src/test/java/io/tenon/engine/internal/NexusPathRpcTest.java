package io.tenon.engine.internal;

import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INTERNAL;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.GetNvmeAnaStateRequest;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.Nexus;
import io.tenon.engine.api.NvmeAnaState;
import io.tenon.engine.api.PublishNexusRequest;
import io.tenon.engine.api.ResizeNexusRequest;
import io.tenon.engine.api.SetNvmeAnaStateRequest;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.ShutdownNexusRequest;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeTarget;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What hosts see of a nexus: ANA state and size. */
class NexusPathRpcTest {
  private static final String VOLUME = "0d7f9a3e-1111-4222-8333-444455556666";
  private static final String UUID = "abcdef01-2222-4333-8444-555555555501";
  private static final String UNKNOWN = "abcdef01-2222-4333-8444-5555555555ff";
  private static final long MIB = 1 << 20;

  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    var _ =
        node.nexus()
            .createNexus(
                CreateNexusRequest.newBuilder()
                    .setName(VOLUME)
                    .setUuid(UUID)
                    .setSize(8 * MIB)
                    .setMinCntlId(1)
                    .setMaxCntlId(2)
                    .addChildren("malloc:///a?size_mb=16")
                    .addChildren("malloc:///b?size_mb=32")
                    .build());
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private void publish() {
    var _ =
        node.nexus()
            .publishNexus(
                PublishNexusRequest.newBuilder()
                    .setUuid(UUID)
                    .setShare(ShareProtocol.NVMF)
                    .build());
  }

  private void shutdown() {
    var _ = node.nexus().shutdownNexus(ShutdownNexusRequest.newBuilder().setUuid(UUID).build());
  }

  private NvmeAnaState get(String uuid) {
    return node.nexus()
        .getNvmeAnaState(GetNvmeAnaStateRequest.newBuilder().setUuid(uuid).build())
        .getAnaState();
  }

  private Nexus set(String uuid, int state) {
    return node.nexus()
        .setNvmeAnaState(
            SetNvmeAnaStateRequest.newBuilder().setUuid(uuid).setAnaStateValue(state).build())
        .getNexus();
  }

  private Nexus resize(String uuid, long bytes) {
    return node.nexus()
        .resizeNexus(ResizeNexusRequest.newBuilder().setUuid(uuid).setRequestedSize(bytes).build())
        .getNexus();
  }

  private Nexus listed() {
    return node.nexus().listNexus(ListNexusOptions.getDefaultInstance()).getNexusList(0);
  }

  private NvmeTarget.Subsystem subsystem() {
    return node.target().find(NvmeTarget.NQN_PREFIX + VOLUME).orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"1, OPTIMIZED", "2, NON_OPTIMIZED", "3, INACCESSIBLE"})
  void theAnaStateOfAPublishedNexusIsReadAndChanged(int value, AnaState state) {
    publish();
    assertEquals(NvmeAnaState.NVME_ANA_OPTIMIZED_STATE, get(UUID));
    assertEquals(value, set(UUID, value).getAnaStateValue());
    assertEquals(value, get(UUID).getNumber());
    assertEquals(value, listed().getAnaStateValue());
    assertEquals(state, subsystem().anaState());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 15, 5, 99, -1, Integer.MAX_VALUE})
  void otherAnaStatesAreRefusedAndChangeNothing(int value) {
    publish();
    refused(INTERNAL, String.valueOf(value), () -> set(UUID, value));
    assertEquals(NvmeAnaState.NVME_ANA_OPTIMIZED_STATE, get(UUID));
  }

  @Test
  void aNexusThatIsNotPublishedHasNoAnaState() {
    refused(INVALID_ARGUMENT, "not published", () -> get(UUID));
    refused(INVALID_ARGUMENT, "not published", () -> set(UUID, 1));
    assertEquals(NvmeAnaState.NVME_ANA_INVALID_STATE, listed().getAnaState());
  }

  @ParameterizedTest
  @CsvSource({
    UNKNOWN + ", NOT_FOUND",
    "'', INVALID_ARGUMENT",
    "no-uuid, INVALID_ARGUMENT",
  })
  void aNexusThatIsNoneIsRefused(String uuid, Status.Code code) {
    refused(code, () -> get(uuid));
    refused(code, () -> set(uuid, 1));
    refused(code, () -> resize(uuid, 10 * MIB));
  }

  @Test
  void afterShutdownNothingOfItChanges() {
    publish();
    shutdown();
    refused(FAILED_PRECONDITION, () -> set(UUID, 2));
    refused(FAILED_PRECONDITION, () -> resize(UUID, 10 * MIB));
  }

  @Test
  void aNexusGrowsAndSaysSo() {
    publish();
    assertEquals(10 * MIB, resize(UUID, 10 * MIB).getSize());
    assertEquals(10 * MIB, listed().getSize());
    assertEquals(10 * MIB / 512 - 1, subsystem().device().geometry().blockCount());
    assertEquals(10 * MIB, resize(UUID, 10 * MIB).getSize());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 4096, 8 * MIB - 1, -1, Long.MIN_VALUE})
  void itDoesNotShrink(long bytes) {
    refused(FAILED_PRECONDITION, Long.toUnsignedString(bytes), () -> resize(UUID, bytes));
    assertEquals(8 * MIB, listed().getSize());
  }

  @Test
  void withoutRoomOnAChildItStaysAsItIs() {
    assertEquals(Long.MAX_VALUE, resize(UUID, Long.MAX_VALUE).getSize());
    long most = 16 * MIB / 512 - 10240 - 34;
    assertEquals(most, node.devices().find(VOLUME).orElseThrow().geometry().blockCount());
    refused(FAILED_PRECONDITION, "malloc:///a?size_mb=16", () -> resize(UUID, Long.MAX_VALUE - 1));
    assertEquals(most, node.devices().find(VOLUME).orElseThrow().geometry().blockCount());
  }

  @Test
  void namesInRefusalsAreWholeSentences() {
    assertEquals(
        "Nexus " + VOLUME + " has no ANA state: it is not published.",
        refused(INVALID_ARGUMENT, () -> get(UUID)));
    refused(NOT_FOUND, UNKNOWN, () -> get(UNKNOWN));
  }
}
