package io.tenon.engine.internal;

import static io.grpc.Status.Code.CANCELLED;
import static io.grpc.Status.Code.DEADLINE_EXCEEDED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusException;
import java.util.ArrayList;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LocksTest {
  private static final UUID ONE = new UUID(0, 1);
  private static final UUID TWO = new UUID(0, 2);
  private static final long SOON_MS = 30;
  private static final long LATE_MS = 60_000;

  private static <T> FutureTask<T> start(Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.ofVirtual().start(task);
    return task;
  }

  private static <T> T result(FutureTask<T> task) throws Exception {
    return task.get(20, TimeUnit.SECONDS);
  }

  private static Status.Code refusal(Locks locks, UUID key) {
    return assertThrows(StatusException.class, () -> locks.lock(key)).getStatus().getCode();
  }

  @Test
  void withoutADeadlineTheDefaultOfTheNodeBoundsTheWait() throws Exception {
    var locks = new Locks(SOON_MS);
    try (var _ = locks.lock(ONE)) {
      long before = System.nanoTime();
      assertEquals(DEADLINE_EXCEEDED, result(start(() -> refusal(locks, ONE))));
      assertTrue(System.nanoTime() - before >= TimeUnit.MILLISECONDS.toNanos(SOON_MS));
    }
    locks.lock(ONE).close();
  }

  @Test
  void theDeadlineOfTheCallerBoundsTheWait() throws Exception {
    var locks = new Locks(LATE_MS);
    try (var timer = Executors.newSingleThreadScheduledExecutor();
        var _ = locks.lock(ONE);
        var context = Context.current().withDeadlineAfter(SOON_MS, TimeUnit.MILLISECONDS, timer)) {
      assertEquals(DEADLINE_EXCEEDED, result(start(() -> context.call(() -> refusal(locks, ONE)))));
    }
  }

  @Test
  void anotherKeyIsFreeMeanwhile() throws Exception {
    var locks = new Locks(SOON_MS);
    try (var _ = locks.lock(ONE);
        var _ = locks.lock(TWO)) {
      assertEquals(DEADLINE_EXCEEDED, result(start(() -> refusal(locks, TWO))));
    }
  }

  @Test
  void whoGaveUpWhileItWaitedChangesNothingAndKeepsNothing() throws Exception {
    var locks = new Locks(LATE_MS);
    var context = Context.current().withCancellation();
    FutureTask<Status.Code> waiting;
    try (var _ = locks.lock(ONE)) {
      waiting = start(() -> context.call(() -> refusal(locks, ONE)));
      context.cancel(null);
    }
    assertEquals(CANCELLED, result(waiting));
    assertTrue(result(start(() -> holds(locks))));
  }

  private static boolean holds(Locks locks) throws StatusException {
    try (var _ = locks.lock(ONE)) {
      return true;
    }
  }

  @Test
  void whoIsInterruptedWhileItWaitsIsCancelled() throws Exception {
    var locks = new Locks(LATE_MS);
    var task = new FutureTask<>(() -> refusal(locks, ONE));
    try (var _ = locks.lock(ONE)) {
      Thread.ofVirtual().start(task).interrupt();
      assertEquals(CANCELLED, result(task));
    }
    assertTrue(result(start(() -> holds(locks))));
  }

  @Test
  void oneAtATimeHoldsAKey() throws Exception {
    var locks = new Locks(LATE_MS);
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var workers = new ArrayList<FutureTask<Boolean>>();
    for (int worker = 0; worker < 8; worker++) {
      workers.add(
          start(
              () -> {
                for (int round = 0; round < 200; round++) {
                  try (var _ = locks.lock(ONE)) {
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    Thread.onSpinWait();
                    inside.decrementAndGet();
                  }
                }
                return true;
              }));
    }
    for (var worker : workers) assertTrue(result(worker));
    assertEquals(1, most.get());
  }
}
