package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.metadata.Value;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.internal.StoredRecord.Limits;
import io.tenon.nexus.internal.TestStore.Mood;
import io.tenon.nvme.internal.Target;
import io.tenon.registry.NexusInfo;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A nexus with a record: what is written down when, and what the next nexus believes. */
class RecordedNexusTest {
  private static final String KEY = "/volume/v/nexus/n/info";
  private static final String A = child("a", 1);
  private static final String B = child("b", 2);
  private static final String C = child("c", 3);
  private static final Limits SHORT =
      new Limits(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofMillis(20));

  private final TestDevices devices = new TestDevices();
  private final TestStore store = new TestStore();
  private TestReactors reactors;
  private NexusService service;

  private static String child(String name, int uuid) {
    return "malloc:///%s?size_mb=16&uuid=%s".formatted(name, new UUID(1, uuid));
  }

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    service = service();
    service.storeCame(store);
    // Nexuses come and go; what is on the disks stays.
    for (String uri : List.of(A, B, C)) devices.create(uri);
  }

  private NexusService service() throws Exception {
    var target = new Target("", 16, "test");
    return new NexusService(
        devices,
        target,
        reactors.reactors(),
        Thread::startVirtualThread,
        false,
        Timing.of(InstantSource.system(), SHORT));
  }

  @AfterEach
  void stop() throws Exception {
    store.mood(Mood.WORKS);
    service.close();
    reactors.close();
  }

  private static NexusSpec spec(String... children) {
    return new NexusSpec(
        "v1",
        new UUID(7, 1),
        8 << 20,
        List.of(children),
        1,
        2,
        ReadPolicy.ROUND_ROBIN,
        Optional.of(KEY),
        Optional.empty());
  }

  private static NexusInfo info(boolean clean, Object... healthByNumber) {
    var children = new NexusInfo.Child[healthByNumber.length / 2];
    for (int i = 0; i < children.length; i++) {
      var uuid = new UUID(1, (Integer) healthByNumber[2 * i]);
      children[i] = new NexusInfo.Child((Boolean) healthByNumber[2 * i + 1], uuid.toString());
    }
    return new NexusInfo(List.of(children), clean);
  }

  private TestVolume volume(Nexus nexus) {
    return new TestVolume(nexus.device(), reactors.get(1));
  }

  private static byte[] random(long seed) {
    var content = new byte[8192];
    new Random(seed).nextBytes(content);
    return content;
  }

  private void fillOnDisk(String name, byte[] content) {
    try (var raw = new TestVolume(devices.find(name).orElseThrow(), reactors.get(0))) {
      assertEquals(IoStatus.SUCCESS, raw.write(10240 + 8, content));
    }
  }

  private void lose(String name) throws Exception {
    TestReactors.await(
        devices.find(name).orElseThrow().fail("unplugged by the test").toCompletableFuture());
  }

  /** But for who wrote it. */
  private NexusInfo onRecord() throws Exception {
    var info = store.record(KEY);
    return new NexusInfo(info.children(), info.cleanShutdown());
  }

  private boolean isOnRecord(NexusInfo expected) {
    try {
      return onRecord().equals(expected);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  // ---- what is written when

  @Test
  void allChildrenAreOnRecordBeforeThereIsABlockDevice() throws Exception {
    store.beforeCommit(() -> assertFalse(devices.names().contains("v1")));
    var nexus = service.create(spec(A, B));
    assertEquals(info(false, 1, true, 2, true), onRecord());
    assertTrue(store.record(KEY).writer().isPresent());
    var kept = nexus.record().orElseThrow();
    assertEquals(KEY, kept.key());
    assertEquals("", kept.problem());
    assertEquals(2, kept.healthy().size());
    store.beforeCommit(() -> {});
  }

  @Test
  void withoutAKeyNothingIsRecorded() throws Exception {
    var nexus =
        service.create(
            new NexusSpec(
                "v1", new UUID(7, 1), 8 << 20, List.of(A, B), 1, 2, ReadPolicy.LOCAL_FIRST));
    assertTrue(nexus.record().isEmpty());
    nexus.destroy();
    assertTrue(store.isEmpty());
  }

  @Test
  void aWriteThatMissedAChildIsAcknowledgedWhenThatIsOnRecord() throws Exception {
    var nexus = service.create(spec(A, B));
    var gate = store.hold();
    try (var volume = volume(nexus)) {
      lose("a");
      var written = CompletableFuture.supplyAsync(() -> volume.write(8, random(1)));
      Waiting.until("a is out", () -> nexus.state() == NexusState.DEGRADED);
      assertFalse(written.isDone());
      assertTrue(isOnRecord(info(false, 1, true, 2, true)));
      gate.countDown();
      assertEquals(IoStatus.SUCCESS, written.get(60, TimeUnit.SECONDS));
      assertTrue(isOnRecord(info(false, 1, false, 2, true)));
    }
  }

  @Test
  void childrenThatComeAndGoAreOnRecord() throws Exception {
    var nexus = service.create(spec(A, B));
    nexus.addChild(C, false);
    Waiting.until(
        "c is there, and unhealthy", () -> isOnRecord(info(false, 1, true, 2, true, 3, false)));
    nexus.startRebuild(C);
    Waiting.until("c is rebuilt", () -> nexus.state() == NexusState.ONLINE);
    assertTrue(isOnRecord(info(false, 1, true, 2, true, 3, true)));
    nexus.removeChild(B);
    Waiting.until("b is none any more", () -> isOnRecord(info(false, 1, true, 3, true)));
  }

  @Test
  void anEndInOrderIsOnRecordWhenItIsOver() throws Exception {
    service.create(spec(A, B)).destroy();
    assertEquals(info(true, 1, true, 2, true), onRecord());
    var next = service.create(spec(A, B));
    assertEquals(info(false, 1, true, 2, true), onRecord());
    assertEquals(NexusState.ONLINE, next.state());
    next.shutdown();
    assertEquals(info(true, 1, true, 2, true), onRecord());
    next.destroy();
    service.create(spec(A, B));
    service.close();
    assertEquals(info(true, 1, true, 2, true), onRecord());
  }

  @Test
  void anEndThatCannotBeRecordedIsAnEndAllTheSame() throws Exception {
    var nexus = service.create(spec(A, B));
    store.mood(Mood.AWAY);
    nexus.destroy();
    assertEquals(NexusState.SHUTDOWN, nexus.state());
    assertEquals(info(false, 1, true, 2, true), onRecord());
  }

  // ---- what is believed

  @Test
  void afterAnUncleanEndOneChildIsTheTruthAndTheOthersAreMadeEqual() throws Exception {
    var a = random(1);
    fillOnDisk("a", a);
    fillOnDisk("b", random(2));
    store.write(KEY, info(false, 1, true, 2, true).toJson());
    var nexus = service.create(spec(B, A));
    var doubtful = nexus.children().get(1);
    assertEquals(B, doubtful.uri());
    if (doubtful.state() == ChildState.OUT_OF_SYNC) {
      assertTrue(doubtful.detail().contains("did not end in order"), doubtful.detail());
      assertTrue(doubtful.detail().contains(new UUID(1, 1).toString()), doubtful.detail());
    }
    Waiting.until("b is made equal", () -> nexus.state() == NexusState.ONLINE);
    assertEquals(info(false, 1, true, 2, true), withOrder(onRecord()));
    try (var volume = volume(nexus)) {
      for (int i = 0; i < 4; i++) {
        assertEquals(IoStatus.SUCCESS, volume.read(8, 16));
        assertArrayEquals(a, volume.content(16));
      }
    }
  }

  private static NexusInfo withOrder(NexusInfo info) {
    var sorted = info.children().stream().sorted((x, y) -> x.uuid().compareTo(y.uuid())).toList();
    return new NexusInfo(sorted, info.cleanShutdown());
  }

  @Test
  void whoLacksDataOnRecordAndWhoIsNotThereIsRebuiltAlsoAfterAnEndInOrder() throws Exception {
    var b = random(2);
    fillOnDisk("a", random(1));
    fillOnDisk("b", b);
    fillOnDisk("c", random(3));
    store.write(KEY, info(true, 1, false, 2, true).toJson());
    var nexus = service.create(spec(A, B, C));
    Waiting.until("a and c are rebuilt", () -> nexus.state() == NexusState.ONLINE);
    assertEquals(info(false, 1, true, 2, true, 3, true), withOrder(onRecord()));
    for (String child : List.of("a", "c")) {
      try (var raw = new TestVolume(devices.find(child).orElseThrow(), reactors.get(0))) {
        assertEquals(IoStatus.SUCCESS, raw.read(10240 + 8, 16));
        assertArrayEquals(b, raw.content(16), child);
      }
    }
    assertEquals(2, nexus.rebuildHistory().size());
  }

  @Test
  void aNexusOfWhomNobodyIsTrustedIsRefusedAndLeavesTheRecord() throws Exception {
    var before = info(true, 1, true, 2, false);
    store.write(KEY, before.toJson());
    var refusal = assertThrows(NexusException.class, () -> service.create(spec(B, C)));
    assertEquals(Kind.STATE, refusal.kind());
    for (String part : List.of(new UUID(1, 1) + " healthy", "none of its children", KEY)) {
      assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
    assertEquals(before, onRecord());
    assertTrue(devices.find("b").orElseThrow().claimedBy().isEmpty());
    assertEquals(List.of(), service.all());
  }

  @Test
  void aRecordThatCannotBeReadIsNotBelievedAndNotOverwritten() {
    store.write(KEY, Value.of("{\"children\":7}"));
    var refusal = assertThrows(NexusException.class, () -> service.create(spec(A)));
    assertEquals(Kind.INTERNAL, refusal.kind());
    assertTrue(refusal.getMessage().contains("NexusInfo"), refusal.getMessage());
    assertThrows(Exception.class, () -> onRecord());
  }

  @Test
  void twoChildrenWithOneUuidAreRefused() {
    var twin = "malloc:///d?size_mb=16&uuid=" + new UUID(1, 1);
    var refusal = assertThrows(NexusException.class, () -> service.create(spec(A, twin)));
    assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
  }

  // ---- a store that is away, silent, or another's

  @Test
  void withoutAStoreANexusWithAKeyIsNotMade() {
    service.storeWent(store);
    var refusal = assertThrows(NexusException.class, () -> service.create(spec(A, B)));
    assertEquals(Kind.INTERNAL, refusal.kind());
    assertTrue(refusal.getMessage().contains("no metadata store"), refusal.getMessage());
    service.storeCame(store);
    store.mood(Mood.SILENT);
    assertThrows(NexusException.class, () -> service.create(spec(A, B)));
    assertEquals(List.of("a", "b", "c"), devices.names());
  }

  @Test
  void pastItsPatienceANexusShutsItselfDownAndSaysWhyAndAcknowledgesNothing() throws Exception {
    var nexus = service.create(spec(A, B));
    store.mood(Mood.AWAY);
    try (var volume = volume(nexus)) {
      lose("a");
      assertEquals(IoStatus.DEVICE_GONE, volume.write(8, random(1)));
      Waiting.until("it stops", () -> nexus.state() == NexusState.SHUTDOWN);
      assertTrue(nexus.why().contains("cannot be recorded that child " + A), nexus.why());
      assertTrue(nexus.why().contains("within 2 s"), nexus.why());
      assertTrue(nexus.record().orElseThrow().problem().contains("within 2 s"));
    }
    store.mood(Mood.WORKS);
    nexus.destroy();
    assertEquals(info(false, 1, true, 2, true), onRecord());
  }

  @Test
  void aStoreThatIsReplacedByItsEqualCostsNothing() throws Exception {
    var nexus = service.create(spec(A, B));
    service.storeWent(store);
    try (var volume = volume(nexus)) {
      lose("a");
      var written = CompletableFuture.supplyAsync(() -> volume.write(8, random(1)));
      Waiting.until("a is out", () -> nexus.state() == NexusState.DEGRADED);
      service.storeCame(store);
      assertEquals(IoStatus.SUCCESS, written.get(60, TimeUnit.SECONDS));
    }
    assertTrue(isOnRecord(info(false, 1, false, 2, true)));
  }

  @Test
  void aStoreWithoutTheRecordIsNotTakenForTheOneThatHasIt() throws Exception {
    var nexus = service.create(spec(A, B));
    service.storeCame(new TestStore());
    lose("a");
    Waiting.until("it stops", () -> nexus.state() == NexusState.SHUTDOWN);
    assertTrue(nexus.why().contains("record was deleted"), nexus.why());
  }

  @Test
  void anAnswerThatNeverCameIsFoundOut() throws Exception {
    var nexus = service.create(spec(A, B));
    store.mood(Mood.SILENT);
    try (var volume = volume(nexus)) {
      lose("a");
      assertEquals(IoStatus.SUCCESS, volume.write(8, random(1)));
    }
    assertTrue(isOnRecord(info(false, 1, false, 2, true)));
    assertEquals(NexusState.DEGRADED, nexus.state());
  }

  @Test
  void aNexusWhoseRecordAnotherHasTakenStopsAndDoesNotSayThatItEndedInOrder() throws Exception {
    var nexus = service.create(spec(A, B));
    store.write(KEY, info(false, 2, true).toJson());
    nexus.destroy();
    assertEquals(info(false, 2, true), onRecord());

    var other = service.create(spec(B, A));
    Waiting.until("a is rebuilt", () -> other.state() == NexusState.ONLINE);
    store.write(KEY, info(false, 2, true).toJson());
    try (var volume = volume(other)) {
      lose("a");
      assertEquals(IoStatus.DEVICE_GONE, volume.write(8, random(1)));
    }
    Waiting.until("it stops", () -> other.state() == NexusState.SHUTDOWN);
    assertTrue(other.why().contains("another nexus has written"), other.why());
    assertEquals(info(false, 2, true), onRecord());
  }

  @Test
  void theOrderOfTheSpecIsKeptByThoseThatAreTrusted() throws Exception {
    var nexus = service.create(spec(C, A, B));
    assertEquals(
        Arrays.asList(C, A, B), nexus.children().stream().map(child -> child.uri()).toList());
  }
}
