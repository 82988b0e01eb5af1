package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.Handover;
import io.tenon.block.IoStatus;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations.Persistence;
import io.tenon.block.SnapshotSpec;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nvme.InitiatorControllers.Stats;
import io.tenon.nvme.NvmeTarget.ControllerInfo;
import io.tenon.nvme.ParkedInitiatorConnection;
import io.tenon.transport.nvmetcp.internal.HostLoad;
import io.tenon.transport.nvmetcp.internal.initiator.LeftValues.Unreadable;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import io.tenon.transport.nvmetcp.internal.target.TargetNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Initiators that follow each other below a device that is used: the controller must not notice. */
@Timeout(300)
class RemoteHandoverTest {
  private static final String DEVICE = "malloc:///m?size_mb=8";
  private static final int ROUNDS = 20;
  private static final int SETTLED = 3;
  private static final int REACTORS = 2;
  private static final byte[] CONTENT = new byte[4096];

  private final Map<String, Object> settings =
      new HashMap<>(Map.of("io_timeout", "60s", "admin_timeout", "60s", "reconnect_delay_ms", 20L));
  private final List<String> told = new CopyOnWriteArrayList<>();
  private TestReactors reactors;
  private TargetNode node;
  private TcpRelay relay;
  private RemoteProvider provider;
  private DeviceUri uri;
  private DeviceSlot slot;

  @BeforeEach
  void start() throws Exception {
    new java.util.Random(7).nextBytes(CONTENT);
    reactors = TestReactors.start(REACTORS);
    node = new TargetNode(reactors.reactors(), 32);
    relay = new TcpRelay(node.address());
  }

  @AfterEach
  void stop() throws Exception {
    TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    provider.close();
    relay.close();
    node.close();
    reactors.close();
  }

  private RemoteProvider provider() {
    return new RemoteProvider(reactors.reactors(), TestInitiatorConfig.options(settings));
  }

  private void open(String address, String parameters) throws Exception {
    provider = provider();
    uri = DeviceUri.parse(address + "?test=1" + parameters);
    slot = new DeviceSlot(provider.open(uri), uri.text());
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
  }

  private void open(String parameters) throws Exception {
    var address = node.address();
    open(
        "nvmf+tcp://%s:%d/%s"
            .formatted(address.getHostString(), address.getPort(), node.share(DEVICE).nqn()),
        parameters);
  }

  private void openThroughRelay() throws Exception {
    open("nvmf+tcp://127.0.0.1:%d/%s".formatted(relay.port(), node.share(DEVICE).nqn()), "");
  }

  /** The bundle goes. */
  private Handover leave() {
    var left =
        TestReactors.await(slot.vacate("Its bundle goes.", "another one").toCompletableFuture());
    provider.close();
    return left.orElseThrow();
  }

  /** The bundle's successor comes. */
  private void come(Handover left) throws Exception {
    provider = provider();
    TestReactors.await(
        slot.restore(provider.adopt(uri, left), "The test has put it back.").toCompletableFuture());
  }

  private Stats stats() {
    return provider.controllers().getFirst().stats();
  }

  private List<ControllerInfo> controllers() throws Exception {
    return List.copyOf(node.share(DEVICE).controllers());
  }

  private void works() {
    try (var volume = new TestVolume(slot, reactors.get(0))) {
      assertEquals(IoStatus.SUCCESS, volume.write(8, CONTENT));
      assertEquals(IoStatus.SUCCESS, volume.read(8, 8));
      assertArrayEquals(CONTENT, volume.content(8));
    }
  }

