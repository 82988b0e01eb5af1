package io.tenon.engine.internal;

import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.StringValue;
import com.google.protobuf.Timestamp;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.engine.api.AddChildNexusRequest;
import io.tenon.engine.api.Child;
import io.tenon.engine.api.ChildAction;
import io.tenon.engine.api.ChildOperationRequest;
import io.tenon.engine.api.ChildState;
import io.tenon.engine.api.ChildStateReason;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.FaultNexusChildRequest;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.ListRebuildHistoryRequest;
import io.tenon.engine.api.Nexus;
import io.tenon.engine.api.NexusState;
import io.tenon.engine.api.PauseRebuildRequest;
import io.tenon.engine.api.RebuildHistoryRecord;
import io.tenon.engine.api.RebuildHistoryRequest;
import io.tenon.engine.api.RebuildJobState;
import io.tenon.engine.api.RebuildStateRequest;
import io.tenon.engine.api.RebuildStatsRequest;
import io.tenon.engine.api.RemoveChildNexusRequest;
import io.tenon.engine.api.ResumeRebuildRequest;
import io.tenon.engine.api.ShutdownNexusRequest;
import io.tenon.engine.api.StartRebuildRequest;
import io.tenon.engine.api.StopRebuildRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Children that come and go, and rebuilds, as a control plane asks for them. */
class RebuildRpcTest {
  private static final String VOLUME = "0d7f9a3e-1111-4222-8333-444455556666";
  private static final String UUID_1 = "abcdef01-2222-4333-8444-555555555501";
  private static final long FILE_BYTES = 32 << 20;

