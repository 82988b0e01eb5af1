package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.Waiting;
import io.tenon.pool.PoolException.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OneAtATimeTest {
  private static final long SHORT_NS = 50_000_000;
  private static final long LONG_NS = 600_000_000_000L;
  private static final String WHAT = "Replica r2 was not created.";

  private TestReactors reactors;
  private OneAtATime lock;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(1);
    lock =
        new OneAtATime(
            "Pool fast0", reactors.get(0), () -> Instant.parse("2026-11-20T21:40:07.5Z"));
  }

  @AfterEach
  void stop() throws Exception {
    reactors.close();
  }

  @Test
  void whoWaitsTooLongIsToldWhatIsDoneAndSinceWhen() throws Exception {
    try (var _ = lock.take("Replica r1 is being destroyed.")) {
      var busy =
          refused(Kind.BUSY, () -> lock.take("Replica r2 is being created.", WHAT, SHORT_NS));
      assertEquals(WHAT, busy.what());
      assertEquals(
          "Pool fast0 is busy since 2026-11-20T21:40:07Z: Replica r1 is being destroyed.",
          busy.why());
    }
    try (var held = lock.take("Replica r2 is being created.", WHAT, SHORT_NS)) {
      assertTrue(held.toString().length() > 0);
    }
  }

  @Test
  void turnsAreTakenInTheOrderOfAskingByThoseWhoStillWait() throws Exception {
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    var threads = new ArrayList<Thread>();
    var first = lock.take("first");
    for (int i = 0; i < 8; i++) {
      int number = i;
      var thread =
          Thread.startVirtualThread(
              () -> {
                try (var _ = lock.take("work", WHAT, LONG_NS)) {
                  order.add(number);
                } catch (io.tenon.pool.PoolException e) {
                  throw new AssertionError(e);
                }
              });
      threads.add(thread);
      Waiting.until("waits", () -> thread.getState() == Thread.State.WAITING);
      refused(Kind.BUSY, () -> lock.take("impatient", WHAT, 0));
    }
    first.close();
    for (Thread thread : threads) thread.join();
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7), order);
  }
}
