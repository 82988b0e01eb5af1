package io.tenon.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Threads that may block, in virtual time: virtual threads whose scheduler is the world, so that a piece of one is an event like
 * any other. What waits on a future or a monitor waits in the world; no real time-out or sleep wakes it.
 *
 * <p>The JDK keeps the choice of a scheduler to itself: tests run with {@code --add-opens java.base/java.lang=ALL-UNNAMED}.
 */
public final class SimThreads {
  private static final long MOST_DELAY_NS = 20_000;
  private static final Duration MONITOR_IS_FREE = Duration.ofSeconds(30);

  private final SimWorld world;
  private final @Nullable SimReactors node;
  private final RealMonitors monitors;
  private final ThreadFactory factory;

  /** Threads of no node. */
  public SimThreads(SimWorld world) {
    this(world, null, MONITOR_IS_FREE);
  }

  /**
   * @param monitorIsFree a thread that waits longer for a monitor, in real time, waits for ever
   */
  SimThreads(SimWorld world, Duration monitorIsFree) {
    this(world, null, monitorIsFree);
  }

  /** Threads that end where they are when their node crashes. */
  public SimThreads(SimReactors node) {
    this(node.world(), node, MONITOR_IS_FREE);
  }

  private SimThreads(SimWorld world, @Nullable SimReactors node, Duration monitorIsFree) {
    this.world = world;
    this.node = node;
    this.monitors = new RealMonitors(monitorIsFree);
    var bare = builder(this::schedule).uncaughtExceptionHandler(this::failed).factory();
    this.factory =
        task ->
            bare.newThread(
                () -> {
                  monitors.started();
                  task.run();
                });
  }

  private static Thread.Builder.OfVirtual builder(Executor scheduler) {
    try {
      var type = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder");
      var maker = type.getDeclaredConstructor(Executor.class);
      maker.setAccessible(true);
      return (Thread.Builder.OfVirtual) maker.newInstance(scheduler);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new AssertionError(
          "blocking code cannot be simulated; run with --add-opens java.base/java.lang=ALL-UNNAMED",
          e);
    }
  }

  private void schedule(Runnable piece) {
    // Who died with its node may yet be told what it waited for.
    if (node != null && !node.isUp()) return;
    if (monitors.isUnblocking(piece)) return;
    world.schedule(1 + world.random().nextLong(MOST_DELAY_NS), () -> runUnlessFrozen(piece));
  }

  private void runUnlessFrozen(Runnable piece) {
    if (node == null) {
      monitors.run(piece);
      return;
    }
    if (!node.isUp()) return;
    long stillNs = node.frozenUntilNs() - world.nowNs();
    if (stillNs > 0) world.schedule(stillNs, () -> runUnlessFrozen(piece));
    else monitors.run(piece);
  }

  private void failed(Thread thread, Throwable problem) {
    world.schedule(
        0,
        () -> {
          throw new AssertionError(thread.getName() + " failed: " + problem.getMessage(), problem);
        });
  }

  public ThreadFactory factory() {
    return factory;
  }

  /** Starts one. */
  public void start(Runnable task) {
    factory.newThread(task).start();
  }

  /**
   * Runs what may block one after the other: for code that waits while it holds a monitor. Nobody else could get that monitor while
   * the world goes on.
   */
  public Executor oneByOne() {
    var waiting = new ArrayDeque<Runnable>();
    return task -> {
      waiting.add(task);
      if (waiting.size() > 1) return;
      start(
          () -> {
            while (!waiting.isEmpty()) {
              waiting.getFirst().run();
              waiting.removeFirst();
            }
          });
    };
  }

  /** In one of these threads: waits in virtual time. */
  public void sleep(long ms) throws InterruptedException {
    var over = new CompletableFuture<Void>();
    world.schedule(ms * 1_000_000, () -> over.complete(null));
    try {
      over.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }
}
