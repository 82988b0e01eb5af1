package io.tenon.simulation;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Monitors that simulated threads share with the real Java machine: its cleaner and its reference handler hold one for an instant
 * when a buffer is registered or a weak map is looked into.
 *
 * <p>A virtual thread that finds one held leaves its carrier, and a thread of the JDK gives it back to its scheduler when it may go
 * on: at some real time, which no seed decides. So the world stands still until it may, and goes on with the same thread as if nothing
 * had been.
 *
 * <p>A real time-out is none of the world either, and would keep a thread that its node's crash left, with all that it holds, until it ends:
 * it ends as soon as the thread waits.
 */
final class RealMonitors {
  private static final String UNBLOCKER = "VirtualThread-unblocker";
  private static final long LOOK_AGAIN_NS = 20_000;
  private static final VarHandle STATE;
  private static final VarHandle TIMEOUT;
  private static final int UNBLOCKED;

  static {
    try {
      var type = Class.forName("java.lang.VirtualThread");
      var inside = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
      STATE = inside.findVarHandle(type, "state", int.class);
      TIMEOUT = inside.findVarHandle(type, "timeoutTask", Future.class);
      UNBLOCKED = (int) inside.findStaticVarHandle(type, "UNBLOCKED", int.class).get();
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Duration patience;

  /** Who is meant by what the scheduler is given to run. */
  private final IdentityHashMap<Runnable, Thread> threads = new IdentityHashMap<>();

  private @Nullable Runnable running;

  /**
   * @param patience how long a monitor may be held; one that a simulated thread holds while it waits is held for ever
   */
  RealMonitors(Duration patience) {
    this.patience = patience;
  }

  /** The first thing that each thread says. */
  void started() {
    if (running != null) threads.put(running, Thread.currentThread());
  }

  /**
   * Whether that is only the JDK's word that a monitor is free: {@link #run} finds that out itself.
   *
   * @param piece what the scheduler is asked to run
   */
  boolean isUnblocking(Runnable piece) {
    var here = Thread.currentThread();
    if (here.getName().equals(UNBLOCKER)) return true;
    if (!piece.equals(running)) return false;
    var thread = threads.get(piece);
    return thread != null && (int) STATE.getVolatile(thread) == UNBLOCKED;
  }

  /** Runs it until it waits for something of the world, or ends. */
  void run(Runnable piece) {
    running = piece;
    try {
      piece.run();
      var thread = threads.get(piece);
      if (thread == null) return;
      while (mayGoOn(thread)) piece.run();
      switch (thread.getState()) {
        case TERMINATED -> threads.remove(piece);
        case TIMED_WAITING -> endTimeout(thread);
        default -> {}
      }
    } finally {
      running = null;
    }
  }

  private static void endTimeout(Thread thread) {
    if (TIMEOUT.get(thread) instanceof Future<?> timeout) timeout.cancel(false);
  }

  /**
   * Waits while it waits for a monitor. That may be free at any moment, also before or between the looks here; only the last look counts.
   *
   * @return whether it did
   */
  private boolean mayGoOn(Thread thread) {
    awaitFree(thread);
    return (int) STATE.getVolatile(thread) == UNBLOCKED;
  }

  private void awaitFree(Thread thread) {
    long beganNs = System.nanoTime();
    while (thread.getState() == Thread.State.BLOCKED) {
      if (System.nanoTime() - beganNs > patience.toNanos()) {
        throw new AssertionError(
            "%s waits for a monitor that is held by who waits itself:%n%s%nWho waits:%s"
                .formatted(thread, stack(thread), waiting()));
      }
      LockSupport.parkNanos(LOOK_AGAIN_NS);
    }
  }

  private String waiting() {
    var all = new StringBuilder();
    for (Thread thread : threads.values()) {
      if (thread.getState() != Thread.State.WAITING) continue;
      all.append('\n').append(thread).append('\n').append(stack(thread));
    }
    return all.toString();
  }

  private static String stack(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .map(frame -> "    at " + frame)
        .collect(Collectors.joining("\n"));
  }
}
