package io.tenon.engine.internal;

import static io.grpc.Status.Code.CANCELLED;
import static io.grpc.Status.Code.DEADLINE_EXCEEDED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.StringValue;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.CreateNexusResponse;
import io.tenon.engine.api.DestroyNexusRequest;
import io.tenon.engine.api.ListNexusOptions;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One call works on a nexus, others come for the same one meanwhile. */
class WaitingCallsTest {
  private static final String ONE = "11111111-2222-4333-8444-555555555501";
  private static final String TWO = "11111111-2222-4333-8444-555555555502";
  private static final long DEFAULT_DEADLINE_MS = 100;
  private static final long PATIENCE_SECONDS = 20;

  /** Nexuses that are made when the test says so. */
  private static final class Slow implements Nexuses {
    final CountDownLatch started = new CountDownLatch(1);
    final CountDownLatch mayEnd = new CountDownLatch(1);
    private Nexuses real;

    Nexuses over(Nexuses made) {
      real = made;
      return this;
    }

    @Override
    public Nexus create(NexusSpec spec) throws NexusException {
      started.countDown();
      try {
        if (!mayEnd.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          throw new AssertionError("the test forgot to let go");
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return real.create(spec);
    }

    @Override
    public List<Nexus> all() {
      return real.all();
    }

    @Override
    public Optional<Nexus> findByUuid(UUID uuid) {
      return real.findByUuid(uuid);
    }

    @Override
    public Optional<Nexus> findByName(String name) {
      return real.findByName(name);
    }
  }

  private final Slow slow = new Slow();
  private TestNode node;
  private FutureTask<CreateNexusResponse> creation;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode(new Parts(Path.of("/"), DEFAULT_DEADLINE_MS, slow::over));
    var request =
        CreateNexusRequest.newBuilder()
            .setName("volume")
            .setUuid(ONE)
            .setSize(8 << 20)
            .setMinCntlId(1)
            .setMaxCntlId(2)
            .addChildren("malloc:///a?size_mb=16")
            .build();
    creation = new FutureTask<>(() -> node.nexus().createNexus(request));
    Thread.ofVirtual().start(creation);
    assertTrue(slow.started.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  @AfterEach
  void stop() throws Exception {
    slow.mayEnd.countDown();
    node.close();
  }

  private static DestroyNexusRequest destroy(String uuid) {
    return DestroyNexusRequest.newBuilder().setUuid(uuid).build();
  }

  private void createdAtLast() throws Exception {
    slow.mayEnd.countDown();
    assertEquals("volume", creation.get(PATIENCE_SECONDS, TimeUnit.SECONDS).getNexus().getName());
    var options = ListNexusOptions.newBuilder().setUuid(StringValue.of(ONE)).build();
    assertEquals(1, node.nexus().listNexus(options).getNexusListCount());
  }

  @Test
  void aCallWithoutADeadlineWaitsAsLongAsTheNodeSays() throws Exception {
    var stub = NexusRpcGrpc.newBlockingStub(node.channel());
    TestNode.refused(DEADLINE_EXCEEDED, ONE, () -> stub.destroyNexus(destroy(ONE)));
    createdAtLast();
  }

  @Test
  void aCallWithADeadlineWaitsThatLong() throws Exception {
    var stub =
        NexusRpcGrpc.newBlockingStub(node.channel()).withDeadlineAfter(50, TimeUnit.MILLISECONDS);
    TestNode.refused(DEADLINE_EXCEEDED, () -> stub.destroyNexus(destroy(ONE)));
    createdAtLast();
  }

  @Test
  void otherNexusesAndListsDoNotWait() throws Exception {
    TestNode.refused(Status.Code.NOT_FOUND, () -> node.nexus().destroyNexus(destroy(TWO)));
    assertEquals(
        0, node.nexus().listNexus(ListNexusOptions.getDefaultInstance()).getNexusListCount());
    assertFalse(creation.isDone());
    createdAtLast();
  }

  @Test
  void aCallThatWaitsLongEnoughIsServedAfterwards() throws Exception {
    var waiting = new FutureTask<>(() -> node.nexus().destroyNexus(destroy(ONE)));
    Thread.ofVirtual().start(waiting);
    slow.mayEnd.countDown();
    assertEquals("volume", creation.get(PATIENCE_SECONDS, TimeUnit.SECONDS).getNexus().getName());
    waiting.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertEquals(List.of(), node.nexuses().all());
  }

  @Test
  void aCallThatWasGivenUpWhileItWaitedChangesNothing() throws Exception {
    var context = Context.current().withCancellation();
    var waiting =
        new FutureTask<>(
            () ->
                context.call(
                    () -> {
                      try {
                        return node.nexus().destroyNexus(destroy(ONE)).toString();
                      } catch (StatusRuntimeException e) {
                        return e.getStatus().getCode().toString();
                      }
                    }));
    Thread.ofVirtual().start(waiting);
    context.cancel(null);
    assertEquals(CANCELLED.toString(), waiting.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    // The node learns it by the connection that these go by, and later.
    for (int round = 0; round < 20; round++) {
      var _ = node.nexus().listNexus(ListNexusOptions.getDefaultInstance());
    }
    createdAtLast();
  }
}
