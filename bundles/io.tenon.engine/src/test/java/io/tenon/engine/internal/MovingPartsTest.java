package io.tenon.engine.internal;

import static io.grpc.Status.Code.DEADLINE_EXCEEDED;
import static io.grpc.Status.Code.UNAVAILABLE;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Empty;
import io.grpc.ConnectivityState;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.ListBdevOptions;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.ListNexusResponse;
import io.tenon.engine.api.NexusRpcGrpc;
import io.tenon.engine.internal.TestNode.Parts;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.Nexuses;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bundles of nexuses and pools are replaced below a client that stays connected. */
@Timeout(120)
class MovingPartsTest {
  private static final long PATIENCE_SECONDS = 60;

  /** Answers when the test says so, and then as one that has been closed. */
  private static final class Held implements Nexuses {
    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch mayAnswer = new CountDownLatch(1);

    @Override
    public Nexus create(NexusSpec spec) throws NexusException {
      await();
      throw new NexusException(NexusException.Kind.STATE, "It is closed.", "", "");
    }

    @Override
    public List<Nexus> all() {
      await();
      return List.of();
    }

    private void await() {
      asked.countDown();
      try {
        assertTrue(mayAnswer.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public Optional<Nexus> findByUuid(UUID uuid) {
      return Optional.empty();
    }

    @Override
    public Optional<Nexus> findByName(String name) {
      return Optional.empty();
    }
  }

  private final CountDownLatch waits = new CountDownLatch(1);
  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode(new Parts(Path.of("/"), 15_000, nexuses -> nexuses));
    var _ = node.host().getMayastorInfo(Empty.getDefaultInstance());
    assertEquals(ConnectivityState.READY, node.channel().getState(false));
    // From now on, whatever the connection does is told once.
    node.channel().notifyWhenStateChanged(ConnectivityState.READY, waits::countDown);
  }

  @AfterEach
  void stop() throws Exception {
    boolean connected = waits.getCount() == 1;
    node.close();
    assertTrue(connected, "the client was disconnected");
  }

  private ListNexusResponse list() {
    return node.nexus().listNexus(ListNexusOptions.getDefaultInstance());
  }

  private <R> FutureTask<R> begin(Callable<R> call) {
    var task = new FutureTask<>(call);
    Thread.ofVirtual().start(task);
    return task;
  }

  private ServingStatus health(String service) {
    return node.patient(HealthGrpc.newBlockingStub(node.channel()))
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  @Test
  void aCallWaitsForThePartThatIsBeingReplacedAndOthersAnswerMeanwhile() throws Exception {
    var nexuses = node.nexuses();
    node.nexusPart.went(nexuses);
    assertEquals(ServingStatus.NOT_SERVING, health("mayastor.v1.NexusRpc"));
    assertEquals(ServingStatus.SERVING, health("mayastor.v1.PoolRpc"));
    assertEquals(ServingStatus.SERVING, health(""));
    var waiting = begin(this::list);
    var _ = node.bdev().list(ListBdevOptions.getDefaultInstance());
    assertFalse(waiting.isDone());
    node.nexusPart.came(nexuses);
    assertEquals(0, waiting.get(PATIENCE_SECONDS, TimeUnit.SECONDS).getNexusListCount());
    assertEquals(ServingStatus.SERVING, health("mayastor.v1.NexusRpc"));
  }

  @Test
  void oneThatStaysAwayIsToldAsUnavailableByItsName() throws Exception {
    var nexuses = node.nexuses();
    node.nexusPart.went(nexuses);
    refused(UNAVAILABLE, "service of nexuses", this::list);
    node.nexusPart.came(nexuses);
    assertEquals(0, list().getNexusListCount());
  }

  @Test
  void aCallEndsByItsOwnDeadlineAndChangesNothingAfterwards() throws Exception {
    var nexuses = node.nexuses();
    node.nexusPart.went(nexuses);
    refused(
        DEADLINE_EXCEEDED,
        () ->
            NexusRpcGrpc.newBlockingStub(node.channel())
                .withDeadlineAfter(200, TimeUnit.MILLISECONDS)
                .createNexus(request()));
    node.nexusPart.came(nexuses);
    // Those that wait are asked in their turn; this one comes after the one that was given up.
    assertEquals(0, list().getNexusListCount());
  }

  @Test
  void oneThatGoesWaitsForTheCallThatItAnswers() throws Exception {
    var held = new Held();
    node.nexusPart.came(held);
    var call = begin(this::list);
    assertTrue(held.asked.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    var going =
        begin(
            () -> {
              node.nexusPart.went(held);
              return held.mayAnswer.getCount();
            });
    held.mayAnswer.countDown();
    assertEquals(0, call.get(PATIENCE_SECONDS, TimeUnit.SECONDS).getNexusListCount());
    assertEquals(0, going.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    node.nexusPart.came(node.nexuses());
  }

  @Test
  void whatOneSaysThatWasClosedBelowItsCallIsToBeAskedAgain() throws Exception {
    var held = new Held();
    node.nexusPart.came(held);
    var call =
        begin(
            () -> {
              refused(
                  UNAVAILABLE,
                  "was replaced while the call was under way",
                  () -> node.nexus().createNexus(request()));
              return true;
            });
    assertTrue(held.asked.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    // It does not wait for ever.
    node.nexusPart.went(held);
    held.mayAnswer.countDown();
    assertTrue(call.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    node.nexusPart.came(node.nexuses());
  }

  private static CreateNexusRequest request() {
    return CreateNexusRequest.newBuilder()
        .setName("volume")
        .setUuid("11111111-2222-4333-8444-555555555501")
        .setSize(8 << 20)
        .setMinCntlId(1)
        .setMaxCntlId(2)
        .addChildren("malloc:///a?size_mb=16")
        .build();
  }
}
