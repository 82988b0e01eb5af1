package io.tenon.nexus.internal;

import static io.tenon.nexus.internal.FencedNode.claim;
import static io.tenon.nexus.internal.FencedNode.holder;
import static io.tenon.nexus.internal.FencedNode.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationType;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusState;
import io.tenon.nvme.NvmeTarget.Origin;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.internal.reservation.ReservationState;
import io.tenon.nvme.internal.reservation.ReservationState.Held;
import io.tenon.nvme.internal.reservation.ReservationStore;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A nexus that does not notice that its successor is there, as it has a child of its own and its last proof is fresh: whatever way the successor
 * came to its children, nothing old is shown after the first write that it has acknowledged.
 */
@Execution(ExecutionMode.CONCURRENT)
class PredecessorTest {
  private static final long WAIT_NS =
      Timing.of(InstantSource.system(), StoredRecord.Limits.USUAL).successorWaitsNs();

  private static final UUID OWN = new UUID(3, 3);
  private static final byte[] OLD = random(1);
  private static final byte[] NEW = random(2);

  private final TestStore store = new TestStore();
  private final KeptReservations kept = new KeptReservations();
  private TestReactors reactors;

  /** It can keep registrations over a restart of its node; b cannot. */
  private FencedDisk a;

  private FencedDisk b;
  private FencedNode one;
  private FencedNode two;

  /** Of what node two shares: as found in its files. */
  private static final class KeptReservations implements ReservationStore {
    volatile ReservationState found = ReservationState.EMPTY;

    @Override
    public boolean keeps() {
      return true;
    }

    @Override
    public ReservationState load(Path name, UUID device) {
      return found;
    }