  @TempDir private Path folder;
  private TestNode node;
  private String a;
  private String b;
  private String c;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    a = file("a");
    b = file("b");
    c = file("c");
    var _ =
        node.nexus()
            .createNexus(
                CreateNexusRequest.newBuilder()
                    .setName(VOLUME)
                    .setUuid(UUID_1)
                    .setSize(24 << 20)
                    .setMinCntlId(1)
                    .setMaxCntlId(2)
                    .addAllChildren(List.of(a, b))
                    .build());
  }

  private String file(String name) throws IOException {
    var path = folder.resolve(name);
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(FILE_BYTES);
    }
    return "aio://" + path + "?blk_size=512";
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private Nexus nexus() {
    var options = ListNexusOptions.newBuilder().setUuid(StringValue.of(UUID_1)).build();
    return node.nexus().listNexus(options).getNexusList(0);
  }

  private static Child child(Nexus nexus, String uri) {
    return nexus.getChildrenList().stream()
        .filter(child -> child.getUri().equals(uri))
        .findFirst()
        .orElseThrow();
  }

  private Nexus operate(String uri, ChildAction action) {
    return node.nexus()
        .childOperation(
            ChildOperationRequest.newBuilder()
                .setNexusUuid(UUID_1)
                .setUri(uri)
                .setAction(action)
                .build())
        .getNexus();
  }

  private Nexus add(String uri, boolean norebuild) {
    return node.nexus()
        .addChildNexus(
            AddChildNexusRequest.newBuilder()
                .setUuid(UUID_1)
                .setUri(uri)
                .setNorebuild(norebuild)
                .build())
        .getNexus();
  }

  private Nexus remove(String uri) {
    return node.nexus()
        .removeChildNexus(RemoveChildNexusRequest.newBuilder().setUuid(UUID_1).setUri(uri).build())
        .getNexus();
  }

  private Nexus startRebuild(String uri) {
    return node.nexus()
        .startRebuild(StartRebuildRequest.newBuilder().setNexusUuid(UUID_1).setUri(uri).build())
        .getNexus();
  }

  private List<RebuildHistoryRecord> history() {
    return node.nexus()
        .getRebuildHistory(RebuildHistoryRequest.newBuilder().setUuid(UUID_1).build())
        .getRecordsList();
  }

  private void awaitOnline() {
    Waiting.until("online", () -> nexus().getState() == NexusState.NEXUS_ONLINE);
  }

  private void write(long lba) {
    var slot = node.devices().find(VOLUME).orElseThrow();
    try (var volume = new TestVolume(slot, node.reactor())) {
      assertEquals(IoStatus.SUCCESS, volume.write(lba, new byte[4096]));
    }
  }

  @Test
  void aChildThatWasOfflineGetsOnlyWhatItMissed() {
    write(100);
    var offline = operate(b, ChildAction.Offline);
    assertEquals(NexusState.NEXUS_DEGRADED, offline.getState());
    var out = child(offline, b);
    assertEquals(ChildState.CHILD_STATE_DEGRADED, out.getState());
    assertEquals(ChildStateReason.CHILD_STATE_REASON_BY_CLIENT, out.getStateReason());
    assertTrue(out.getHasIoLog());
    assertTrue(out.hasFaultTimestamp());
    write(30_000);
    var online = operate(b, ChildAction.Online);
    assertTrue(
        online.getState() == NexusState.NEXUS_DEGRADED || history().size() == 1, online.toString());
    awaitOnline();
    var record = history().getFirst();
    assertEquals(b, record.getChildUri());
    assertEquals(a, record.getSrcUri());
    assertEquals(RebuildJobState.Completed, record.getState());
    assertTrue(record.getIsPartial());
    assertEquals((24 << 20) / 512 - 1, record.getBlocksTotal());
    assertEquals(record.getBlocksTotal(), record.getBlocksRecovered());
    assertEquals(0, record.getBlocksRemaining());
    // Of the two segments of 64 KiB that were changed, what the sparse files hold.
    long moved = record.getBlocksTransferred();
    assertTrue(moved >= 2 * 8 && moved <= 2 * 128, "blocks: " + moved);
    assertEquals(512, record.getBlockSize());
    assertTrue(record.hasStartTime() && record.hasEndTime());
    assertFalse(child(nexus(), b).getHasIoLog());
  }

  @Test
  void anAddedChildIsRebuiltAndOneWithoutRebuildIsOutOfSync() {
    var degraded = add(c, true);
    assertEquals(NexusState.NEXUS_DEGRADED, degraded.getState());
    assertEquals(ChildState.CHILD_STATE_DEGRADED, child(degraded, c).getState());
    assertEquals(
        ChildStateReason.CHILD_STATE_REASON_OUT_OF_SYNC, child(degraded, c).getStateReason());
    assertEquals(-1, child(degraded, c).getRebuildProgress());
    startRebuild(c);
    awaitOnline();
    assertFalse(history().getFirst().getIsPartial());
    assertEquals(0, nexus().getRebuilds());
    refused(ALREADY_EXISTS, c, () -> add(c, false));
    refused(FAILED_PRECONDITION, "needs no rebuild", () -> startRebuild(c));
  }

  @Test
  void aChildThatWasRetiredMayComeBackAndOneThatIsOutForGoodMayNot() {
    var retired = operate(b, ChildAction.FaultIOError);
    assertEquals(ChildState.CHILD_STATE_FAULTED, child(retired, b).getState());
    assertEquals(
        ChildStateReason.CHILD_STATE_REASON_IO_FAILURE, child(retired, b).getStateReason());
    operate(b, ChildAction.Online);
    awaitOnline();
    var faulted =
        node.nexus()
            .faultNexusChild(FaultNexusChildRequest.newBuilder().setUuid(UUID_1).setUri(b).build())
            .getNexus();
    assertEquals(ChildState.CHILD_STATE_FAULTED, child(faulted, b).getState());
    assertEquals(ChildStateReason.CHILD_STATE_REASON_BY_CLIENT, child(faulted, b).getStateReason());
    refused(FAILED_PRECONDITION, "for good", () -> operate(b, ChildAction.Online));
    assertEquals(1, remove(b).getChildrenCount());
  }

  @Test
  void removingAnUnknownChildIsFineAndTheLastHealthyOneStays() {
    assertEquals(2, remove("aio:///nobody").getChildrenCount());
    assertEquals(1, remove(b).getChildrenCount());
    refused(FAILED_PRECONDITION, "last healthy", () -> remove(a));
    refused(FAILED_PRECONDITION, "last healthy", () -> operate(a, ChildAction.Offline));
    refused(FAILED_PRECONDITION, "last healthy", () -> operate(a, ChildAction.OfflinePermanent));
  }

  @Test
  void whatIsNotThereIsNotFound() {
    refused(NOT_FOUND, c, () -> operate(c, ChildAction.Online));
    refused(NOT_FOUND, c, () -> startRebuild(c));
    var state = RebuildStateRequest.newBuilder().setNexusUuid(UUID_1).setUri(a).build();
    refused(NOT_FOUND, a, () -> node.nexus().getRebuildState(state));
    var stats = RebuildStatsRequest.newBuilder().setNexusUuid(UUID_1).setUri(a).build();
    refused(NOT_FOUND, a, () -> node.nexus().getRebuildStats(stats));
    var pause = PauseRebuildRequest.newBuilder().setNexusUuid(UUID_1).setUri(a).build();
    refused(NOT_FOUND, a, () -> node.nexus().pauseRebuild(pause));
    var resume = ResumeRebuildRequest.newBuilder().setNexusUuid(UUID_1).setUri(a).build();
    refused(NOT_FOUND, a, () -> node.nexus().resumeRebuild(resume));
    var stop = StopRebuildRequest.newBuilder().setNexusUuid(UUID_1).setUri(a).build();
    refused(NOT_FOUND, a, () -> node.nexus().stopRebuild(stop));
    var history = RebuildHistoryRequest.newBuilder().setUuid(VOLUME).build();
    refused(NOT_FOUND, VOLUME, () -> node.nexus().getRebuildHistory(history));
  }

  @Test
  void actionsAndUrisAreChecked() {
    var unknown =
        ChildOperationRequest.newBuilder().setNexusUuid(UUID_1).setUri(b).setActionValue(9).build();
    refused(INVALID_ARGUMENT, "9", () -> node.nexus().childOperation(unknown));
    refused(INVALID_ARGUMENT, "floppy", () -> add("floppy:///x", false));
    refused(INVALID_ARGUMENT, "small", () -> add("malloc:///small?size_mb=8", false));
    var shutdown = ShutdownNexusRequest.newBuilder().setUuid(UUID_1).build();
    var _ = node.nexus().shutdownNexus(shutdown);
    refused(FAILED_PRECONDITION, c, () -> add(c, false));
    refused(FAILED_PRECONDITION, b, () -> operate(b, ChildAction.Offline));
  }

  @Test
  void theHistoryOfAllNexusesGoesFromATimeOn() {
    for (int i = 0; i < 3; i++) {
      operate(b, ChildAction.Offline);
      operate(b, ChildAction.Online);
      awaitOnline();
    }
    var all = node.nexus().listRebuildHistory(ListRebuildHistoryRequest.getDefaultInstance());
    var records = all.getHistoriesOrThrow(UUID_1).getRecordsList();
    assertEquals(VOLUME, all.getHistoriesOrThrow(UUID_1).getName());
    assertEquals(history(), records);
    assertEquals(3, records.size());
    assertEquals(records.getFirst().getEndTime(), all.getEndTime());
    var two =
        node.nexus().listRebuildHistory(ListRebuildHistoryRequest.newBuilder().setCount(2).build());
    assertEquals(records.subList(0, 2), two.getHistoriesOrThrow(UUID_1).getRecordsList());
    var later =
        node.nexus()
            .listRebuildHistory(
                ListRebuildHistoryRequest.newBuilder()
                    .setSinceEndTime(records.get(1).getEndTime())
                    .build());
    assertEquals(records.subList(0, 1), later.getHistoriesOrThrow(UUID_1).getRecordsList());
    var future = Timestamp.newBuilder().setSeconds(1L << 40).build();
    var none =
        node.nexus()
            .listRebuildHistory(
                ListRebuildHistoryRequest.newBuilder().setSinceEndTime(future).build());
    assertEquals(0, none.getHistoriesOrThrow(UUID_1).getRecordsCount());
    assertTrue(none.hasEndTime(), "now");
  }
}
