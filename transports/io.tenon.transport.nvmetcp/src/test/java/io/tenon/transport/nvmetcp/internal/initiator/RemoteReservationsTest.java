package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationStatus;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations;
import io.tenon.block.Reservations.Persistence;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.transport.nvmetcp.internal.target.TargetNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Two nodes and one device, over sockets: what a nexus does to keep another one out. */
class RemoteReservationsTest {
  private static final String DEVICE = "malloc:///shared?size_mb=8";
  private static final UUID A = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001");
  private static final UUID B = UUID.fromString("bbbbbbbb-0000-4000-8000-000000000002");
  private static final ReservationType EXCLUSIVE = ReservationType.EXCLUSIVE_ACCESS;

  private final List<Node> nodes = new ArrayList<>();
  private TestReactors reactors;
  private TargetNode target;
  private TcpRelay relay;
  private RemoteProvider provider;

  /** A node as the target sees it: a host id of its own. */
  private final class Node {
    final DeviceSlot slot;
    final TestVolume volume;

    Node(UUID hostId) throws Exception {
      String uri =
          "nvmf://127.0.0.1:%d/%s?hostid=%s"
              .formatted(relay.port(), target.share(DEVICE).nqn(), hostId);
      slot = new DeviceSlot(provider.open(DeviceUri.parse(uri)), uri);
      volume = new TestVolume(slot, reactors.get(0));
      nodes.add(this);
    }

    Reservations reservations() {
      return slot.reservations().orElseThrow();
    }

