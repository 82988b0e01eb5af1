package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceUri;
import io.tenon.block.SnapshotSpec;
import io.tenon.block.Snapshots;
import io.tenon.block.testing.SnapshotDevice;
import io.tenon.block.testing.TestReactors;
import io.tenon.transport.nvmetcp.internal.target.TargetNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A snapshot that another node takes, because a nexus here asks for it. */
class RemoteSnapshotTest {
  private static final String DEVICE = "malloc:///remote?size_mb=8";
  private static final SnapshotSpec SPEC =
      new SnapshotSpec(
          "s1", new UUID(5, 6), "vol", "7", Instant.parse("2026-11-20T21:40:07.123456789Z"));

  private final List<SnapshotSpec> taken = new CopyOnWriteArrayList<>();
  private TestReactors reactors;
  private TargetNode node;
  private RemoteProvider provider;
  private BlockDevice device;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    node = new TargetNode(reactors.reactors(), 32);
  }

  @AfterEach
  void stop() throws Exception {
    if (device != null) device.close();
    if (provider != null) provider.close();
    node.close();
    reactors.close();
  }

  private Snapshots open(Map<String, Object> settings) throws Exception {
    provider = new RemoteProvider(reactors.reactors(), TestInitiatorConfig.options(settings));
    device = provider.open(DeviceUri.parse(node.uri(DEVICE).replace("?test=1", "")));
    return device.snapshots().orElseThrow();
  }

  private void remote(Snapshots taker) {
    node.between(plain -> new SnapshotDevice(plain, taker));
  }

  private static DeviceException refused(Kind kind, Snapshots snapshots) {
    var refusal = assertThrows(DeviceException.class, () -> snapshots.take(SPEC));
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    return refusal;
  }

  @Test
  void theOtherNodeTakesWhatIsAskedForHere() throws Exception {
    remote(taken::add);
    open(Map.of()).take(SPEC);
    assertEquals(List.of(SPEC), taken);
  }

  @Test
  void whyTheOtherNodeDidNotIsToldHere() throws Exception {
    remote(
        spec -> {
          throw new DeviceException(Kind.NO_SPACE, "It is full.", "", "");
        });
    var refusal = refused(Kind.NO_SPACE, open(Map.of()));
    assertTrue(refusal.getMessage().contains("ENOSPC"), refusal.getMessage());
  }

  @Test
  void aDeviceThatIsNoReplicaSaysSo() throws Exception {
    refused(Kind.UNSUPPORTED, open(Map.of()));
  }

  @Test
  void aNodeThatDoesNotAnswerIsNotWaitedForWithoutEnd() throws Exception {
    var release = new CountDownLatch(1);
    remote(
        spec -> {
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    refused(Kind.TIMED_OUT, open(Map.of("admin_timeout", "300ms")));
    release.countDown();
  }
}