    @Override
    public CompletionStage<Void> save(Path name, UUID device, ReservationState state) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void forget(Path name) {}
  }

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    a = new FencedDisk("a", 1, true);
    b = new FencedDisk("b", 2, false);
    one = new FencedNode(1, reactors, store, a, b);
    two = new FencedNode(2, reactors, store, kept, a, b);
  }

  @AfterEach
  void stop() throws Exception {
    one.service.close();
    two.service.close();
    reactors.close();
  }

  private static String own(FencedNode node) throws Exception {
    var uri = "malloc:///own?size_mb=16&uuid=" + OWN;
    node.devices.create(uri);
    return uri;
  }

  /** As by the nexus on node one. */
  private ReservationState registered() {
    return new ReservationState(
        0,
        true,
        new TreeMap<>(Map.of(one.host, 5L)),
        Optional.of(new Held(ReservationType.EXCLUSIVE_ACCESS, one.host)));
  }

  /** Whatever makes another nexus the owner of the data. */
  private interface Succession {
    Nexus happen() throws Exception;
  }

  private void showsNothingOldAfter(Nexus old, Succession succession) throws Exception {
    try (var before = one.volume(old)) {
      assertEquals(IoStatus.SUCCESS, before.write(8, OLD));
      assertEquals(IoStatus.SUCCESS, before.read(8, 16));
      var next = succession.happen();
      try (var after = two.volume(next)) {
        assertEquals(IoStatus.SUCCESS, after.write(8, NEW));
        mustNotShow(before, OLD);
      }
    }
    assertEquals(NexusState.SHUTDOWN, eventuallyStopped(old));
  }

  private static void mustNotShow(TestVolume volume, byte[] content) {
    if (volume.read(8, 16).isSuccess()) {
      assertFalse(Arrays.equals(content, volume.content(16)), "it shows what it must not");
    }
  }

  private NexusState eventuallyStopped(Nexus nexus) {
    Waiting.until(
        "it stops",
        () -> {
          try (var volume = one.volume(nexus)) {
            return !volume.read(8, 16).isSuccess() && nexus.state() == NexusState.SHUTDOWN;
          }
        });
    return nexus.state();
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void whateverTypeItHeldThemBy(ReservationType type) throws Exception {
    var old = one.create(claim(5, type, Policy.HOLDER), List.of(own(one), a.uri()));
    showsNothingOldAfter(old, () -> two.create(holder(6), a));
  }

  @Test
  void whenTheChildHasForgottenWhoseItWas() throws Exception {
    var old = one.create(holder(5), List.of(own(one), b.uri()));
    showsNothingOldAfter(
        old,
        () -> {
          b.restart();
          return two.create(holder(6), b);
        });
  }

  @Test
  void whenAnotherHasTakenTheChildBetweenAndFailed() throws Exception {
    var old = one.create(holder(5), List.of(own(one), a.uri(), b.uri()));
    showsNothingOldAfter(
        old,
        () -> {
          b.silent(true);
          assertThrows(NexusException.class, () -> two.create(holder(6), a, b));
          b.silent(false);
          assertTrue(a.status().registrants().isEmpty(), a.status()::toString);
          return two.create(holder(7), a);
        });
  }

  @Test
  void whenItTookTheChildBetweenTheSuccessorsLookAndItsTaking() throws Exception {
    var old = new AtomicReference<Nexus>();
    a.beforeNextChange(() -> old.set(createdAndProven()));
    var next = two.create(holder(6), a);
    try (var before = one.volume(old.get());
        var after = two.volume(next)) {
      assertEquals(IoStatus.SUCCESS, after.write(8, NEW));
      mustNotShow(before, OLD);
    }
  }

  private Nexus createdAndProven() {
    try {
      var nexus = one.create(holder(5), List.of(own(one), a.uri()));
      try (var volume = one.volume(nexus)) {
        assertEquals(IoStatus.SUCCESS, volume.write(8, OLD));
        assertEquals(IoStatus.SUCCESS, volume.read(8, 16));
      }
      return nexus;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whenTheChildWasSharedFromTheSuccessorsNode() throws Exception {
    kept.found = registered();
    var uri = own(two);
    shareForAWhile(uri);
    takesItsTime(() -> two.create(holder(6), List.of(uri)));
  }

  private void shareForAWhile(String uri) throws Exception {
    var shared =
        two.target.share(
            two.devices.find(uri).orElseThrow(),
            new ShareOptions(
                Set.of(), 1, 2, false, Origin.REPLICA, Optional.of(Path.of("own.json"))));
    two.target.unshare(shared);
  }

  private static void takesItsTime(Succession succession) throws Exception {
    long beganNs = System.nanoTime();
    assertEquals(NexusState.ONLINE, succession.happen().state());
    long tookNs = System.nanoTime() - beganNs;
    assertTrue(tookNs >= WAIT_NS, tookNs + " ns");
  }

  @Test
  void whenTheChildWasSharedOnceMoreAndNobodyCame() throws Exception {
    kept.found = registered();
    var uri = own(two);
    shareForAWhile(uri);
    kept.found = ReservationState.EMPTY;
    shareForAWhile(uri);
    takesItsTime(() -> two.create(holder(6), List.of(uri)));
  }

  /** What it shared before is not known. */
  @Test
  void whenTheSuccessorsNodeWasJustStarted() throws Exception {
    takesItsTime(
        () -> {
          two.restart();
          return two.create(holder(6), List.of(own(two)));
        });
  }

  @Test
  void whenTheChildThatBothHadWasGivenBack() throws Exception {
    var old = one.create(holder(5), b);
    showsNothingOldAfter(
        old,
        () -> {
          var next = two.create(holder(6), b);
          next.addChild(a.uri(), true);
          Waiting.until("a is rebuilt", () -> next.state() == NexusState.ONLINE);
          next.removeChild(b.uri());
          assertTrue(b.status().registrants().isEmpty(), b.status()::toString);
          return next;
        });
  }

  /** Its hosts would see what the new owner has written, and see it torn. */
  @Test
  void whoLosesAChildToAnotherNexusLaterShowsNothingOfThat() throws Exception {
    var type = ReservationType.WRITE_EXCLUSIVE;
    var old = one.create(claim(5, type, Policy.HOLDER), a);
    // Of another volume, so it has another record.
    var stranger = new FencedNode(3, reactors, new TestStore(), a, b);
    var other = stranger.create(claim(6, type, Policy.HOLDER), b);
    try (var before = one.volume(old);
        var after = stranger.volume(other)) {
      assertEquals(IoStatus.SUCCESS, after.write(8, NEW));
      for (int i = 0; i < 2; i++) {
        assertEquals(IoStatus.SUCCESS, before.write(8, OLD));
        assertEquals(IoStatus.SUCCESS, before.read(8, 16));
      }
      other.addChild(a.uri(), true);
      Waiting.until("a is rebuilt", () -> other.state() == NexusState.ONLINE);
      mustNotShow(before, NEW);
    }
    stranger.service.close();
  }

  @Test
  void nobodyWaitsForWhoHasLeftInOrder() throws Exception {
    one.create(holder(5), a).destroy();
    long beganNs = System.nanoTime();
    var next = two.create(holder(6), a);
    long tookNs = System.nanoTime() - beganNs;
    assertEquals(NexusState.ONLINE, next.state());
    assertTrue(tookNs < Vigil.WINDOW_NS, tookNs + " ns");
  }
}