    IoStatus writes() {
      return volume.write(0, new byte[4096]);
    }
  }

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    target = new TargetNode(reactors.reactors(), 32);
    relay = new TcpRelay(target.address());
    provider =
        new RemoteProvider(
            reactors.reactors(),
            TestInitiatorConfig.options(
                Map.of("io_timeout", "30s", "reconnect_delay_ms", 20L, "queue_depth", 4)));
  }

  @AfterEach
  void stop() throws Exception {
    for (var node : nodes) {
      node.volume.close();
      TestReactors.await(node.slot.fail("The test ends.").toCompletableFuture());
    }
    relay.close();
    provider.close();
    target.close();
    reactors.close();
  }

  private static void refused(Kind kind, Executable what) {
    assertEquals(kind, assertThrows(DeviceException.class, what).kind());
  }

  @Test
  void oneNodeKeepsTheOtherOut() throws Exception {
    var a = new Node(A);
    var b = new Node(B);
    assertEquals(A, a.reservations().hostId());
    a.reservations().register(10, Persistence.FORGOTTEN);
    a.reservations().acquire(10, EXCLUSIVE);
    assertEquals(IoStatus.SUCCESS, a.writes());
    assertEquals(IoStatus.RESERVATION_CONFLICT, b.writes());
    refused(Kind.RESERVATION_CONFLICT, () -> b.reservations().acquire(20, EXCLUSIVE));
    var status = b.reservations().status();
    assertEquals(Optional.of(EXCLUSIVE), status.type());
    assertEquals(
        new ReservationStatus.Registrant(0xFFFF, true, 10, A), status.holder().orElseThrow());
    b.reservations().register(20, Persistence.AS_IT_IS);
    b.reservations().preempt(20, EXCLUSIVE, 10, true);
    assertEquals(IoStatus.RESERVATION_CONFLICT, a.writes());
    assertEquals(IoStatus.SUCCESS, b.writes());
    b.reservations().release(20, EXCLUSIVE);
    assertEquals(IoStatus.SUCCESS, a.writes());
    b.reservations().replace(OptionalLong.of(20), 21, Persistence.AS_IT_IS);
    b.reservations().unregister(21);
    assertEquals(List.of(), a.reservations().status().registrants());
    a.reservations().replace(OptionalLong.empty(), 11, Persistence.AS_IT_IS);
    b.reservations().register(22, Persistence.AS_IT_IS);
    b.reservations().clear(22);
    assertEquals(List.of(), a.reservations().status().registrants());
  }

  @Test
  void whatTheOtherNodeCannotDoIsNamed() throws Exception {
    var a = new Node(A);
    refused(Kind.INVALID_PARAMETER, () -> a.reservations().register(10, Persistence.KEPT));
    refused(Kind.INVALID_PARAMETER, () -> a.reservations().register(0, Persistence.AS_IT_IS));
    String uri = "nvmf://127.0.0.1:1/nqn.x?hostid=nobody";
    refused(Kind.INVALID_PARAMETER, () -> provider.deviceName(DeviceUri.parse(uri)));
  }

  @Test
  void aRegistrationOutlivesTheConnection() throws Exception {
    var a = new Node(A);
    a.reservations().register(10, Persistence.AS_IT_IS);
    a.reservations().acquire(10, EXCLUSIVE);
    relay.reset();
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (a.writes() != IoStatus.SUCCESS) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "did not come back");
    }
    assertTrue(a.reservations().status().holder().orElseThrow().hostId().equals(A));
  }

  @Test
  void withoutAConnectionItSaysSo() throws Exception {
    var a = new Node(A);
    target.stop();
    relay.reset();
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (a.writes() == IoStatus.SUCCESS) assertTrue(System.nanoTime() - deadlineNs < 0, "up");
    refused(Kind.IO, () -> a.reservations().status());
    target.start();
  }

  @Test
  void aQueueThatIsFullDoesNotRefuseThem() throws Exception {
    var a = new Node(A);
    var busy =
        new Thread(
            () -> {
              for (int i = 0; i < 200; i++)
                assertEquals(IoStatus.SUCCESS, a.volume.write(0, new byte[1 << 20]));
            });
    busy.start();
    for (int i = 1; i <= 200; i++) {
      a.reservations().replace(OptionalLong.empty(), i, Persistence.AS_IT_IS);
    }
    busy.join();
    assertEquals(200, a.reservations().status().registrants().getFirst().key());
  }

  private static ReservationClaim claim(long key, ReservationType type) {
    return new ReservationClaim(
        key, type, Policy.HOLDER, OptionalLong.empty(), Persistence.FORGOTTEN);
  }

  /** From any type that another node, or this one with another key, has, to any type. */
  @Test
  void theHolderIsReplacedWhateverItHolds() throws Exception {
    var a = new Node(A);
    var b = new Node(B);
    for (var theirs : ReservationType.values()) {
      for (var ours : ReservationType.values()) {
        for (var before : List.of(a, b)) {
          before.reservations().replace(OptionalLong.empty(), 10, Persistence.FORGOTTEN);
          before.reservations().acquire(10, theirs);
          claim(20, ours).establish(b.reservations());
          claim(20, ours).establish(b.reservations());
          var status = b.reservations().status();
          assertTrue(claim(20, ours).holds(status, b.reservations()), status::toString);
          assertEquals(IoStatus.SUCCESS, b.writes());
          if (!ours.isHeldByAll()) assertEquals(Optional.of(ours), status.type());
          b.reservations().clear(20);
        }
      }
    }
  }

  @Test
  void aKeyIsTakenFromWhoHasItAndFromNobodyElse() throws Exception {
    var a = new Node(A);
    var b = new Node(B);
    claim(10, EXCLUSIVE).establish(a.reservations());
    var other =
        new ReservationClaim(20, EXCLUSIVE, Policy.KEY, OptionalLong.of(11), Persistence.AS_IT_IS);
    refused(Kind.RESERVATION_CONFLICT, () -> other.establish(b.reservations()));
    assertEquals(IoStatus.SUCCESS, a.writes());
    var from =
        new ReservationClaim(20, EXCLUSIVE, Policy.KEY, OptionalLong.of(10), Persistence.AS_IT_IS);
    from.establish(b.reservations());
    assertEquals(IoStatus.RESERVATION_CONFLICT, a.writes());
    var nobody =
        new ReservationClaim(10, EXCLUSIVE, Policy.KEY, OptionalLong.empty(), Persistence.AS_IT_IS);
    refused(Kind.RESERVATION_CONFLICT, () -> nobody.establish(a.reservations()));
    assertFalse(nobody.holds(a.reservations().status(), a.reservations()));
    assertThrows(IllegalArgumentException.class, () -> claim(0, EXCLUSIVE));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new ReservationClaim(
                1, EXCLUSIVE, Policy.HOLDER, OptionalLong.of(2), Persistence.AS_IT_IS));
  }
}
