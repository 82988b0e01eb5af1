package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nvme.InitiatorControllers.State;
import io.tenon.transport.nvmetcp.internal.target.TargetNode;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of a remote device when its network or its node fails. */
class RemoteControllerTest {
  private static final String DEVICE = "malloc:///remote?size_mb=8";

  private TestReactors reactors;
  private TargetNode node;
  private TcpRelay relay;
  private RemoteProvider provider;
  private DeviceSlot slot;
  private TestVolume volume;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    node = new TargetNode(reactors.reactors(), 32);
    relay = new TcpRelay(node.address());
  }

  @AfterEach
  void stop() throws Exception {
    if (volume != null) volume.close();
    if (slot != null) TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    relay.close();
    if (provider != null) provider.close();
    node.close();
    reactors.close();
  }

  private String uri() throws Exception {
    return "nvmf+tcp://127.0.0.1:%d/%s".formatted(relay.port(), node.share(DEVICE).nqn());
  }

  private void open(Map<String, Object> settings) throws Exception {
    var all = new HashMap<String, Object>(settings);
    all.putIfAbsent("reconnect_delay_ms", 20L);
    provider = new RemoteProvider(reactors.reactors(), TestInitiatorConfig.options(all));
    slot = new DeviceSlot(provider.open(DeviceUri.parse(uri())), uri());
    volume = new TestVolume(slot, reactors.get(0));
  }

  private State state() {
    return provider.controllers().get(0).state();
  }

  private static byte[] content(int seed) {
    byte[] bytes = new byte[8192];
    new java.util.Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void aResetConnectionFailsIoAtOnceAndComesBackByItself() throws Exception {
    open(Map.of());
    assertEquals(State.RUNNING, state());
    byte[] before = content(1);
    assertEquals(IoStatus.SUCCESS, volume.write(0, before));

    relay.reset();
    Waiting.until(
        "gone", () -> volume.read(0, 1) == IoStatus.DEVICE_GONE || state() == State.RUNNING);
    Waiting.until("back again", () -> volume.read(0, 16) == IoStatus.SUCCESS);
    assertArrayEquals(before, volume.content(16));
    assertEquals(State.RUNNING, state());
  }

  @Test
  void whileItsNodeIsDownIoFailsAtOnceAndTheControllerIsFaulted() throws Exception {
    open(Map.of());
    node.stop();
    relay.reset();
    Waiting.until("faulted", () -> state() == State.FAULTED);
    long startNs = System.nanoTime();
    assertEquals(IoStatus.DEVICE_GONE, volume.write(0, content(1)));
    assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(1), "I/O hung");
    node.start();
    Waiting.until("running again", () -> state() == State.RUNNING);
    Waiting.until("works again", () -> volume.write(0, content(2)) == IoStatus.SUCCESS);
  }

  @Test
  void whoListensIsToldOfEachInterruptionHowAndThenOfTheReturn() throws Exception {
    open(Map.of("io_timeout", "200ms"));
    var told = new CopyOnWriteArrayList<String>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void interrupted(IoStatus how, String reason) {
            told.add(how.name());
          }

          @Override
          public void returned() {
            told.add("returned");
          }
        });
    relay.fallSilent();
    assertEquals(IoStatus.TIMED_OUT, volume.write(0, content(1)));
    relay.reset();
    Waiting.until("returned", () -> told.size() == 2);
    Waiting.until("works again", () -> volume.write(0, content(2)) == IoStatus.SUCCESS);
    relay.reset();
    Waiting.until("returned again", () -> told.size() == 4);
    assertEquals(List.of("TIMED_OUT", "returned", "DEVICE_GONE", "returned"), told);
  }

  @Test
  void aSilentPeerFailsIoAfterTheTimeout() throws Exception {
    open(Map.of("io_timeout", "200ms"));
    assertEquals(IoStatus.SUCCESS, volume.write(0, content(1)));
    relay.fallSilent();
    long startNs = System.nanoTime();
    assertEquals(IoStatus.TIMED_OUT, volume.write(0, content(2)));
    long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
    assertTrue(tookMs >= 200 && tookMs < 5000, tookMs + " ms");
    relay.reset();
    Waiting.until("works again", () -> volume.write(0, content(3)) == IoStatus.SUCCESS);
  }

  @Test
  void keepAliveNoticesASilentPeerWithoutIo() throws Exception {
    open(Map.of("keep_alive", "100ms", "admin_timeout", "200ms"));
    relay.fallSilent();
    Waiting.until("faulted without I/O", () -> state() == State.FAULTED);
    relay.reset();
    Waiting.until("running again", () -> state() == State.RUNNING);
  }

  @Test
  void withAHoldTimeIoWaitsForTheConnectionToComeBack() throws Exception {
    open(Map.of("reconnect_hold_ms", 15_000L));
    assertEquals(IoStatus.SUCCESS, volume.write(0, content(1)));
    node.stop();
    relay.reset();
    Waiting.until("faulted", () -> state() == State.FAULTED);
    var request = volume.request(8192);
    request.put(content(2));
    var written = request.start(io -> io.prepareWrite(0, 16, request.memory(), 8192));
    node.start();
    assertEquals(IoStatus.SUCCESS, TestReactors.await(written));
    assertEquals(IoStatus.SUCCESS, volume.read(0, 16));
    assertArrayEquals(content(2), volume.content(16));
  }

  @Test
  void theHoldTimeHasAnEnd() throws Exception {
    open(Map.of("reconnect_hold_ms", 100L));
    node.stop();
    relay.reset();
    assertEquals(IoStatus.DEVICE_GONE, volume.write(0, content(1)));
    node.start();
  }

  @Test
  void aControllerThatIsGivenUpFailsItsDevice() throws Exception {
    open(Map.of("give_up_ms", 50L));
    var lost = new CompletableFuture<String>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void lost(String reason) {
            lost.complete(reason);
          }
        });
    node.stop();
    relay.reset();
    assertTrue(lost.get(20, TimeUnit.SECONDS).contains("not reconnected"));
    assertEquals(IoStatus.DEVICE_GONE, volume.write(0, content(1)));
    node.start();
  }

  @Test
  void aDeviceThatGrowsIsAnnounced() throws Exception {
    open(Map.of());
    var grown = new CompletableFuture<Geometry>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void resized(Geometry now) {
            grown.complete(now);
          }
        });
    node.resize(DEVICE, "malloc:///remote?size_mb=16&resize");
    assertEquals(new Geometry(512, 32768), grown.get(20, TimeUnit.SECONDS));
    Waiting.until(
        "the new end is there", () -> volume.write(32000, content(1)) == IoStatus.SUCCESS);
  }

  @Test
  void requestsLargerThanTheControllerTakesAreSplit() throws Exception {
    open(Map.of());
    byte[] large = new byte[1 << 20];
    new java.util.Random(5).nextBytes(large);
    assertEquals(IoStatus.SUCCESS, volume.write(7, large));
    assertEquals(IoStatus.SUCCESS, volume.read(7, 2048));
    assertArrayEquals(large, volume.content(2048));
  }

  @Test
  void aNodeThatNeverAnswersIsNotOpened() throws Exception {
    provider =
        new RemoteProvider(
            reactors.reactors(), TestInitiatorConfig.options(Map.of("connect_timeout", "100ms")));
    try (var silent = new ServerSocket(0, 4, InetAddress.getLoopbackAddress())) {
      var uri = DeviceUri.parse("nvmf://127.0.0.1:%d/nqn.a".formatted(silent.getLocalPort()));
      var refused = assertThrows(DeviceException.class, () -> provider.open(uri));
      assertEquals(Kind.TIMED_OUT, refused.kind());
    }
  }

  @Test
  void nobodyListeningAnUnknownNqnAndAnotherUuidAreToldApart() throws Exception {
    provider = new RemoteProvider(reactors.reactors(), TestInitiatorConfig.options(Map.of()));
    assertEquals(Kind.NOT_FOUND, refusal("nvmf://127.0.0.1:1/nqn.a"));
    String address = "nvmf://127.0.0.1:" + node.address().getPort();
    assertEquals(Kind.NOT_FOUND, refusal(address + "/nqn.2019-05.io.openebs:nothing"));
    String shared = address + "/" + node.share(DEVICE).nqn();
    assertEquals(Kind.MISMATCH, refusal(shared + "?uuid=" + UUID.randomUUID()));
    Waiting.until("refused opens leave no connection", () -> node.connections() == 0);
  }

  private Kind refusal(String uri) throws Exception {
    var parsed = DeviceUri.parse(uri);
    return assertThrows(DeviceException.class, () -> provider.open(parsed)).kind();
  }
}