  private static long openFiles() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "&hdgst=true&ddgst=true"})
  void ioOnEveryReactorGoesOnThroughTwentyInitiators(String parameters) throws Exception {
    open(parameters);
    var before = controllers();
    int connections = node.connections();
    var loads =
        new HostLoad[] {
          new HostLoad(slot, reactors, 0, 0),
          new HostLoad(slot, reactors, 1, 1024),
          new HostLoad(slot, reactors, 0, 2048),
          new HostLoad(slot, reactors, 1, 3072)
        };
    long files = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Arrays.stream(loads).forEach(HostLoad::goesOn);
      if (round == SETTLED) files = openFiles();
      come(leave());
    }
    Arrays.stream(loads).forEach(HostLoad::goesOn);
    for (var load : loads) load.end();
    assertEquals(before, controllers());
    assertEquals(connections, node.connections());
    assertEquals(0, stats().reconnects());
    assertEquals(List.of(), told);
    assertTrue(openFiles() <= files + 1, files + " files, then " + openFiles());
  }

  @Test
  void whatWentThroughItIsCountedOn() throws Exception {
    open("");
    works();
    long before = stats().writeOps();
    come(leave());
    works();
    assertEquals(before + 1, stats().writeOps());
  }

  @Test
  void eventsAreHeardByTheSuccessor() throws Exception {
    open("");
    come(leave());
    long before = slot.geometry().blockCount();
    node.resize(DEVICE, "malloc:///m?size_mb=16&resize");
    Waiting.until(
        "that it has grown was not heard", () -> slot.geometry().blockCount() == 2 * before);
    come(leave());
    node.resize(DEVICE, "malloc:///m?size_mb=32&resize");
    Waiting.until(
        "the second time was not heard", () -> slot.geometry().blockCount() == 4 * before);
    assertEquals(0, stats().reconnects());
  }

  @Test
  void whatHappensWhileNobodyHasTheConnectionsIsSeen() throws Exception {
    open("");
    long before = slot.geometry().blockCount();
    var left = leave();
    node.resize(DEVICE, "malloc:///m?size_mb=16&resize");
    come(left);
    assertEquals(2 * before, slot.geometry().blockCount());
    node.resize(DEVICE, "malloc:///m?size_mb=32&resize");
    Waiting.until("later events are not heard", () -> slot.geometry().blockCount() == 4 * before);
    assertEquals(0, stats().reconnects());
  }

  @Test
  void theControllerHearsOfItsHostWhileNobodyHasTheConnections() throws Exception {
    settings.put("keep_alive", "2s");
    open("");
    var before = controllers();
    var left = leave();
    var admin = left.value("connection-0", ParkedInitiatorConnection.class).orElseThrow();
    Waiting.until(
        "nothing is sent", () -> TestReactors.on(admin.reactor(), admin::keepAlivesSent) >= 5);
    come(left);
    works();
    assertEquals(before, controllers());
    assertEquals(0, stats().reconnects());
  }

  @Test
  void whatItHasReservedStaysItsOwnThoughTheSuccessorHasAnotherHostId() throws Exception {
    settings.put("host_id", "aaaaaaaa-0000-4000-8000-000000000001");
    open("");
    var reserved = slot.reservations().orElseThrow();
    reserved.register(10, Persistence.FORGOTTEN);
    reserved.acquire(10, ReservationType.EXCLUSIVE_ACCESS);
    settings.put("host_id", "bbbbbbbb-0000-4000-8000-000000000002");
    come(leave());
    works();
    var after = slot.reservations().orElseThrow();
    assertEquals(UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001"), after.hostId());
    assertEquals(after.hostId(), after.status().holder().orElseThrow().hostId());
    after.release(10, ReservationType.EXCLUSIVE_ACCESS);
  }

  @Test
  void connectionsThatAreNotUnderstoodAreReplacedAndEnded() throws Exception {
    open("");
    int connections = node.connections();
    var left = leave();
    come(new Handover(left.format(), 99, left.values()));
    works();
    assertEquals(1, stats().reconnects());
    Waiting.until("the old ones stay", () -> node.connections() == connections);
    assertEquals(List.of(), told);
  }

  @Test
  void connectionsThatOneDoesNotUnderstandGoOnWithWhoDoes() throws Exception {
    openThroughRelay();
    var before = controllers();
    var left = leave();
    relay.refuse();
    var strange = new Handover(left.format(), 99, left.values());
    provider = provider();
    assertThrows(DeviceException.class, () -> provider.adopt(uri, strange));
    come(left);
    works();
    assertEquals(before, controllers());
    assertEquals(0, stats().reconnects());
  }

  @Test
  void connectionsThatNobodyTakesEnd() throws Exception {
    open("");
    long files = openFiles();
    assertEquals(REACTORS + 1, node.connections());
    var left = leave();
    assertEquals(REACTORS + 1, node.connections());
    left.close();
    Waiting.until("they stay", () -> node.connections() == 0);
    // Both ends of each are in this process.
    assertTrue(openFiles() < files - 2 * REACTORS, files + " files, then " + openFiles());
    come(left);
    works();
    assertEquals(1, stats().reconnects());
  }

  @Test
  void aConnectionThatBreaksMeanwhileIsToldOfAsAnInterruption() throws Exception {
    openThroughRelay();
    var left = leave();
    relay.reset();
    Waiting.until("the target has not noticed", () -> node.connections() == 0);
    come(left);
    works();
    assertEquals(List.of("DEVICE_GONE", "returned"), told);
    assertEquals(1, stats().reconnects());
    come(leave());
    assertEquals(1, stats().reconnects());
    assertEquals(2, told.size());
  }

  @Test
  void aControllerThatDoesNotAnswerIsLeftWithoutConnections() throws Exception {
    settings.put("admin_timeout", "200ms");
    openThroughRelay();
    relay.fallSilent();
    var snapshots = slot.snapshots().orElseThrow();
    var spec =
        new SnapshotSpec("s", UUID.randomUUID(), "volume", "transaction", Instant.ofEpochSecond(1));
    var refused =
        CompletableFuture.supplyAsync(
            () -> assertThrows(DeviceException.class, () -> snapshots.take(spec)));
    // The request for events may be on its way still.
    Waiting.until("it is not asked", () -> relay.swallowed() > 2 * Pdu.CMD_BYTES);
    var left = leave();
    assertEquals(DeviceException.Kind.TIMED_OUT, refused.get(120, TimeUnit.SECONDS).kind());
    assertFalse(left.value("connection-0", ParkedInitiatorConnection.class).isPresent());
    relay.reset();
    come(left);
    works();
    assertEquals(1, stats().reconnects());
  }

  @Test
  void whatIsNotInOrderIsNotUnderstood() throws Exception {
    open("");
    var left = leave();
    var all = reactors.reactors().all();
    assertEquals(slot.name(), LeftController.of(left, slot.name(), all).device());
    refused(left, "another device", left.values());
    for (String name : left.values().keySet()) {
      for (Object wrong : List.of("x", -1, List.of(), Map.of(), new long[1])) {
        if (name.equals("device") || name.equals("hostNqn")) continue;
        var values = new LinkedHashMap<>(left.values());
        values.put(name, wrong);
        refused(left, slot.name(), values);
      }
      var values = new LinkedHashMap<>(left.values());
      values.remove(name);
      refused(left, slot.name(), values);
    }
    var first = new LinkedHashMap<String, Object>();
    var queues = new ArrayList<Object>(left.value("queues", List.class).orElseThrow());
    ((Map<?, ?>) queues.getFirst()).forEach((name, value) -> first.put((String) name, value));
    for (var wrong :
        Map.of("events", List.of(31), "keepAlives", List.of(1, 1), "entries", 1).entrySet()) {
      var changed = new LinkedHashMap<>(first);
      changed.put(wrong.getKey(), wrong.getValue());
      queues.set(0, changed);
      var values = new LinkedHashMap<>(left.values());
      values.put("queues", List.copyOf(queues));
      refused(left, slot.name(), values);
    }
    come(left);
    works();
    assertEquals(0, stats().reconnects());
  }

  private void refused(Handover left, String device, Map<String, Object> values) {
    var changed = new Handover(left.format(), left.version(), values);
    var all = reactors.reactors().all();
    assertThrows(Unreadable.class, () -> LeftController.of(changed, device, all), values::toString);
  }
}
